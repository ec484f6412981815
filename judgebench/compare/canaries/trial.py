"""The judge is asked about the canaries: anew in each run, every reply on disk as it comes."""

from collections.abc import Callable, Iterator

from judgebench.compare.canaries.cases import QUESTION_SET, matches
from judgebench.compare.canaries.outcomes import results
from judgebench.compare.results import Canary
from judgebench.errors import UsageError
from judgebench.judging.asking import is_followed
from judgebench.judging.judge import CheckerJudge, EmbeddedJudge, Judge, ModelJudge
from judgebench.judging.matches import Match
from judgebench.judging.reviews import Manner
from judgebench.models import Model
from judgebench.prompts import Prompt, find_prompt
from judgebench.tables.records import Review
from judgebench.tables.store import Table
from judgebench.verdicts import rubrics

BUILT_IN = "choice"  # the pairwise prompt of a category that names none


def prompt_for(override: Prompt | None = None) -> Callable[[Match], Prompt]:
    """The judge prompt for canaries: the override, or the built-in one where there is none or it takes no first turn.

    So it is where the override is for rubrics. UsageError for one that rates.
    """
    if override and override.kind == "rating":
        raise UsageError(f"judge prompt {override.name!r} gives a rating; canaries are pairs, and need another one")
    pairs = override is not None and override.kind != rubrics.KIND and override.admits(1)
    chosen = override if override and pairs else find_prompt(BUILT_IN, [])
    return lambda match: chosen


def judge_for(judge: Judge, model: Model | None, manner: Manner) -> Judge | None:
    """The judge with the prompt that the canaries are shown in; None for one that reads no answers (the checker).

    `model` is that of a judge which asks one, and `manner` how it is asked.
    """
    if isinstance(judge, CheckerJudge):
        return None
    if isinstance(judge, EmbeddedJudge) or model is None:
        return judge
    shown_in = prompt_for(find_prompt(manner.prompt, []) if manner.prompt else None)
    return ModelJudge(judge.name, model, shown_in, manner.verdict_by, manner.repair, manner.sampling)


def try_judge(judge: Judge, table: Table[Review]) -> tuple[Canary, ...]:
    """Ask the judge about all canaries, and say what came of it; see `ask` and `results`."""
    return results(ask(judge, table))


def ask(judge: Judge, table: Table[Review]) -> Iterator[Review]:
    """Each finished review of the canaries, once it is in the table.

    Nothing that the table holds is taken for an answer: the model behind a judge's name may have changed. The judge
    must not be one that ties identical answers by itself. EndpointError where the endpoint refuses every call.
    """
    ready: Callable[[], int] = getattr(judge, "ready", lambda: 0)
    tasks = [(match, judge.draft(match, QUESTION_SET)) for match in matches()]
    for row in judge.judge(tasks):
        table.append([row], sync=not ready())
        if not is_followed(row):
            yield row

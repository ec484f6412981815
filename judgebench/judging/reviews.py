"""Answers -> reviews: which judge, which models and which matches a `review` command means."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path

from judgebench import embedded
from judgebench.checks.rules import Rule, may_run, rule
from judgebench.checks.trust import Trust
from judgebench.errors import UsageError, instead, nearest
from judgebench.judging import matches, rewards
from judgebench.judging.asking import VerdictBy
from judgebench.judging.judge import REPLY, CheckerJudge, EmbeddedJudge, Judge, ModelJudge, review
from judgebench.judging.matches import Answers, Design, Match
from judgebench.judging.reuse import IdenticalTies, WithChances, renew
from judgebench.judging.rewards import RewardJudge
from judgebench.models import Model, Options, Spec, load_model, parse_spec
from judgebench.models.reward import RewardModel
from judgebench.prompts import Prompt, find_prompt, render
from judgebench.question_sets import QuestionSet
from judgebench.question_sets.sets import JUDGE
from judgebench.tables.records import Mode, Question, Review, Sampling
from judgebench.tables.store import Stage, Table, in_force
from judgebench.verdicts import checkers
from judgebench.verdicts.rubrics import KIND
from judgebench.workspace import Workspace

COMPUTING = (EmbeddedJudge, RewardJudge)  # judges that give the same answers the same, always
_OURS = (embedded.NAME, CheckerJudge.name)
_TAKEN = (*_OURS, "panel")  # which reports call several judges together


@dataclass(frozen=True, slots=True)
class Asked:
    """What to review: a set, modes, and which models and questions of it (empty: all; `ids` names single ones)."""

    question_set: str
    modes: Sequence[Mode]
    models: Sequence[str] = ()
    baseline: str | None = None
    design: Design = field(default_factory=Design)
    categories: Sequence[str] = ()
    limit: int | None = None
    ids: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Manner:
    """How a judge that is a model is asked.

    `prompt` stands in for the categories' own; for `verdict_by` and `repair` see ModelJudge. A reply may have so many
    tokens, what is thought before it included; None: as many as replies always could. `any_language`: the embedded
    judge gives verdicts on texts that aren't English.
    """

    prompt: str | None = None
    verdict_by: VerdictBy = "text"
    repair: bool = True
    max_tokens: int | None = None
    any_language: bool = False

    @property
    def sampling(self) -> Sampling:
        """How replies are drawn: what reviews depend on."""
        return replace(REPLY, max_tokens=self.max_tokens or REPLY.max_tokens)


@dataclass(frozen=True, slots=True)
class Panel:
    """Which judges are meant, and how those that are models are asked."""

    names: Sequence[str]
    manner: Manner = Manner()

    def judges(
        self, workspace: Workspace, question_set: str, options: Options, load: Callable[[Spec, Options], Model]
    ) -> list[Judge]:
        """Each of them once, in the order named."""
        return [
            named_judge(workspace, name, question_set, self.manner, options, load) for name in dict.fromkeys(self.names)
        ]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which matches a judge is asked about, for which table."""

    label: str
    judge: Judge
    matches: Sequence[Match]
    table: Table[Review]

    def stage(self, question_set: str) -> Stage[Review]:
        """The reviews that are still to be made; rows whose answers only changed their id are written anew first."""
        renew(self.matches, self.judge, question_set, self.table)
        return review(self.matches, self.judge, question_set, self.table)


def named_judge(
    workspace: Workspace,
    name: str,
    question_set: str,
    manner: Manner,
    options: Options,
    load: Callable[[Spec, Options], Model] = load_model,
) -> Judge:
    """The judge of that name: `embedded`, `[NAME=]embedded:FILE`, `checker`, `[NAME=]reward:TARGET`, or a model's."""
    prompt = manner.prompt
    if name in _OURS and prompt:
        raise UsageError(f"the {name} judge reads no prompt: leave --prompt out, or name a model as --judge")
    if name == embedded.NAME:
        return EmbeddedJudge(english=not manner.any_language)
    asked = workspace.question_set(question_set)
    if name == CheckerJudge.name:
        return _checker(asked, workspace.trust)
    if ":" not in name:
        near = nearest(name, _OURS)
        meant = f" (did you mean {near!r}?)" if near else ""
        raise UsageError(f"{name!r} is no judge{meant}: write embedded, checker, or KIND:NAME, as in openai:gpt-4.1")
    spec = parse_spec(name)
    if spec.name in _TAKEN:
        raise UsageError(f"{spec.name} is the name of a judge of ours, and would share its table: take another name")
    if spec.kind == embedded.NAME:
        return _own_embedded(spec, prompt)
    if spec.kind == rewards.KIND:
        return _reward(spec, prompt, asked, options)
    prompt_for = PromptChoice(asked, workspace, prompt)
    return ModelJudge(spec.name, load(spec, options), prompt_for, manner.verdict_by, manner.repair, manner.sampling)


def _own_embedded(spec: Spec, prompt: str | None) -> EmbeddedJudge:
    if prompt:
        raise UsageError("an embedded judge reads no prompt: leave --prompt out, or name a model as --judge")
    try:
        return EmbeddedJudge(spec.name, embedded.load(Path(spec.target)))
    except ValueError as error:
        raise UsageError(
            f"{spec.target} is no embedded judge: {error}; `judgebench embedded train` makes one"
        ) from error


def _reward(spec: Spec, prompt: str | None, asked: QuestionSet, options: Options) -> RewardJudge:
    if prompt:
        raise UsageError("a reward model reads no prompt: leave --prompt out, or name a model as --judge")
    place, tie = rewards.parse_target(spec.target)
    categories = asked.head.categories

    def system(match: Match) -> str | None:
        known = categories.get(match.question.category)
        return known.system if known else None

    return RewardJudge(spec.name, RewardModel(place, options), tie, system)


def stages(
    workspace: Workspace, judge: Judge, asked: Asked, checked: bool = True
) -> Iterator[tuple[str, Stage[Review]]]:
    """The reviews that are still to be made, as a label and a stage; iterate over the stage to make them."""
    for plan in plans(workspace, judge, asked, checked):
        yield plan.label, plan.stage(asked.question_set)


def plans(
    workspace: Workspace, judge: Judge, asked: Asked, checked: bool = True, second: bool = True
) -> Iterator[Plan]:
    """What there is to review, whether it is done or not; without `second`, the first orders alone. Nothing is written.

    For each mode the judge's, and, with `checked`, one by the checker where there are categories that no judge is
    asked about. Of an adaptive design the second orders are a stage of their own, planned when it is asked for:
    by then the first one has to be done.
    """
    question_set = workspace.question_set(asked.question_set)
    check(judge, question_set.select(asked.categories, asked.limit), asked.modes)
    for mode in asked.modes:
        planned = _planned(workspace, question_set, mode, asked, judge)
        checker = _checker(question_set, workspace.trust) if checked else None
        for who, chosen in _shared_out(planned, question_set, judge, checker):
            table = workspace.reviews(question_set.name, who.name)
            label = f"{mode} reviews by {who.name}"
            yield Plan(label, who, chosen, table)
            if second and mode == "pairwise" and asked.design.orders == "adaptive":
                pairs = [match for match in chosen if match.mode == "pairwise"]
                again = WithChances(who, _second(pairs, who, question_set.name, table, asked.design))
                yield Plan(f"{label}, the other order", again, again.matches, table)


def panel_stages(workspace: Workspace, judges: Sequence[Judge], asked: Asked) -> Iterator[tuple[str, Stage[Review]]]:
    """The stages of each judge, one after the other; what the checker has is checked once."""
    for plan in panel_plans(workspace, judges, asked):
        yield plan.label, plan.stage(asked.question_set)


def panel_plans(workspace: Workspace, judges: Sequence[Judge], asked: Asked, second: bool = True) -> Iterator[Plan]:
    """The plans of each judge, one after the other; what the checker has is checked once."""
    names = [judge.name for judge in judges]
    if len(set(names)) < len(names):
        raise UsageError(f"two judges share a name ({', '.join(names)}), and would share a table: write NAME=SPEC")
    questions = workspace.question_set(asked.question_set).select(asked.categories, asked.limit)
    for judge in judges:
        check(judge, questions, asked.modes)
    for number, judge in enumerate(judges):
        yield from plans(workspace, judge, asked, number == 0, second)


def check(judge: Judge, questions: Sequence[Question], modes: Sequence[Mode]) -> None:
    """UsageError where a judge prompt asks for a field that a question lacks; nothing is asked."""
    fill_in: Callable[[Question, Mode], None] | None = getattr(judge, "fill_in", None)
    for question, mode in product(questions, modes) if fill_in else ():
        if fill_in:
            fill_in(question, mode)


def _second(
    first: Sequence[Match], judge: Judge, question_set: str, table: Table[Review], design: Design
) -> list[tuple[Match, float]]:
    """The matches to show in the other order, by what the table says of the first."""
    current = in_force(table.read())
    drafts = [judge.draft(match, question_set) for match in first]
    held = [(draft, current.get(draft.slot)) for draft in drafts]
    verdicts = [row.verdict if row and row.id == draft.id else None for draft, row in held]
    return list(matches.second_orders(first, verdicts, design))


def _shared_out(
    planned: list[Match], question_set: QuestionSet, judge: Judge, checker: CheckerJudge | None
) -> list[tuple[Judge, list[Match]]]:
    """Who reviews which matches: the checker has those of checked categories, whoever is the judge of the others.

    What is computed is not repeated, and two identical answers tie without a call to a model.
    """
    judged, checked = _by_scorer(planned, question_set)
    checked = [match for match in checked if match.repeat == 0]
    if isinstance(judge, CheckerJudge):
        if not checked:
            raise UsageError(
                f"nothing for the checker: no category asked of {question_set.name} has a scorer of its own"
            )
        return [(judge, checked)]
    computed = isinstance(judge, COMPUTING)
    if computed:
        judged = [match for match in judged if match.repeat == 0]
    who = judge if computed else IdenticalTies(judge)
    if not checked:
        return [(who, judged)]
    return [*([(who, judged)] if judged else []), *([(checker, checked)] if checker else [])]


def _by_scorer(planned: list[Match], question_set: QuestionSet) -> tuple[list[Match], list[Match]]:
    """The matches that a judge is asked about, and those that the checker has."""
    by_judge = {name for name, category in question_set.head.categories.items() if category.scorer == "judge"}
    return (
        [match for match in planned if match.question.category in by_judge],
        [match for match in planned if match.question.category not in by_judge],
    )


def _checker(question_set: QuestionSet, trust: Trust) -> CheckerJudge:
    @cache
    def by_category(name: str) -> Rule:
        category = question_set.head.categories[name]
        if category.scorer in checkers.BY_CODE:
            may_run(question_set.name, question_set.code_digest, trust)
        return rule(category.scorer, category.checks, question_set.code, trust)

    return CheckerJudge(lambda match: by_category(match.question.category))


class PromptChoice:
    """Match -> judge prompt: of the category's prompts for the mode, the first that admits the turn.

    A question with a rubric is graded by one whose kind is that: the category's own, or else ours.
    """

    def __init__(self, question_set: QuestionSet, workspace: Workspace, override: str | None) -> None:
        self._set = question_set
        self._folder = workspace.question_set_folder(question_set.name) / "prompts"
        self._override = override
        self._found: dict[str, Prompt] = {}

    def __call__(self, match: Match) -> Prompt:
        """The prompt of a match, about its question; UsageError where none of the named ones judges that turn."""
        rubric = self._set.rubric(match.question)
        prompts = [prompt for prompt in map(self._prompt, self._names(match)) if prompt.admits(match.turn)]
        if not self._override:
            prompts = [prompt for prompt in prompts if (prompt.kind == KIND) == self.by_rubric(match.question)]
        if prompts:
            self._check(prompts[0], match)
            return prompts[0].about(match.question, rubric)
        raise UsageError(f"none of the judge prompts {', '.join(self._names(match))} judges turn {match.turn}")

    def fill_in(self, question: Question, mode: Mode) -> None:
        """Try the prompts that ask for fields of the question on it, before anything is answered."""
        if self._set.category(question).scorer != JUDGE:
            return
        by_rubric = self.by_rubric(question)
        first = len(question.turns) if by_rubric else 1
        for turn in range(first, len(question.turns) + 1):
            match = Match("single" if by_rubric else mode, question, turn, ("",), (None,))
            prompt, said = self(match), dict.fromkeys(("answer", "answer_a", "answer_b"), "")
            if "extra" in prompt.body:
                render(prompt, [{**item, **said} for item in match.conversation()])

    def by_rubric(self, question: Question) -> bool:
        """Whether its answers are graded one by one by a rubric, whatever the mode."""
        if self._override and self._prompt(self._override).kind != KIND:
            return False
        return bool(self._set.rubric(question))

    def _names(self, match: Match) -> tuple[str, ...]:
        if self._override:
            return (self._override,)
        ours = (KIND,) if match.mode == "single" else ()
        return (*self._set.category(match.question).prompts(match.mode), *ours)

    def _prompt(self, name: str) -> Prompt:
        return self._found.get(name) or self._found.setdefault(name, find_prompt(name, [self._folder]))

    def _check(self, prompt: Prompt, match: Match) -> None:
        if prompt.kind == KIND and not self._set.rubric(match.question):
            raise UsageError(
                f"judge prompt {prompt.name!r} is for rubrics, and question {match.question.id!r} has none"
            )
        kinds = ("rating", KIND) if match.mode == "single" else ("choice", "score_pair")
        if prompt.kind not in kinds:
            wanted = " or ".join(kinds)
            raise UsageError(f"judge prompt {prompt.name!r} gives a {prompt.kind}; {match.mode} reviews need {wanted}")


def _planned(workspace: Workspace, question_set: QuestionSet, mode: Mode, asked: Asked, judge: Judge) -> list[Match]:
    """The matches of a mode; in pairs too, what is graded by a rubric is graded one by one, and once a conversation."""
    answers = _answers(workspace, question_set.name)
    models = _models(workspace, question_set.name, asked)
    chosen = question_set.select(asked.categories, asked.limit)
    wanted = [question for question in chosen if not asked.ids or question.id in asked.ids]
    questions = [question for question in wanted if any((model, question.id) in answers for model in models)]
    if wanted and not questions:
        raise UsageError(f"none of {', '.join(models)} has an answer to these questions of {question_set.name}")
    graded = _by_rubric(judge, question_set, questions)
    rest = [question for question in questions if question.id not in graded]
    alone = questions if mode == "single" else [question for question in questions if question.id in graded]
    singles = list(matches.single(alone, answers, models, asked.design.repeats))
    singles = [one for one in singles if one.question.id not in graded or one.turn == len(one.question.turns)]
    pairs = matches.pairs_of(models, asked.baseline)
    if mode == "single" or not rest:
        return singles
    if not pairs:
        raise UsageError(f"a pair needs two models, and {question_set.name} has answers of {', '.join(models)} only")
    places = matches.place_in_category(question_set.questions)
    found = matches.pairwise(rest, answers, pairs, asked.design, places)
    return [*singles, *(match for match in found if any(match.answers))]


def _by_rubric(judge: Judge, question_set: QuestionSet, questions: Sequence[Question]) -> set[str]:
    """The ids of the questions whose answers are graded by a rubric; UsageError where the judge reads none."""
    held = [question for question in questions if question_set.rubric(question)]
    grades: Callable[[Question], bool] | None = getattr(judge, "by_rubric", None)
    if held and not grades and not isinstance(judge, CheckerJudge):
        raise UsageError(
            f"{judge.name} can't grade by a rubric, as {held[0].id!r} and {len(held) - 1} other questions of "
            f"{question_set.name} need: name a model as --judge, or categories without rubrics with --category"
        )
    return {question.id for question in held if grades and grades(question)}


def _answers(workspace: Workspace, question_set: str) -> Answers:
    return matches.samples(in_force(workspace.all_answers(question_set)).values())


def _models(workspace: Workspace, question_set: str, asked: Asked) -> list[str]:
    known = workspace.models(question_set)
    wanted = list(dict.fromkeys([*([asked.baseline] if asked.baseline else []), *(asked.models or known)]))
    missing = [name for name in wanted if name not in known]
    if missing or not wanted:
        there = instead(missing[0] if missing else "", known)
        raise UsageError(f"no answers of {', '.join(missing) or 'any model'} to {question_set}; {there}")
    return wanted

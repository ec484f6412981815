"""What a comparison is, and what each question's place in it depends on."""

from collections.abc import Sequence

from judgebench.checks.rules import rule
from judgebench.compare.options import Options
from judgebench.compare.sides import Side
from judgebench.judging.judge import Judge, ModelJudge
from judgebench.prompts import find_prompt
from judgebench.question_sets import QuestionSet
from judgebench.question_sets.sets import JUDGE
from judgebench.tables.records import content_id
from judgebench.verdicts import checkers, rubrics
from judgebench.workspace import Workspace


def comparison_id(sides: Sequence[Side], judge: Judge, options: Options) -> str:
    """Both models, how they are asked, the set, the judge, and the design of matches.

    Not margin, alpha, looks, limit and categories: another look at the same reviews is no other comparison.
    """
    models = [(side.name, side.identity()) for side in sides]
    asked = options.overrides if any(side.spec for side in sides) else {}
    judging = judge.name, judge.identity, options.prompt
    return content_id("comparison", options.questions, models, asked, judging, options.orders, options.repeats)


def answers_id(sides: Sequence[Side], options: Options) -> str:
    """What is compared of two models' answers without a judge: both, how they are asked, and the set."""
    models = [(side.name, side.identity()) for side in sides]
    return content_id("answers", options.questions, models, options.overrides if any(one.spec for one in sides) else {})


def answer_contents(question_set: QuestionSet, sides: Sequence[Side], options: Options) -> dict[str, str]:
    """By question of the chosen categories: its text, and how both answers are made."""
    ways = [side.ways(question_set, options) for side in sides]
    return {
        one.id: content_id(one.digest, one.references, [way.get(one.id) for way in ways])
        for one in question_set.select(options.categories)
    }


def contents(
    workspace: Workspace, question_set: QuestionSet, sides: Sequence[Side], judge: Judge, options: Options
) -> dict[str, str]:
    """By question of the chosen categories: its text, how both answers are made, and by what it is judged."""
    ways = [side.ways(question_set, options) for side in sides]
    judged_by = _judged_by(workspace, question_set, judge, options)
    return {
        one.id: content_id(
            one.digest,
            one.references,
            [way.get(one.id) for way in ways],
            judged_by[one.category],
            *([rubrics.digest(question_set.rubric(one))] if question_set.rubric(one) else []),
        )
        for one in question_set.select(options.categories)
    }


def _judged_by(
    workspace: Workspace, question_set: QuestionSet, judge: Judge, options: Options
) -> dict[str, tuple[str, list[str]]]:
    """By category its scorer, and the digests of the prompts that the judge is asked with."""
    folder = workspace.question_set_folder(question_set.name) / "prompts"
    judged_by = {}
    for name, category in question_set.head.categories.items():
        named = (options.prompt,) if options.prompt else category.prompts("pairwise")
        asked = isinstance(judge, ModelJudge) and category.scorer == JUDGE
        judged_by[name] = category.scorer, [find_prompt(one, [folder]).digest for one in named if asked]
    return judged_by


def judge_id(workspace: Workspace, question_set: QuestionSet, judge: Judge, options: Options) -> str:
    """What verdicts on the chosen categories depend on besides the answers: the judge, its prompts and rules."""
    judged_by = _judged_by(workspace, question_set, judge, options)
    chosen = sorted({one.category for one in question_set.select(options.categories)})
    categories = [question_set.head.categories[name] for name in chosen]
    rules = [
        rule(one.scorer, one.checks, question_set.code, workspace.trust).version
        for one in categories
        if one.scorer != JUDGE
    ]
    code = [question_set.code_digest] if any(one.scorer in checkers.BY_CODE for one in categories) else []
    return content_id("judge", judge.identity, [(name, judged_by[name]) for name in chosen], rules, *code)


def baseline_id(question_set: QuestionSet, baseline: Side, options: Options) -> str:
    """What the baseline's answers to the chosen categories depend on: its weights, and how it is asked.

    Of those that were made elsewhere, the answers themselves.
    """
    ways = baseline.ways(question_set, options)
    found = {ways[one.id] for one in question_set.select(options.categories) if one.id in ways}
    return content_id("baseline", baseline.identity(), sorted(found))

"""What was measured, as data and as the judge's card."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from judgebench.attacks import ATTACKS
from judgebench.embedded import features, trees
from judgebench.embedded.training import evaluation
from judgebench.embedded.training.adversaries import CODE_COST, CODE_MOST, COST, COSTS, DRESSED_WEIGHT, LOW, WEIGHT
from judgebench.embedded.training.data import Graded, Pair
from judgebench.embedded.training.evaluation import Sample
from judgebench.embedded.training.figures import calibration, figures, intervals
from judgebench.embedded.training.fitting import RULES, Array, measure, predicted

Found = dict[str, Any]
NAMES = {
    "answers": "answers (r)",
    "within": "within a question (r)",
    "models": "models' means (r)",
    "pairs": "pairs right",
}


def measured(sample: Sample) -> Found:
    """All held-out figures of the judge and of two baselines; the judge's also by category and under attack."""
    rows = sample.gradings
    made, owners = evaluation.attacked(rows)
    judged, under_attack = evaluation.held_out(sample, measure(made), owners)
    words = np.array([float(len(row.answers[-1].split())) for row in rows])
    return {
        "judge": figures(rows, judged),
        "intervals": intervals(rows, judged),
        "longer answer": figures(rows, words),
        "mean of category and turn": figures(rows, evaluation.mean_of_category(sample)),
        "by category": {name: _in_category(rows, judged, name) for name in sorted({row.category for row in rows})},
        "calibration": calibration(sample.scores[: sample.real], judged),
        "gains": evaluation.gains(under_attack),
    }


def _in_category(rows: Sequence[Graded], judged: Array, name: str) -> dict[str, float]:
    inside = [i for i, row in enumerate(rows) if row.category == name]
    return figures([rows[i] for i in inside], judged[inside])


def on_pairs(pairs: Sequence[Pair], forest: trees.Forest) -> Found:
    """Per file of pairs: how many were decided, and the shares that judge and longer answer order alike; the gains."""
    sides = [_scored([(pair.question, getattr(pair, side)) for pair in pairs], forest) for side in ("first", "second")]
    longer = np.array([float(len(pair.first.split()) - len(pair.second.split())) for pair in pairs])
    gaps, found = sides[0] - sides[1], {}
    for name, members in groupby(range(len(pairs)), lambda i: pairs[i].name):
        decided = [i for i in members if pairs[i].gap]
        wanted = np.array([pairs[i].gap for i in decided])
        found[name] = {
            "decided": len(decided),
            "judge": _alike(gaps[decided], wanted),
            "longer answer": _alike(longer[decided], wanted),
        }
    rows = [_as_row(pair.question, text) for pair in pairs for text in (pair.first, pair.second)]
    made, _ = evaluation.attacked(list(dict.fromkeys(rows)))
    return {"files": found, "gains": evaluation.gains(predicted(forest, measure(made)))}


def _as_row(question: str, answer: str) -> Graded:
    return Graded("", "", question, "", (question,), (answer,), "", 0.0)


def _scored(texts: Sequence[tuple[str, str]], forest: trees.Forest) -> Array:
    scores = predicted(forest, measure(_as_row(*text) for text in texts))
    return np.where([any(map(str.isalnum, answer)) for _, answer in texts], scores, 1.0)


def _alike(guess: Array, wanted: Array) -> float:
    return round(float(np.mean(np.where(guess == 0, 0.5, np.sign(guess) == np.sign(wanted)))), 3)


# ---- the card ------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure_table(found: Found) -> str:
    """The held-out figures: the judge's with intervals, the baselines', the judge's by category."""
    rows = [["judge", *(_cell(key, found["judge"][key]) for key in NAMES)]]
    rows += [["95 % interval", *(" to ".join(_cell(key, end) for end in found["intervals"][key]) for key in NAMES)]]
    others = {name: found[name] for name in ("longer answer", "mean of category and turn")}
    others |= {f"judge, {name} only": row for name, row in found["by category"].items()}
    rows += [[name, *(_cell(key, row[key]) for key in NAMES)] for name, row in others.items()]
    return table(["", *NAMES.values()], rows)


def _cell(key: str, value: float) -> str:
    return f"{value:.1%}" if key == "pairs" else f"{value:.3f}"


def calibration_table(found: Found) -> str:
    """What was given where so much was predicted."""
    rows = [
        [f"{row['from']} to {row['from'] + 1}", str(row["answers"]), f"{row['predicted']:.2f}", f"{row['given']:.2f}"]
        for row in found["bins"]
    ]
    return table(["predicted", "answers", "mean predicted", "mean given"], rows)


def gain_table(columns: Mapping[str, Mapping[str, float]]) -> str:
    """The gain of each attack, a column for each set of answers."""
    rows = [
        [attack.name, attack.about, *(f"{gains[attack.name]:+.2f}" for gains in columns.values())] for attack in ATTACKS
    ]
    return table(["attack", "what it is", *columns], rows)


def pair_table(found: Found) -> str:
    """The agreement on pairs."""
    rows = [
        [name, str(row["decided"]), f"{row['judge']:.1%}", f"{row['longer answer']:.1%}"] for name, row in found.items()
    ]
    return table(["pair", "decided", "judge", "longer answer"], rows)


CARD = """# The embedded judge

Written by `{command}`; do not edit by hand.

## What it is

An offline stand-in for {judge} as a judge: {trees} small regression trees on {features} features of the question, the
answer, the answer before and the reference. It needs numpy, and no model, no key and no network. Use it to try the
harness, to test a pipeline, and to notice a checkpoint that has broken; confirm a claim about quality with a real
judge.

Features, thresholds and points are whole numbers, and so are all sums; what is divided is divided last. Nothing is
left for a processor, a library or the order of a sum to round otherwise: the same answer has the same score everywhere.
(Which characters are letters is up to Python's Unicode tables, which newer versions add to.)

## What it is not

- It does not understand. It was distilled from {judge}'s grades, and it copies what can be seen of them from outside.
- It knows no facts and does no sums. Without a reference it cannot tell a right answer from a wrong one of the same
  form: it is weak on mathematics, reasoning and code, and on what is to be read out of a given text. Even with a
  reference it compares words and numbers only.
- It is hard on short answers, right ones included: the judge's own liking for length is in it.
- A text made to please it may: see [what manipulation gains](#manipulation), which is what six attacks gain, and not
  the next one. It knows phrases that speak to a judge in English only, and not all of them.
- It was trained on English. What is told to be in another language, by letters and function words, gets no verdict
  but with `--any-language`, since how well it grades that was not measured.
- Code is not parsed: which code does parse depends on Python's version, and a score must not.
- A few tenths between two answers mean nothing: within one question it orders {pairs} of the pairs right that
  {judge} separates by a point or more.

## Training data

{rows} single gradings by {judge} of {models} models' answers to {questions} questions{source}.
To these come {spoiled} copies with scores set by rule; no copy is in any figure below.

- Spoiled ones, at weight {weight}, because real models seldom fail so badly: words shuffled, looped or cut after a few,
  characters scrambled or of another script, the question echoed, the answer to another question ({low} points), and an
  answer padded with one to another question (its own score less {cost:g}).
- Dressed ones, at weight {dressed_weight}, because no model in the data tries to please a judge: filler that could be
  said of anything, items and headings, or the question's terms are added (its own score less {dressed_cost}).
- Answers with code, without it (their own score less {code_cost:g}, at most {code_most:g}).

The judge is the mean of {draws} fits, each with all gradings and with copies of its own. All families of models count
alike, however many models they have, and a grading by the spread of the grades given to its question and turn.
Features are monotone where sense demands it (more repetition never raises a grade).

Three rules come on top, each for one, two, three or more cases. Phrases that speak to a judge cost {costs[addresses]}
points (none where the question is about grades itself): graded answers have next to none to learn from. Role labels of
a transcript ("### Human:") cost {costs[leaks]}, and no more, because the published gradings don't punish them. A form
that the question asks for (code, JSON, CSV, a table, a list, a limit of words) and that isn't there costs
{costs[missed]}: few answers in the data lack it.

## Held-out figures

Cross-fitting over a grid of folds of model families and of questions ({family_folds} by {question_folds}): every
answer is graded by a fit that saw neither its model's family nor its question{families}. {choice}
Within a question: after the mean of each question and turn is taken off both. Pairs: two models' answers to one
question and turn that {judge} separates by at least 1 point; a draw counts half. Intervals: families and questions are
drawn again 500 times, each with all that belongs to it; with few families they are wide.

{figures}

(The mean of category and turn is the same for all answers to a question but for its fold, and a fold without a strong
family has a lower mean: hence less than 50 % and a negative correlation. The judge carries the same handicap here.)

### Calibration

A score given is {slope} times the predicted one and {intercept} on average (held out; 1 and 0 were perfect).

{calibration}
{reviews}{preferred}
## Manipulation

The mean gain in points of each of [`judgebench.attacks`](../judgebench/attacks.py): the attacked answer's score less
that of the same answer, or, for `null`, less that of "I don't know the answer to that." None of their texts was trained
on, though texts of the same kinds were. A gain of 0.3 and more is one that the judge does not stand up to.

{gains}

Trained {date}. Seeded: run on the same data on the same day it writes the same file.
"""
REVIEWS = """
### Pairs of another evaluation

The Vicuna evaluation, never trained on (other questions, other models; pairwise reviews by an earlier GPT-4; pairs
with a winner). But it is not unseen: these figures were looked at for some 45 variants, and pairs that came out wrong
were read. Two things came of that, the rule for a form that is missing and repetition counted outside code, and among
designs that the held-out figures hardly part, one was taken that does well here. Take them, too, as a little too good.
A share of 58 to 80 pairs has a standard error of 3 to 6 points.

{pairs}
"""


PEOPLE = """
### What people say

It was fitted to GPT-4's grades and to nobody's preferences. `python benchmarks/people.py --data DIR --write` measures
how often it orders two answers as people did, or as GPT-4-turbo did on questions of another kind, beside the plainest
rule that there is: the longer answer (in characters) is the better one. The interval is of the judge's share less the
rule's; pairs of like length differ by less than a fifth. Some of the answers are of models and questions that it was
trained on with GPT-4's grades.

{table}

So it is no judge of what people like: take a model as the judge for that. One that costs nothing is a local one,
`--judge openai:NAME` at a server of your own or `--judge hf:PATH`.
"""


def card(found: Found, data: Found, said: Mapping[str, str]) -> str:
    """The judge's card, in Markdown; `said` are the sentences that depend on whose judge it is."""
    pairs = found.get("reviews")
    columns = {"held-out answers": found["gains"]} | ({"Vicuna evaluation": pairs["gains"]} if pairs else {})
    fit = found["calibration"]
    return CARD.format(
        **said, **data, features=len(features.FEATURES), pairs=f"{found['judge']['pairs']:.1%}",
        weight=WEIGHT, low=LOW, cost=COST, code_cost=CODE_COST, code_most=CODE_MOST,
        dressed_weight=DRESSED_WEIGHT, dressed_cost=f"{min(COSTS.values()):g} to {max(COSTS.values()):g}",
        costs={key: "/".join(f"{cost:g}" for cost in costs) for key, costs in RULES.items()},
        figures=figure_table(found), slope=fit["slope"], intercept=f"{fit['intercept']:+.2f}",
        calibration=calibration_table(fit), gains=gain_table(columns),
        reviews=REVIEWS.format(pairs=pair_table(pairs["files"])) if pairs else "",
        preferred=PEOPLE.format(table=said["people"]) if "people" in said else "",
    )  # fmt: skip

"""The workspace that `site.py` builds a site of: realistic in its sizes, invented in its words."""

import random
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

import msgspec

from judgebench import question_sets
from judgebench.judging import asking
from judgebench.judging.matches import Match
from judgebench.prompts import find_prompt
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Answer, Failure, Question, Review, Sampling, Usage, Verdict, Winner, content_id
from judgebench.workspace import FOLDERS, Workspace

SET, JUDGE, TURNS = "bench-160", "gpt-4", 2
PROMPT = find_prompt("score-pair", [])
Answers: TypeAlias = Mapping[tuple[str, str], Answer]  # by model and question id
CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
ANSWER, EXPLANATION = 1_500, 600  # characters, about
MISSING = 0.01  # of the reviews have no verdict
PARAGRAPHS = (
    "A moving bicycle **steers into the lean**, which brings its wheels back under the rider before it falls.",
    "The gyroscopic effect of the wheels is real, but *too weak* by itself: bicycles with counter-rotating wheels"
    " stay upright as well.",
    "What matters is the geometry of the fork. The point where the tyre touches the road lies behind the steering"
    " axis, and this distance is called the `trail`.",
    "You can feel this when you push a bicycle by its saddle: lean it to the left, and the handlebar turns left.",
    "At walking pace none of this is enough, and the rider does the work with small movements of the body.",
    "Engineers describe it by the eigenvalues of a linear model with 25 parameters; between 4.3 and 6.0 m/s all of"
    " them have negative real parts.",
    "That said, no single cause explains everything, and papers of 2007 and 2011 still argue about it.",
)
LISTS = (
    "1. Mount the bicycle and look ahead.\n2. Push off with one foot.\n3. Steer **into** each lean.\n",
    "- *Trail*: 5 to 8 cm\n- *Head angle*: 68 to 75°\n- *Wheelbase*: about 1 m\n  - longer for cargo bicycles\n",
)
CODE = (
    "```python\ndef lean(speed: float, radius: float) -> float:\n    "
    '"""The angle of lean in radians."""\n    return math.atan(speed**2 / (9.81 * radius))\n\n\n'
    "print(lean(5.0, 12.0))\n```\n"
)
TABLE = (
    "| Speed (m/s) | Radius (m) | Lean (°) |\n| ---: | ---: | ---: |\n"
    "| 3 | 8 | 6.5 |\n| 5 | 12 | 12.0 |\n| 8 | 30 | 12.3 |\n"
)
SENTENCES = (
    "Both assistants answer the question that was asked.",
    "The first answer names every constraint and keeps each of them.",
    "The second is shorter, and leaves out how the result was reached.",
    "Assistant A's arithmetic is correct up to the last step.",
    "Assistant B uses a list where the user asked for prose.",
    "Neither of them invents sources, which is to their credit.",
    "The tone is what the persona calls for, if a little stiff.",
    "A reader who knows nothing of the subject would follow it.",
    "It repeats the question before it comes to the point.",
    "The example is well chosen and shows what the rule means.",
)


def make(root: Path, models: int, questions: int, reviews: int) -> None:
    """A workspace of so many models, questions of two turns, and pairwise reviews, each match in both orders."""
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    workspace = Workspace(root)
    names = [f"model-{number:02}" for number in range(models)]
    asked = [_question(number) for number in range(questions)]
    head = SetHead(name=SET, categories=dict.fromkeys(CATEGORIES, Category()))
    question_sets.save(QuestionSet(head, tuple(asked)), workspace.question_set_folder(SET))
    given = {(name, question.id): _answer(name, question) for name in names for question in asked}
    for name in names:
        workspace.answers(SET, name).append([given[name, question.id] for question in asked])
    path = workspace.reviews(SET, JUDGE).path
    path.parent.mkdir(parents=True, exist_ok=True)
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        file.writelines(encoder.encode(row) + b"\n" for row in _reviews(names, asked, given, reviews))


def marker(model: str, question_id: str, turn: int) -> str:
    """How every answer begins, so that a page can be asked which answers it shows."""
    return f"Answer of {model} to {question_id}, turn {turn}."


def _question(number: int) -> Question:
    turns = (
        f"Task {number}: explain to a friend how a bicycle stays upright, what a gyroscope has to do with it, and"
        " which of the usual explanations are wrong. Keep it to what can be checked in a garage.",
        "Now put the same into a table, and add a small program that shows it.",
    )
    return Question(id=f"q-{number:03}", category=CATEGORIES[number % len(CATEGORIES)], turns=turns)


def _answer(model: str, question: Question) -> Answer:
    draw = random.Random(f"{model} {question.id}")
    return Answer(
        id=content_id(model, question.id),
        question_set=SET,
        question_id=question.id,
        question_digest=question.digest,
        model=model,
        turns=tuple(_text(draw, marker(model, question.id, turn)) for turn in range(1, TURNS + 1)),
        finish_reasons=("stop",) * TURNS,
        created="2026-11-21T00:00:00+00:00",
    )


def _text(draw: random.Random, first: str) -> str:
    """Markdown: paragraphs and lists, in a third of the answers code, in a fifth a table."""
    parts = [first]
    if draw.random() < 1 / 3:
        parts.append(CODE)
    if draw.random() < 1 / 5:
        parts.append(TABLE)
    length = draw.gauss(ANSWER, ANSWER / 4)
    while sum(map(len, parts)) < length:
        parts.append(draw.choice(LISTS) if draw.random() < 1 / 5 else " ".join(draw.choices(PARAGRAPHS, k=3)))
    return "\n\n".join(parts)


def _reviews(models: list[str], asked: list[Question], given: Answers, reviews: int) -> Iterator[Review]:
    """Matches drawn at random from all pairs, questions and turns, without repetition; each in both orders."""
    pairs = list(combinations(range(len(models)), 2))
    draw = random.Random(1)
    cells = draw.sample(range(len(pairs) * len(asked) * TURNS), reviews // 2)
    for number, cell in enumerate(sorted(cells)):
        pair, rest = divmod(cell, len(asked) * TURNS)
        question, turn = asked[rest // TURNS], rest % TURNS + 1
        named = tuple(models[one] for one in pairs[pair])
        quality = [5 + 4 * one / len(models) + draw.gauss(0, 1) for one in pairs[pair]]
        for order in (0, 1):
            scores = tuple(float(min(10, max(1, round(one + draw.gauss(0, 0.7))))) for one in quality)
            verdict = None if draw.random() < MISSING else _verdict(scores[::-1] if order else scores)
            shown = named[::-1] if order else named
            answers = tuple(given[model, question.id] for model in shown)
            match = Match("pairwise", question, turn, shown, answers, swapped=order == 1)
            yield _review(draw, 2 * number + order, match, verdict)


def _verdict(scores: tuple[float, ...]) -> Verdict:
    winner: Winner = "tie" if scores[0] == scores[1] else "A" if scores[0] > scores[1] else "B"
    return Verdict(scores, winner)


def _review(draw: random.Random, number: int, match: Match, verdict: Verdict | None) -> Review:
    words = " ".join(draw.choices(SENTENCES, k=EXPLANATION // 55))
    scores = "no verdict" if verdict is None else " ".join(f"{score:g}" for score in verdict.scores)
    return Review(
        id=content_id("review", number),
        mode="pairwise",
        kind="score_pair",
        question_set=SET,
        question_id=match.question.id,
        turn=match.turn,
        models=match.models,
        answer_ids=tuple(answer.id for answer in match.answers if answer),
        judge=JUDGE,
        prompt=PROMPT.name,
        verdict=verdict,
        error=None if verdict else Failure("unparsed", "no verdict in the reply"),
        reply=f"{scores}\n{words}",
        scale=(1.0, 10.0),
        swapped=match.swapped,
        prompt_digest=_digest(match),
        sampling=Sampling(),
        served_by="gpt-4-0613",
        usage=Usage(900 + number % 700, 120 + number % 60),
        seconds=round(2 + number % 997 / 100, 2),
        created="2026-11-21T00:00:00+00:00",
    )


def _digest(match: Match) -> str:
    """The digest of what a judge would be shown: the site finds its prompt again by it, as for real reviews."""
    messages = asking.asked(PROMPT, match.conversation(), "text")
    return content_id([(message.role, message.content) for message in messages])

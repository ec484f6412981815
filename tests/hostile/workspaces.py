"""Workspaces in which every text, or every name, is hostile.

Rows go straight into one table each, as a file from elsewhere would have them: the name of a table's file needn't be
the name of what is in it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gate import kept

from hostile.texts import NAMES, TEXTS
from judgebench import question_sets
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Answer, Failure, Message, Question, Review, Usage, Verdict, content_id
from judgebench.tables.store import Table
from judgebench.workspace import FOLDERS, Workspace

TURNS = 10
SET, MODELS, JUDGE = "hostile", ("left", "right"), "judge"
NAMED_SET = "</script><b onmouseover=hit('set')>\u202e __proto__"
JUDGES = ("__proto__", "<svg onload=hit('judge')>\u202e", "j" * 10_000)
_HAND = 7  # names that are dealt to the fields of a few verdicts
_BEGINNING = 3_000  # characters: a failure's are cut to 600 by pages, and 1 MB need not be rendered seven times


def with_texts(root: Path, texts: Sequence[str] = TEXTS) -> Workspace:
    """Each text as a question and an answer, and its beginning as all else: a reference, an explanation, a prompt.

    Ten turns make a question; the texts are dealt out, so that each question has some of every family.
    """
    number = -(-len(texts) // TURNS)
    hands = [tuple(texts[place::number]) for place in range(number)]
    questions = [_question(place, hand) for place, hand in enumerate(hands)]
    answers = []
    for question, hand in zip(questions, hands, strict=True):
        plain = ["A plain answer."] * len(hand)
        answers += [_answer(SET, question, "left", hand), _answer(SET, question, "right", plain)]
    answers += [_answer(SET, questions[0], "right", [text[:_BEGINNING] for text in hands[0]], choice=1)]
    reviews = [row for question in questions for row in _reviews(question)]
    workspace = _workspace(root, SET, questions, answers, reviews)
    begun = [[text[:_BEGINNING] for text in hand] for hand in hands]
    told = {"baseline": MODELS[0], "candidate": MODELS[1], "judge": JUDGE, "series": "s"}
    kept.keep_hostile(workspace, begun, SET, [question.id for question in questions], **told)
    return workspace


def _question(place: int, texts: Sequence[str]) -> Question:
    """No turn may be blank."""
    turns = tuple(text if text.strip() else f"?{text}" for text in texts)
    references = tuple(text[:_BEGINNING] for text in texts)
    return Question(id=f"q-{place:02}", category=f"c-{place % 3}", turns=turns, references=references)


def _reviews(question: Question) -> Iterator[Review]:
    """Of each turn: both orders of the pair, by turns with a verdict and with a failure, and a grade of one answer."""
    for turn, text in enumerate(question.turns, start=1):
        error = Failure(text[:_BEGINNING], text[:_BEGINNING])
        first: dict[str, Any] = {
            "verdict": Verdict((4.0, 5.0 + turn % 3), "B"),
            "reply": text[:_BEGINNING],
            "flags": (text[:80],),
        }
        second: dict[str, Any] = {"error": error} if turn % 2 else {"verdict": Verdict((4.0, 4.0), "tie")}
        messages = (Message("system", text[:_BEGINNING]), Message("user", text[:_BEGINNING]))
        yield _review(SET, question, turn, MODELS, JUDGE, messages=messages, **first)
        yield _review(SET, question, turn, MODELS[::-1], JUDGE, reply="Fine.", swapped=True, **second)
        yield _review(SET, question, turn, MODELS[:1], JUDGE, reply="Fine.", verdict=Verdict((3.0,)))


def with_names(root: Path, names: Sequence[str] = NAMES) -> Workspace:
    """Each name as a model's; some of them as categories' and questions', others as judges'; and pairs of them."""
    questions = [
        Question(id=name, category=names[-1 - place], turns=("What is 1 + 1?", "And 2 + 2?"), references=("2",))
        for place, name in enumerate(names[:: len(names) // 8])
    ]
    answers = [
        _answer(NAMED_SET, question, name, (f"two, says {place}", "four"))
        for question in questions[:3]
        for place, name in enumerate(names)
    ]
    reviews = [
        _review(
            NAMED_SET, questions[place % 3], 1, (name,), JUDGES[0], reply="fine", verdict=Verdict((float(place % 9),))
        )
        for place, name in enumerate(names)
    ]
    pairs = list(zip(names[::6], names[1::6], strict=False))
    for place, (a, b) in enumerate(pairs):
        about: dict[str, Any] = {"reply": "both fine", "judge": JUDGES[place % 2], "verdict": Verdict((4.0, 6.0), "B")}
        for question in questions[:2]:
            reviews.append(_review(NAMED_SET, question, 1, (a, b), **about))
            reviews.append(_review(NAMED_SET, question, 1, (b, a), swapped=True, **about))
    reviews.append(
        _review(NAMED_SET, questions[0], 2, (names[0], names[1]), JUDGES[2], reply="x", verdict=Verdict((), "A"))
    )
    workspace = _workspace(root, NAMED_SET, questions, answers, reviews)
    hands = [names[place : place + _HAND] for place in range(0, len(names), _HAND)]
    kept.keep_hostile(workspace, hands, NAMED_SET, [question.id for question in questions])
    return workspace


def benign(root: Path) -> Workspace:
    """As `with_texts`, with words that do nothing."""
    return with_texts(root, [f"Words number {number}." for number in range(TURNS)])


def _workspace(
    root: Path, name: str, questions: Sequence[Question], answers: Sequence[Answer], reviews: Sequence[Review]
) -> Workspace:
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    workspace = Workspace(root)
    head = SetHead(name=name, categories={question.category: Category() for question in questions})
    question_sets.save(QuestionSet(head, tuple(questions)), workspace.question_set_folder(name))
    Table(root / "answers" / "any" / "any.jsonl", Answer).append(answers)
    Table(root / "reviews" / "any" / "any.jsonl", Review).append(reviews)
    return workspace


def _answer(name: str, question: Question, model: str, turns: Sequence[str], choice: int = 0) -> Answer:
    return Answer(
        id=content_id(name, question.id, model, choice),
        question_set=name,
        question_id=question.id,
        question_digest=question.digest,
        model=model,
        turns=tuple(turns),
        choice=choice,
        finish_reasons=("length",) * len(turns),
        usage=Usage(10, 20),
    )


def _review(name: str, question: Question, turn: int, models: Sequence[str], judge: str, **fields: Any) -> Review:
    single = len(models) == 1
    return Review(
        id=content_id(name, question.id, turn, list(models), judge),
        mode="single" if single else "pairwise",
        kind="rating" if single else "score_pair",
        question_set=name,
        question_id=question.id,
        turn=turn,
        models=tuple(models),
        answer_ids=tuple(content_id(name, question.id, model, 0) for model in models),
        judge=judge,
        prompt="score-pair",
        **fields,
    )

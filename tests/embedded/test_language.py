"""The installed judge has no verdict on what it was not measured on: texts that aren't English."""

import json
from pathlib import Path

import pytest
from servers.running import judgebench, make_workspace

from judgebench import report
from judgebench.embedded import other_language
from judgebench.report.tables import notes
from judgebench.tables.records import Question

OTHERS = {
    "Japanese": "\u6771\u4eac\u306f\u65e5\u672c\u306e\u9996\u90fd\u3067\u3059\u3002",
    "Chinese": "\u8fd9\u662f\u4e00\u4e2a\u7b80\u5355\u7684\u95ee\u9898\u3002",
    "Korean": "\uc624\ub298\uc740 \ub0a0\uc528\uac00 \uc88b\uc2b5\ub2c8\ub2e4.",
    "Russian": "\u042d\u0442\u043e \u043f\u0440\u043e\u0441\u0442\u043e\u0439 \u043e\u0442\u0432\u0435\u0442.",
    "Arabic": "\u0647\u0630\u0627 \u062c\u0648\u0627\u0628 \u0628\u0633\u064a\u0637.",
    "Hindi": "\u092f\u0939 \u090f\u0915 \u0938\u0930\u0932 \u0909\u0924\u094d\u0924\u0930 \u0939\u0948\u0964",
    "Spanish": "La capital de Francia es una ciudad muy grande que est\u00e1 en el norte del pa\u00eds.",
    "Portuguese": "A capital n\u00e3o \u00e9 uma cidade pequena, mas tamb\u00e9m tem muito para ver.",
    "French": "La capitale est une grande ville qui se trouve dans le nord du pays, au bord de la Seine.",
    "Italian": "La capitale \u00e8 una grande citt\u00e0 che si trova nel nord del paese, ma non \u00e8 antica.",
    "German": "Die Hauptstadt ist eine gro\u00dfe Stadt, die im Norden des Landes liegt und sehr alt ist.",
    "Dutch": "De hoofdstad is een grote stad die in het noorden van het land ligt en niet oud is.",
    "Swedish": "Huvudstaden \u00e4r en stor stad som ligger i norr och det finns mycket att se f\u00f6r alla.",
    "Polish": "Stolica jest du\u017cym miastem, ale nie jest to jedyne miasto w kraju.",
    "Turkish": "Ba\u015fkent \u00e7ok b\u00fcy\u00fck bir \u015fehir ve bu \u00fclke i\u00e7in \u00f6nemli.",
    "Indonesian": "Ibu kota itu adalah kota besar yang terletak di utara dan tidak jauh dari laut.",
    "Vietnamese": "Th\u1ee7 \u0111\u00f4 l\u00e0 m\u1ed9t th\u00e0nh ph\u1ed1 c\u1ee7a n\u01b0\u1edbc n\u00e0y.",
}
ENGLISH = [
    "The capital is a large city in the north of the country.",
    "Paris.",
    "",
    "42",
    "x + y = 4z, x*y = 4z^2, so z - x = y and o = e",
    "\u03b1 + \u03b2 = \u03b3, and \u03b8 \u2264 \u03c0",
    "```python\nfor el in la: que.append(de)\n```",
    "1. Rome\n2. Los Angeles\n3. La Paz\n4. El Paso\n5. De Moines",
    'In French, "le chat est dans la maison" means that the cat is in the house.',
    "| ana | ana@mail.com |\n| bob | bob@mail.com |\n| eve | eve@mail.com |",
    "Translate \u6771\u4eac: it is the name of the capital of Japan, which means the capital in the east.",
]


@pytest.mark.parametrize("language", OTHERS)
def test_another_language_is_told(language: str) -> None:
    """By its letters, or by its most frequent words."""
    assert other_language(OTHERS[language])


@pytest.mark.parametrize("text", ENGLISH)
def test_english_and_what_says_nothing_are_none(text: str) -> None:
    """Code, lists, formulas and addresses have no language of their own."""
    assert other_language(text) is None


def test_real_answers_in_english_are_told_as_such(shared_data: Path) -> None:
    """Of the 480 answers to the Vicuna evaluation and of those to MT-bench, none is in another language."""
    lines = [
        json.loads(line)
        for folder in ("vicuna-eval/answer", "mt-bench/model_answer")
        for path in (shared_data / folder).glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    texts = [text for row in lines for text in (row["choices"][0]["turns"] if "choices" in row else [row["text"]])]
    assert len(texts) > 1500
    assert not [text for text in texts if other_language(text)]


def test_no_verdict_on_another_language_but_by_request(tmp_path: Path) -> None:
    """The row says why, the report how many, and `--any-language` has a verdict in its place."""
    questions = [Question(id=str(n), category="small", turns=(f"Say something about {n}.",)) for n in range(3)]
    answers = {"a": [["It is a number that I like."]] * 3, "b": [[OTHERS["Japanese"]], ["A number."], ["It is even."]]}
    workspace = make_workspace(tmp_path / "w", questions, answers)
    review = ("review", "--questions", "small", "--judge", "embedded")
    done = judgebench(workspace, *review)
    assert "2 not_english: an answer is in another script" in done.stderr
    rows = workspace.reviews("small", "embedded").read()
    assert [row.error.kind for row in rows if row.error] == ["not_english"] * 2
    assert any(
        note.startswith("2 of 6 reviews on small by embedded have no verdict")
        for note in notes(report.build(workspace))
    )
    assert "all 6 are there already" in judgebench(workspace, *review).stderr
    judgebench(workspace, *review, "--any-language")
    assert not any("no verdict" in note for note in notes(report.build(workspace)))

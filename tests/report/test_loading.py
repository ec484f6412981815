"""`judgebench.load_reviews`: a workspace's reviews as a DataFrame."""

import re
from pathlib import Path

import pytest

import judgebench
from judgebench.errors import DataError, UsageError
from judgebench.interchange.fastchat import import_fastchat
from judgebench.report.loading import texts_of
from judgebench.tables.records import Answer, Review, Verdict
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

NOTES = re.compile(r"\([^()]*\)")


def grade(question_set: str, judge: str, model: str = "m") -> Review:
    """A score by a judge on the first question of a set."""
    return Review(
        id=f"{question_set} {judge} {model}",
        mode="single",
        kind="rating",
        question_set=question_set,
        question_id="1",
        turn=1,
        models=(model,),
        answer_ids=(),
        judge=judge,
        prompt="p",
        verdict=Verdict(scores=(7,)),
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with reviews by two judges on two sets, of which it holds no questions."""
    (tmp_path / "question_sets").mkdir()
    for question_set in ("s", "t"):
        for judge in ("j", "openai:k"):
            Workspace(tmp_path).reviews(question_set, judge).append([grade(question_set, judge)])
    return Workspace(tmp_path)


def documented() -> list[str]:
    """The columns that the docstring names, less what it says of them in brackets."""
    columns = str(judgebench.load_reviews.__doc__).split("Columns: ")[1].split(". Estimators")[0]
    return re.split(r"[,;]\s+|\s+and\s+", NOTES.sub("", columns).replace(" ,", ",").replace("(", "").strip())


def test_the_columns_are_those_that_the_docstring_names(workspace: Workspace) -> None:
    """All of them, and no other, in that order."""
    said = [name.strip() for name in documented()]
    assert list(judgebench.load_reviews(workspace)) == said


def test_a_workspace_is_named_by_text_by_path_or_is_at_hand(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or it is where one stands."""
    monkeypatch.chdir(workspace.root)
    for place in (workspace, workspace.root, str(workspace.root)):
        assert len(judgebench.load_reviews(place)) == 4
    assert len(judgebench.load_reviews()) == 4


def test_reviews_of_one_set_and_of_one_judge(workspace: Workspace) -> None:
    """Each choice by itself and both together; a name that nothing has is an error that says what there is."""
    of_set = judgebench.load_reviews(workspace, questions="t")
    assert (set(of_set["question_set"]), set(of_set["judge"])) == ({"t"}, {"j", "openai:k"})
    by_judge = judgebench.load_reviews(workspace, judge="openai:k")
    assert (set(by_judge["question_set"]), set(by_judge["judge"])) == ({"s", "t"}, {"openai:k"})
    assert len(judgebench.load_reviews(workspace, "s", "j")) == 1
    with pytest.raises(UsageError, match="of the question set 'u'; there is s, t"):
        judgebench.load_reviews(workspace, "u")
    with pytest.raises(UsageError, match="of the judge 'nobody'; there is j, openai:k"):
        judgebench.load_reviews(workspace, judge="nobody")


def test_a_folder_that_is_no_workspace_is_refused(tmp_path: Path) -> None:
    """With the command that makes one; also where there is nothing at all."""
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="judgebench init"):
            judgebench.load_reviews(place)


def test_a_row_that_cannot_be_read_is_named(workspace: Workspace) -> None:
    """With its file and line: no figure is made from the rest."""
    path = workspace.reviews("s", "j").path
    path.write_bytes(path.read_bytes() + b'{"id": 1}\n')
    with pytest.raises(DataError, match=r"j\.jsonl:2: "):
        judgebench.load_reviews(workspace)


def test_any_review_that_the_table_holds_can_be_loaded(workspace: Workspace) -> None:
    """`extra` is whatever an imported file said: fields of the names that figures use may hold something else there."""
    row = grade("s", "j", "n")
    table = workspace.reviews("s", "j")
    table.append([Review(**{**{name: getattr(row, name) for name in row.__slots__}, "extra": {"voter": 5}})])
    assert len(table.read()) == 2
    assert len(judgebench.load_reviews(workspace, "s", "j")) == 2


def test_the_texts_of_answers_in_force(workspace: Workspace) -> None:
    """Every turn of each sample, as the last row of its slot has it; a model with fewer begins again."""
    about = {"question_set": "s", "question_id": "1", "question_digest": "", "model": "m"}
    old, new = (Answer(id=text, turns=(text, "b"), **about) for text in ("old", "new"))
    workspace.answers("s", "m").append([old, new, Answer(id="c", turns=("other",), choice=1, **about)])
    rows = in_force(workspace.all_answers()).values()
    n = Answer(id="n", turns=("n",), **about | {"model": "n"})
    m = [("s", "1", "m", 1, 0, "new"), ("s", "1", "m", 2, 0, "b"), ("s", "1", "m", 1, 1, "other")]
    assert list(texts_of([*rows, n])) == [*m, ("s", "1", "n", 1, 0, "n"), ("s", "1", "n", 1, 1, "n")]


@pytest.fixture(scope="module")
def imported(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """MT-bench and the Vicuna evaluation as published."""
    root = tmp_path_factory.mktemp("published")
    (root / "question_sets").mkdir()
    for name in ("mt-bench", "vicuna-eval"):
        import_fastchat(shared_data / name, Workspace(root))
    return Workspace(root)


def test_the_published_reviews(imported: Workspace) -> None:
    """4960 gradings and 75 matches in both orders of MT-bench, 320 reviews of the Vicuna evaluation."""
    frame = judgebench.load_reviews(imported)
    assert frame.groupby(["question_set", "mode"], observed=True).size().to_dict() == {
        ("mt-bench", "pairwise"): 150,
        ("mt-bench", "single"): 4960,
        ("vicuna-eval", "pairwise"): 320,
    }
    assert frame["error"].value_counts().to_dict() == {"fastchat_error": 17, "unparsed": 2}
    single = frame[frame["mode"] == "single"]
    assert single["score_a"].isna().sum() == 16
    assert (single["model_a"].nunique(), single["model_b"].notna().sum()) == (31, 0)
    assert (frame["winner"].isna() & (frame["mode"] == "pairwise")).sum() == 3


def test_every_published_review_has_a_category(imported: Workspace) -> None:
    """MT-bench has eight, the Vicuna evaluation nine labels."""
    frame = judgebench.load_reviews(imported)
    assert frame["category"].notna().all()
    counts = frame.groupby("question_set", observed=True)["category"].nunique()
    assert counts.to_dict() == {"mt-bench": 8, "vicuna-eval": 9}
    assert frame["category"].isin(["math", "coding"]).any()

"""The published figures, by the same road that a user takes: import, then report."""

from pathlib import Path
from typing import Any

import pytest

from judgebench import report
from judgebench.interchange.fastchat import import_fastchat
from judgebench.workspace import Workspace

VICUNA = "vicuna-13b"
PAIRS = {  # other model: total scores (other, Vicuna); Vicuna wins, ties, loses; the interval of Vicuna's ratio to it
    "llama-13b": ([513.0, 694.0], (77, 0, 3), (1.268, 1.445)),
    "alpaca-13b": ([583.0, 704.0], (76, 1, 3), (1.170, 1.251)),
    "bard": ([664.0, 655.5], (40, 10, 30), (0.935, 1.036)),
    "gpt-3.5-turbo": ([693.0, 638.0], (14, 22, 44), (0.878, 0.957)),
}
Entry = dict[str, Any]


@pytest.fixture(scope="module")
def published(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> report.Report:
    """The report on the Vicuna evaluation and on MT-bench."""
    root = tmp_path_factory.mktemp("published")
    (root / "question_sets").mkdir()
    for name in ("vicuna-eval", "mt-bench"):
        import_fastchat(shared_data / name, Workspace(root))
    return report.build(Workspace(root))


def pair(published: report.Report, other: str) -> Entry:
    """The entry of the other model and Vicuna, as the blog has it: Vicuna is b."""
    (entry,) = [e for e in published["pairs"] if e["question_set"] == "vicuna-eval" and e["models"] == [other, VICUNA]]
    return dict(entry)


def test_the_evaluation_has_four_pairs(published: report.Report) -> None:
    """The blog's, by one judge, 80 questions in one order each."""
    found = [e for e in published["pairs"] if e["question_set"] == "vicuna-eval"]
    assert {tuple(e["models"]) for e in found} == {(other, VICUNA) for other in PAIRS}
    assert {(e["questions"], e["reviews"], e["missing"], e["one_order"]) for e in found} == {(80, 80, 0, 80)}


@pytest.mark.parametrize("other", PAIRS)
def test_the_blogs_table(published: report.Report, other: str) -> None:
    """Total scores, wins, ties and losses."""
    totals, (wins, ties, losses), _ = PAIRS[other]
    found = pair(published, other)
    assert (found["totals"], found["wins"], found["ties"]) == (totals, [losses, wins], ties)
    assert found["ratio"] == pytest.approx(totals[1] / totals[0], rel=1e-12)


@pytest.mark.parametrize("other", PAIRS)
def test_the_intervals_of_the_ratios(published: report.Report, other: str) -> None:
    """As the paired bootstrap over questions has them, within 0.005; our own bootstrap says the same within 0.01."""
    found = pair(published, other)
    assert found["ratio_interval"] == pytest.approx(PAIRS[other][2], abs=0.005)
    assert found["ratio_bootstrap"] == pytest.approx(found["ratio_interval"], abs=0.01)


def test_vicuna_has_92_percent_of_chatgpts_score(published: report.Report) -> None:
    """The claim, to its last digit, and where a reader finds it: in the table and under it."""
    chatgpt = pair(published, "gpt-3.5-turbo")
    assert f"{100 * chatgpt['ratio']:.2f}" == "92.06"
    text = report.render(published, "table")
    assert "92.06 % (" in text
    assert "vicuna-13b has 92.1 % of gpt-3.5-turbo's total score (95 % interval 8" in text
    assert "gpt-3.5-turbo is better on 44 of 80 questions, vicuna-13b on 14, 22 ties." in text


def test_vicuna_wins_or_ties_45_percent_against_chatgpt(published: report.Report) -> None:
    """36 of 80; with ties as half it is a win rate of 31.25 %, clearly below one half."""
    chatgpt = pair(published, "gpt-3.5-turbo")
    assert (chatgpt["wins"][1] + chatgpt["ties"]) / chatgpt["matches"] == 0.45
    assert chatgpt["win_rate"] == 0.3125
    assert chatgpt["win_rate_interval"][1] < 0.5


def test_the_blogs_conclusions_in_words(published: report.Report) -> None:
    """Better than LLaMA and Alpaca, worse than ChatGPT, and against Bard these questions can't tell."""
    text = report.render(published, "markdown")
    assert text.count("gpt-3.5-turbo is better on questions like these.") == 1
    assert text.count("vicuna-13b is better on questions like these.") == 2
    bard = next(line for line in text.splitlines() if "of bard's total score" in line)
    assert bard.endswith("these questions don't tell which is better.")


def overall(published: report.Report, model: str) -> Entry:
    """A model's mean over all turns and categories of MT-bench."""
    (entry,) = [e for e in published["scores"] if e["model"] == model and e["turn"] is None and e["category"] is None]
    return dict(entry)


@pytest.mark.parametrize(
    ("model", "mean", "number", "missing"), [("unify", "8.757862", 159, 1), ("martian", "8.312500", 160, 0)]
)
def test_routellms_means(published: report.Report, model: str, mean: str, number: int, missing: int) -> None:
    """Rows with score -1 are left out, and counted."""
    found = overall(published, model)
    assert (f"{found['mean']:.6f}", found["n"], found["missing"]) == (mean, number, missing)


def test_a_missing_row_bounds_the_mean(published: report.Report) -> None:
    """The score of -1 could have been anything from 0, which judges do say, to 10."""
    unify = overall(published, "unify")
    sum_known = unify["mean"] * 159
    assert unify["bounds"] == pytest.approx([sum_known / 160, (sum_known + 10) / 160])
    assert overall(published, "martian")["bounds"] is None


def test_the_counts_of_mt_bench(published: report.Report) -> None:
    """31 models with 4960 gradings, 16 of them without a score, and 75 matches in both orders."""
    whole = [e for e in published["scores"] if e["turn"] is None and e["category"] is None]
    assert (len(whole), sum(e["n"] for e in whole), sum(e["missing"] for e in whole)) == (31, 4944, 16)
    (phi,) = [e for e in published["pairs"] if e["question_set"] == "mt-bench"]
    assert (phi["matches"], phi["reviews"] + phi["missing"], phi["missing"], phi["one_order"]) == (75, 150, 3, 0)


def test_the_first_turn_is_never_far_from_the_whole(published: report.Report) -> None:
    """The mean over both turns lies between the turns' means, weighted by how many have a score."""
    by_turn = {(e["model"], e["turn"]): e for e in published["scores"] if e["category"] is None}
    for model in {model for model, _ in by_turn}:
        first, second, whole = (by_turn[model, turn] for turn in (1, 2, None))
        weighted = (first["mean"] * first["n"] + second["mean"] * second["n"]) / (first["n"] + second["n"])
        assert whole["mean"] == pytest.approx(weighted)

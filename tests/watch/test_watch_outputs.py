"""What is said of a watch: lines, a table and data, also of what others wrote."""

import json
from dataclasses import replace

import pytest

from judgebench.report.formats import as_text
from judgebench.tables.records import Failure, Watched
from judgebench.watch import outputs

JUDGED = Watched(
    series="s", run="run", folder="/run", step=10, path="/run/checkpoint-10", model="run/checkpoint-10",
    baseline="base", question_set="core-80", digest="d", judge="embedded", margin=0.05, alpha=0.05, place=2,
    level=0.05 / 6, verdict="INCONCLUSIVE", reason="80 questions don't decide it", rate=0.481,
    interval=(0.41, 0.552), band=(0.38, 0.58), questions=80, judged=80, dollars="0.1234",
)  # fmt: skip
BEGUN = replace(JUDGED, step=20, verdict=None, reason=None, rate=None, interval=None, band=None, judged=0, dollars=None)
FAILED = replace(BEGUN, step=9, error=Failure("gone", "it was deleted"))
SAME = replace(BEGUN, step=30, verdict="PASS", identical=True, reason="both are the same model")


def test_a_line_says_what_came_of_a_checkpoint() -> None:
    """Rate, both intervals, how much was judged and paid; or why not."""
    assert outputs.told(JUDGED) == (
        "run/checkpoint-10: INCONCLUSIVE: win rate 48.1 % (41.0 to 55.2 %; all steps together 38.0 to 58.0 %),"
        " 80 of 80 questions, $0.12"
    )
    assert outputs.told(FAILED) == "run/checkpoint-10: gone: it was deleted"
    assert outputs.told(SAME) == "run/checkpoint-10: PASS: both are the same model"


def test_the_table_goes_by_step() -> None:
    """With what is under way, and what failed."""
    text = as_text(outputs.table([BEGUN, JUDGED, SAME, FAILED])).splitlines()
    assert text[0] == "run against base"
    assert [line.split()[:2] for line in text[2:-1]] == [
        ["9", "error:"], ["10", "INCONCLUSIVE"], ["20", "under"], ["30", "PASS"],
    ]  # fmt: skip
    assert text[-1].endswith("with 95 %.")


def test_data_has_all_fields_by_step() -> None:
    """As JSON takes them."""
    found = json.loads(json.dumps(outputs.as_json([BEGUN, JUDGED])))
    assert [row["step"] for row in found["steps"]] == [10, 20]
    assert found["steps"][0]["band"] == [0.38, 0.58]


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "two\nlines", "\u202eback"])
def test_what_others_wrote_stays_on_its_line(hostile: str) -> None:
    """No name, reason or message moves the cursor or makes a line of its own."""
    for row in (JUDGED, FAILED, SAME):
        said = outputs.told(
            replace(row, model=hostile, reason=hostile, error=row.error and Failure("broken", hostile))
        ) + as_text(outputs.table([replace(row, run=hostile, baseline=hostile)])).replace("\n", "")
        assert said.isprintable()

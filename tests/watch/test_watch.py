"""A training's checkpoints, judged as they come: same questions, one error rate, and no failure stops the others."""

import shutil
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from servers.judge_server import judge_server
from servers.running import chat_server
from watch.trainings import STATE, Training, lasting

from judgebench import removal
from judgebench.errors import JudgebenchError, OutageError, UsageError
from judgebench.tables.records import Watched
from judgebench.watch.procedure import claimed
from judgebench.watch.watching import Watching

pytest.importorskip("torch", reason="hf: models need the extra `local`")


@pytest.fixture
def training(tmp_path: Path) -> Training:
    """Without a checkpoint so far."""
    return Training(tmp_path)


def test_each_step_is_judged_on_the_same_questions(training: Training) -> None:
    """In their order, whichever was saved first; the later a checkpoint comes, the wider its band."""
    for step in (15, 5, 10):
        training.save(step)
    training.watch(training.options(max_questions=9))
    rows = training.told
    assert [(row.step, row.place) for row in rows] == [(5, 1), (10, 2), (15, 3)]
    assert [row.level for row in rows] == pytest.approx([0.05 / 2, 0.05 / 6, 0.05 / 12])
    assert [row.judged for row in rows] == [9, 9, 9]
    assert len({tuple(row.points) for row in rows}) == 1
    for row in rows:
        assert row.interval
        assert row.band
        assert row.rate is not None
        assert row.band[0] <= row.interval[0] <= row.rate <= row.interval[1] <= row.band[1]
    widths = [row.band[1] - row.band[0] for row in rows if row.band and row.rate in (0, 1)]
    assert all(one < other for one, other in pairwise(widths))


def test_what_is_known_is_not_asked_again(training: Training) -> None:
    """Another watch finds all done; a checkpoint that comes later goes on with the same line."""
    training.save(5)
    training.watch()
    before, reviews = training.rows(), training.workspace_rows()
    assert training.watch().tried == set()
    assert training.said[-1].endswith("nothing new, 1 steps are known")
    assert (training.rows(), training.workspace_rows()) == (before, reviews)
    training.save(10)
    training.watch()
    assert {row.series for row in training.rows()} == {before[0].series}
    assert training.last()[10].place == 2


def test_a_copy_of_the_same_checkpoint_is_known_by_its_content(training: Training) -> None:
    """Saved again with other times, it is still the same."""
    training.save(5)
    training.watch()
    training.save(5)
    assert training.watch().tried == set()


def test_one_that_was_trained_again_is_judged_anew(training: Training) -> None:
    """Under the same name: with a place of its own, since it is another look at chance."""
    training.save(5)
    training.watch()
    training.save(5, seed=77)
    training.watch()
    first, second = training.told
    assert (first.step, second.step, first.place, second.place) == (5, 5, 1, 2)
    assert first.identity != second.identity


def test_the_baseline_among_the_checkpoints_is_itself(training: Training) -> None:
    """It passes without a question; the others are compared with it."""
    training.save(5, seed=1)
    training.save(10, seed=2)
    training.watch(training.options(baseline=f"base=hf:{training.folder / 'checkpoint-5'}"))
    first, second = training.told
    assert (first.verdict, first.identical, first.judged) == ("PASS", True, 0)
    assert second.judged == 12


def test_a_baseline_that_changes_ends_the_watch(training: Training) -> None:
    """What was judged before is kept; the rest would be compared with something else."""
    first = training.save(5, seed=1)
    training.save(10, seed=2)
    options = training.options(baseline=f"base=hf:{first}")
    with pytest.raises(JudgebenchError, match=r"isn't what it was|no checkpoint at"):
        training.watch(options, on=lambda row: shutil.rmtree(first, ignore_errors=True))
    assert [row.step for row in training.told] == [5]


def test_a_half_written_one_is_left_until_it_is_whole(training: Training) -> None:
    """The others are judged meanwhile."""
    path = training.save(5, ended=False)
    training.save(10)
    training.watch()
    assert [row.step for row in training.told] == [10]
    (path / STATE).write_text("{}")
    training.watch()
    assert [row.step for row in training.told] == [10, 5]


def test_a_corrupt_one_is_an_error_and_stops_no_other(training: Training) -> None:
    """Told once while it stays as it is; mended, it is judged."""
    path = training.save(5)
    (path / "config.json").write_text('{"model_type": "nonesuch"}')
    training.save(10)
    training.watch()
    told = {row.step: row for row in training.told}
    assert told[5].error
    assert told[5].error.kind == "broken"
    assert told[10].verdict
    training.save(5)
    training.watch()
    assert training.last()[5].verdict


def test_weights_that_stay_cut_are_an_error(training: Training) -> None:
    """When nobody has written any more for so long."""
    weights = training.save(5) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    training.watch(replace(training.options(), settle=0.0))
    assert training.told[0].error
    assert "should have" in training.told[0].error.message


def test_one_that_is_deleted_before_its_turn_is_an_error(training: Training) -> None:
    """As by save_total_limit; said clearly, and the watch goes on."""
    training.save(5)
    second = training.save(10)
    training.save(15)
    training.watch(on=lambda row: shutil.rmtree(second, ignore_errors=True))
    told = {row.step: row for row in training.told}
    assert sorted(told) == [5, 10, 15]
    assert told[10].error
    assert told[10].error.kind == "gone"
    assert "save_total_limit" in told[10].error.message
    assert told[5].verdict
    assert told[15].verdict


def test_one_that_is_deleted_while_it_is_judged_is_an_error(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between being begun and being loaded."""
    path = training.save(5)
    begun = Watching._begun

    def deleted(self: Watching, saved: object) -> Watched:
        row = begun(self, saved)  # type: ignore[arg-type]
        shutil.rmtree(path)
        return row

    monkeypatch.setattr(Watching, "_begun", deleted)
    training.watch()
    assert training.told[0].error
    assert training.told[0].error.kind == "gone"


def test_one_that_is_replaced_while_it_is_judged_is_judged_again(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No figures are kept that are of neither."""
    training.save(5)
    compared = Watching._compared

    def replaced(self: Watching, run: object) -> object:
        found = compared(self, run)  # type: ignore[arg-type]
        if not self.rows[5].error:
            training.save(5, seed=99)
        return found

    monkeypatch.setattr(Watching, "_compared", replaced)
    training.watch(training.options({"until": 5}))
    kinds = [row.error.kind if row.error else row.verdict for row in training.told]
    assert kinds[0] == "changed"
    assert len(kinds) == 2
    assert training.told[0].identity != training.told[1].identity


def test_the_judge_is_out_for_a_while(training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done is kept, the step has an error, and at a later look only what is left is asked."""
    training.save(5)
    asked = training.options(judge="openai:m").each
    calls = replace(asked.calls, tries=1, give_up=0.0, parallel=1)
    options = replace(training.options({"until": 5}), each=replace(asked, calls=calls))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with judge_server(tmp_path / "first", outage_from=8) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        training.watch(replace(options, once=True, until=None))
        answered = server.did().count("reply")
    first = training.told[0]
    assert first.error
    assert first.error.kind == "failed"
    with judge_server(tmp_path / "second") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        training.watch(options)
        more = server.did().count("reply")
    last = training.told[-1]
    assert (last.verdict is not None, last.judged, last.place) == (True, 12, 1)
    rows = [row for row in training.workspace_rows("openai:m") if not row.error and row.served_by]
    assert answered + more == len(rows) == 24
    assert last.calls >= 24 + 12  # what was paid before the outage counts, and so do answers that cost nothing


def test_each_checkpoint_has_its_own_budget(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is passed, and what they got for it is read."""
    for step in (5, 10):
        training.save(step)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with judge_server(tmp_path / "server") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        training.watch(training.options(judge="openai:m", prices=("1000/1000",), max_cost="4", judge_max_tokens=64))
    assert [row.verdict is not None for row in training.told] == [True, True]
    for row in training.told:
        assert row.dollars is not None
        assert 0 < float(row.dollars) <= 4
        assert 0 < row.judged < 12


def test_a_budget_without_room_is_an_error(training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no success."""
    training.save(5)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with judge_server(tmp_path / "server") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        training.watch(training.options(judge="openai:m", prices=("1000/1000",), max_cost="0.01"))
        assert server.calls() == []
    assert training.told[0].error
    assert training.told[0].error.kind == "budget"


def test_a_judge_that_gives_no_verdict_is_an_error(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the judge; it isn't paid for the same again."""
    training.save(5)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with chat_server(tmp_path / "server", default="I can't say.") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        watching = training.watch(training.options(judge="openai:m"))
        asked = len(server.calls())
        assert watching.due([]) == ([], False)
        assert len(server.calls()) == asked > 0
    assert training.told[0].error
    assert training.told[0].error.kind == "judge"


def test_a_baseline_may_be_a_model_whose_answers_are_there(training: Training) -> None:
    """By its name, without its weights."""
    training.save(5)
    training.watch()
    training.save(10)
    training.watch(training.options(baseline="base"))
    assert training.last()[10].verdict
    assert training.last()[10].place == 2


def test_a_folder_that_isnt_there_holds_nothing(training: Training) -> None:
    """To look once is then an error, as it is where nothing in it is whole."""
    with pytest.raises(UsageError, match=r"no checkpoint to judge.*No such file"):
        training.watch()
    training.save(5, ended=False)
    with pytest.raises(UsageError, match="holds no checkpoint-STEP that is whole"):
        training.watch()


def test_it_waits_for_a_training_that_hasnt_begun(training: Training) -> None:
    """The folder may come later."""
    saying = training.said.append

    def saved(line: str) -> None:
        saying(line)
        training.save(5)

    training.said = type("Said", (list,), {"append": lambda self, line: saved(line)})()
    training.watch(training.options({"until": 5}))
    assert [row.step for row in training.told] == [5]


def test_it_ends_where_nothing_comes_any_more(training: Training) -> None:
    """After so many minutes; until then it looks."""
    training.save(5)
    training.watch(training.options({"idle": 0.0001}))
    assert [row.step for row in training.told] == [5]


def test_until_a_step_counts_later_ones(training: Training) -> None:
    """A training may save at other steps than was thought."""
    training.save(12)
    training.watch(training.options({"until": 10}))
    assert [row.step for row in training.told] == [12]


@pytest.mark.parametrize(
    ("other", "says"),
    [({"seed": 1}, "--seed 0"), ({"margin": 0.2}, "--margin 0.05"), ({"alpha": 0.1}, "--alpha 0.05")],
    ids=["seed", "margin", "alpha"],
)
def test_what_steps_have_in_common_stays(training: Training, other: dict[str, float], says: str) -> None:
    """With another order, margin or error rate they could not be compared with those before."""
    training.save(5)
    training.watch()
    with pytest.raises(UsageError, match=f"began with {says}: go on with it"):
        training.watch(training.options(**other))


def test_two_runs_of_one_name_are_refused(training: Training) -> None:
    """Their answers would stand under the same names."""
    training.save(5)
    training.watch()
    other = training.root / "other" / "run"
    shutil.copytree(training.folder, other)
    with pytest.raises(UsageError, match="give this run another --name"):
        training.watch(replace(training.options(), folder=other))
    shutil.rmtree(training.folder)  # it was moved
    training.watch(replace(training.options(), folder=other))


def test_a_second_watch_leaves_it_to_the_first(training: Training) -> None:
    """In one line."""
    training.save(5)
    options = training.options()
    first = Watching(training.workspace, options, lambda row, rows: None, print, lambda stage, label: stage)
    with claimed(first), pytest.raises(JudgebenchError, match=r"another watch of .* is at work"):
        training.watch(options)
    assert training.rows() == []
    training.watch(options)
    assert training.last()[5].verdict


def test_a_watch_that_was_cut_short_goes_on_with_the_same_place(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had begun is begun, however it ended."""
    training.save(5)
    training.save(10)

    def stopped(self: Watching, run: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Watching, "_compared", stopped)
        with pytest.raises(KeyboardInterrupt):
            training.watch()
    assert [(row.step, row.place, row.verdict) for row in training.rows()] == [(5, 1, None)]
    training.watch()
    calm = Training(training.root / "calm")
    shutil.copytree(training.folder, calm.folder)
    calm.watch()
    about = {"series": "", "folder": "", "path": "", "stamp": None}
    kept = [[replace(row, **about) for row in lasting(one.last().values())] for one in (training, calm)]
    assert kept[0] == kept[1]


def test_links_and_odd_names_are_judged_as_what_they_are(training: Training) -> None:
    """A link to a checkpoint is one; a run's folder may be called anything."""
    training.folder = training.root / "run=1+2:α b"
    training.save(7)
    (training.root / "elsewhere").mkdir()
    kept = training.root / "elsewhere" / "kept"
    shutil.move(training.folder / "checkpoint-7", kept)
    (training.folder / "checkpoint-7").symlink_to(kept)
    training.watch(replace(training.options(), run="run=1+2-α b"))
    assert training.told[0].verdict
    assert training.told[0].model == "run=1+2-α b/checkpoint-7"


def test_a_checkpoint_is_taken_out_with_what_is_known_of_it(training: Training) -> None:
    """As any model, by its name."""
    training.save(5)
    training.save(10)
    training.watch()
    parts = removal.plan(training.workspace, "model", "run/checkpoint-5")
    removal.remove(training.workspace, parts)
    assert sorted(training.last()) == [10]
    assert {name for row in training.workspace_rows() for name in row.models} == {"base", "run/checkpoint-10"}


def test_what_fails_again_and_again_is_tried_ever_more_rarely(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new checkpoint isn't kept waiting for it."""
    training.save(5)

    def fails(self: Watching, run: object) -> None:
        raise OutageError("nobody listens")

    monkeypatch.setattr(Watching, "_compared", fails)
    watching = Watching(
        training.workspace, training.options(), lambda row, rows: None, print, lambda stage, label: stage
    )
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    waited = []
    for _ in range(3):
        due, _ = watching.due([])
        watching.judge(due[0])
        assert watching.due([]) == ([], False)
        waited.append(watching._again[5][1] - now)
        now = watching._again[5][1]
    assert waited == pytest.approx([0.01, 0.02, 0.04])
    training.save(10)
    now -= 0.01
    assert [one.step for one in watching.due([])[0]] == [10]

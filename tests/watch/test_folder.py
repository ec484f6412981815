"""Which folders are checkpoints, and when one is whole."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watch.trainings import STATE, header, written

from judgebench.errors import DataError, UsageError
from judgebench.watch import folder

LONG = 3600.0  # seconds in which nothing may have changed: more than a test takes
WEIGHTS = header() + bytes(8)
MODEL = {"config__json": b"{}", "model__safetensors": WEIGHTS}
TORN = st.integers(0, len(WEIGHTS) - 1)


def index(*names: str) -> bytes:
    """Of shards, each with a weight."""
    return json.dumps({"weight_map": {f"weight-{name}": name for name in names}}).encode()


def aged(path: Path, seconds: float = 7200.0) -> Path:
    """As if nothing in it had changed for so long."""
    for one in (*path.iterdir(), path):
        status = one.stat()
        os.utime(one, (status.st_atime - seconds, status.st_mtime - seconds))
    return path


@pytest.mark.parametrize(
    "name", ["checkpoint-10.tmp", "tmp-checkpoint-10", "checkpoint-", "checkpoint-last", "checkpoint-1e3", "runs"]
)
def test_other_folders_are_no_checkpoints(tmp_path: Path, name: str) -> None:
    """Nor are files."""
    (tmp_path / name).mkdir()
    (tmp_path / "checkpoint-20").write_text("")
    assert folder.checkpoints(tmp_path) == []


def test_checkpoints_come_by_step(tmp_path: Path) -> None:
    """As numbers, links among them, in whatever order they were made."""
    for step in (1000, 20, 3):
        (tmp_path / f"checkpoint-{step}").mkdir()
    (tmp_path / "checkpoint-100").symlink_to(tmp_path / "checkpoint-20")
    (tmp_path / "checkpoint-101").symlink_to(tmp_path / "nowhere")
    assert [one.step for one in folder.checkpoints(tmp_path)] == [3, 20, 100, 1000]


def test_the_trainers_last_file_ends_it(tmp_path: Path) -> None:
    """Before it nothing is whole, however complete it looks; a torn one is none."""
    path = written(tmp_path / "checkpoint-5", **MODEL)
    assert not folder.is_whole(path, LONG)
    (path / STATE).write_text('{"global_step": ')
    assert not folder.is_whole(path, LONG)
    (path / STATE).write_text('{"global_step": 5}')
    assert folder.is_whole(path, LONG)


def test_an_adapter_is_whole_by_its_own_files(tmp_path: Path) -> None:
    """Its weights come first, its settings then, and the Trainer's state."""
    path = written(tmp_path / "checkpoint-5", adapter_model__safetensors=WEIGHTS, trainer_state__json=b"{}")
    assert not folder.is_whole(path, LONG)
    written(path, adapter_config__json=b"{}")
    assert folder.is_whole(path, LONG)


@given(size=TORN)
def test_weights_that_are_cut_anywhere_are_not_whole(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    """Whatever else is there: a copy may have brought the other files before."""
    path = written(
        tmp_path_factory.mktemp("cut"), **{**MODEL, "model__safetensors": WEIGHTS[:size]}, trainer_state__json=b"{}"
    )
    assert not folder.is_whole(path, LONG)


def test_all_shards_must_be_there_and_whole(tmp_path: Path) -> None:
    """And the index that names them."""
    one, two = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    path = written(tmp_path / "checkpoint-5", config__json=b"{}", trainer_state__json=b"{}")
    (path / one).write_bytes(WEIGHTS)
    assert not folder.is_whole(path, LONG)  # no index
    (path / "model.safetensors.index.json").write_bytes(index(one, two))
    assert not folder.is_whole(path, LONG)  # the second is missing
    (path / two).write_bytes(WEIGHTS[:-1])
    assert not folder.is_whole(path, LONG)  # it is cut
    (path / two).write_bytes(WEIGHTS)
    assert folder.is_whole(path, LONG)


def test_without_the_trainer_it_is_whole_when_it_has_settled(tmp_path: Path) -> None:
    """A loop of one's own writes no state: then nothing may change any more."""
    path = written(tmp_path / "checkpoint-5", **MODEL)
    assert not folder.is_whole(path, LONG)
    assert folder.is_whole(aged(path), LONG)
    written(path, tokenizer__json=b"{}")
    assert not folder.is_whole(path, LONG)


def test_what_is_still_missing_then_is_missing_for_good(tmp_path: Path) -> None:
    """An error that says what, once nobody writes any more."""
    path = aged(written(tmp_path / "checkpoint-5", **{**MODEL, "model__safetensors": WEIGHTS[:-3]}))
    with pytest.raises(DataError, match="should have"):
        folder.is_whole(path, LONG)
    with pytest.raises(DataError, match=r"config[.]json is missing"):
        folder.is_whole(aged(written(tmp_path / "checkpoint-6")), LONG)
    with pytest.raises(UsageError, match=r"holds no [.]safetensors weights"):
        folder.is_whole(aged(written(tmp_path / "checkpoint-7", config__json=b"{}", trainer_state__json=b"{}")), LONG)


def test_one_that_vanishes_is_no_error(tmp_path: Path) -> None:
    """It is looked for at the next look."""
    assert not folder.is_whole(tmp_path / "checkpoint-5", 0.0)


@pytest.mark.skipif(os.geteuid() == 0, reason="to root every folder can be read")
def test_a_folder_that_cant_be_read_is_an_error(tmp_path: Path) -> None:
    """There is nothing to wait for."""
    path = aged(written(tmp_path / "checkpoint-5", **MODEL))
    path.chmod(0)
    try:
        with pytest.raises((DataError, OSError)):
            folder.is_whole(path, LONG)
    finally:
        path.chmod(0o700)


def test_a_stamp_changes_with_any_file(tmp_path: Path) -> None:
    """Its size, its time or its name; not with being read."""
    path = written(tmp_path / "checkpoint-5", **MODEL)
    before = folder.stamp(path)
    (path / "config.json").read_bytes()
    assert folder.stamp(path) == before
    (path / "config.json").write_bytes(b"{ }")
    assert folder.stamp(path) != before

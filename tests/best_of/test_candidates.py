"""Candidates as they are named: specs, names, and patterns of folders."""

from pathlib import Path

import pytest

from judgebench.best_of.candidates import expanded, on_one_base
from judgebench.errors import UsageError


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with checkpoints of three steps and an adapter, which is the working folder."""
    for step in (200, 1600, 800):
        made(tmp_path / f"checkpoint-{step}", "config.json")
    for step in (1, 10):
        made(tmp_path / f"lora-{step}", "adapter_config.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(folder: Path, file: str) -> None:
    """A folder with this file."""
    folder.mkdir(parents=True)
    (folder / file).write_text("{}", encoding="utf-8")


@pytest.mark.parametrize("pattern", ["checkpoint-*", "hf:checkpoint-*", "hf:./checkpoint-[0-9]*"])
def test_a_pattern_is_each_folder_in_the_order_of_its_number(runs: Path, pattern: str) -> None:
    """Called by the folder, as an hf: model."""
    place = "./" if "./" in pattern else ""
    assert expanded([pattern]) == tuple(f"checkpoint-{step}=hf:{place}checkpoint-{step}" for step in (200, 800, 1600))


def test_adapters_on_a_base(runs: Path) -> None:
    """A pattern behind the + is of adapters, which share the base."""
    found = expanded(["hf:org/base+lora-*"])
    assert found == ("lora-1=hf:org/base+lora-1", "lora-10=hf:org/base+lora-10")
    assert on_one_base(found)
    assert not on_one_base(expanded(["checkpoint-*"]))


def test_what_is_no_pattern_stays_as_it_is(runs: Path) -> None:
    """Names, specs, parameters of an endpoint, and a folder that is called like a pattern."""
    made(runs / "odd[1]", "config.json")
    given = ("mine", "openai:gpt-4.1?effort=high", "new=hf:./checkpoint-200", "hf:odd[1]")
    assert expanded(given) == given


def test_folders_of_one_name_are_called_by_their_paths(runs: Path) -> None:
    """Of two runs."""
    for run in ("one", "two"):
        made(runs / run / "final", "config.json")
    assert expanded(["*/final"]) == ("one/final=hf:one/final", "two/final=hf:two/final")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["nothing-*"], "--candidate nothing-*: no folder is called like that"),
        (["x=hf:checkpoint-*"], "3 checkpoints can't share one name"),
        (["a", "b", "a"], "the candidate a stands 2 times"),
        (["checkpoint-*", "hf:checkpoint-2*"], "the candidate checkpoint-200 stands 2 times"),
        (["half-*"], "half-written is no checkpoint, or no whole one"),
    ],
)
def test_what_makes_no_sense_says_so(runs: Path, given: list[str], told: str) -> None:
    """In one line."""
    made(runs / "half-written", "trainer_state.json")
    with pytest.raises(UsageError, match=told.replace("*", r"\*")):
        expanded(given)

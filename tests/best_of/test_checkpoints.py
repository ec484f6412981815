"""Checkpoints and adapters as candidates, found by a pattern: each says what it says alone."""

import shutil
from pathlib import Path

import pytest
from best_of.several import best_of
from models import tiny
from models.test_adapters import LORA, adapter
from servers.judge_server import judge_server
from servers.running import judgebench, make_workspace

JUDGE = ("--judge", "openai:judge", "--no-canaries", "--futility", "0")
ASKED = ("--device", "cpu", "--max-tokens", "4")
QUESTIONS = tiny.QUESTIONS[:12]  # of which a look is taken after 8, 10 and 12


def test_adapters_share_a_base_and_say_what_they_say_alone(tmp_path: Path) -> None:
    """Though they take turns on it, from look to look; each is called by its folder, in the order of its number."""
    pytest.importorskip("torch", reason="hf: models need the extra `local`")
    base = tiny.talkative(tmp_path / "base")
    for step in (10, 9):
        adapter(tmp_path / f"step-{step}", base, seed=step, **LORA, target_modules=["q_proj", "v_proj"])
    place, alone = (make_workspace(tmp_path / name, QUESTIONS, {"old": [["A question ."] * 2] * 12}) for name in "ab")
    with judge_server(tmp_path / "server", "longer") as server:
        pattern = f"hf:{base}+{tmp_path / 'step-*'}"
        _, found, said = best_of(place, *JUDGE, *ASKED, url=server.url, candidates=(pattern,))
    assert {one["name"] for one in found["candidates"]} == {"step-9", "step-10"}, said
    named = [f"--model={name}=hf:{base}+{tmp_path / name}" for name in ("step-9", "step-10")]
    assert judgebench(alone, "get-answers", "--questions", "small", *named, *ASKED).returncode == 0
    for one in found["candidates"]:
        rows = place.answers("small", one["name"]).read()
        there = {row.question_id: row.turns for row in alone.answers("small", one["name"]).read()}
        assert len(rows) == one["judged"] > 8
        assert {row.question_id: row.turns for row in rows}.items() <= there.items()


def test_the_same_weights_twice_are_refused(tmp_path: Path) -> None:
    """Under another name, before any call: two that are one model would tie for nothing."""
    pytest.importorskip("torch", reason="hf: models need the extra `local`")
    tiny.talkative(tmp_path / "runs" / "checkpoint-1")
    shutil.copytree(tmp_path / "runs" / "checkpoint-1", tmp_path / "runs" / "checkpoint-2")
    place = make_workspace(tmp_path / "w", QUESTIONS, {"old": [["A question ."] * 2] * 12})
    code, _, said = best_of(place, *JUDGE, *ASKED, candidates=(str(tmp_path / "runs" / "checkpoint-*"),))
    assert code == 2
    assert "the candidate checkpoint-2 is the same model as the candidate checkpoint-1: leave it out" in said

"""The gate on real checkpoints, from nothing: the small one under another name, its damaged copy, and few questions."""

import json
from pathlib import Path
from typing import Any

import pytest
from gate.gates import Texts, answers
from servers.running import judgebench

from judgebench import question_sets, workspace
from judgebench.question_sets import Category, QuestionSet, SetHead, load
from judgebench.workspace import Workspace

POLICY = """
[gate]
judge = "embedded"
max-tokens = 96
temperature = 0
[[gate.set]]
questions = "core-80"
role = "critical"
margin = 0.05
[[gate.set]]
questions = "turns-80"
role = "supporting"
margin = 0.10
[gate.guard]
answer_length = { at_most = 1.3 }
refused = { at_most_points = 2 }
"""


def gated(root: Path, base: Path, new: Path, policy: str = POLICY) -> tuple[int, dict[str, Any], str]:
    """Exit status, the JSON file and the screen, in a workspace that has nothing but its question sets."""
    list(workspace.init(root))
    (root / "judgebench.toml").write_text(policy, encoding="utf-8")
    pair, file = ("--baseline", f"base=hf:{base}", "--candidate", f"new=hf:{new}"), root / "gate.json"
    done = judgebench(Workspace(root), "gate", *pair, "--json", str(file))
    return done.returncode, json.loads(file.read_text(encoding="utf-8")), done.stdout + done.stderr


def resharded(checkpoint: Path, folder: Path) -> Path:
    """The same weights in several files, under another name."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    AutoModelForCausalLM.from_pretrained(checkpoint, dtype="auto").save_pretrained(folder, max_shard_size="100MB")
    AutoTokenizer.from_pretrained(checkpoint).save_pretrained(folder)
    for name in ("chat_template.jinja", "tokenizer_config.json", "tokenizer.json"):
        if (checkpoint / name).exists():
            (folder / name).write_bytes((checkpoint / name).read_bytes())
    assert len(list(folder.glob("*.safetensors"))) > 1
    return folder


@pytest.mark.slow
@pytest.mark.checkpoint
def test_the_same_weights_resharded_go(checkpoint_folder: Path, tmp_path: Path) -> None:
    """Saved anew, in several files and under another name: its answers are the same, and no match is judged."""
    new = resharded(checkpoint_folder, tmp_path / "other")
    code, found, said = gated(tmp_path / "w", checkpoint_folder, new, POLICY.replace("96", "8"))
    assert (code, found["verdict"]) == (0, "GO"), said
    assert all(one["rate"] == 0.5 and one["comparison"]["losses"] == 0 for one in found["sets"])
    assert {one["outcome"] for one in found["guards"]} <= {"passed", "open"}


@pytest.mark.slow
@pytest.mark.checkpoint
def test_a_damaged_copy_is_a_no_go(checkpoint_folder: Path, damaged_folder: Path, tmp_path: Path) -> None:
    """One critical set is enough; the other is left as it was."""
    policy = POLICY.partition("[gate.guard]")[0]
    code, found, said = gated(tmp_path / "w", checkpoint_folder, damaged_folder, policy)
    assert (code, found["verdict"]) == (3, "NO-GO"), said
    assert "failed" in [one["outcome"] for one in found["sets"]]
    assert sum(one["judged"] for one in found["sets"]) < 160


@pytest.mark.slow
@pytest.mark.checkpoint
def test_eight_questions_are_inconclusive(checkpoint_folder: Path, tmp_path: Path) -> None:
    """Of one that answers at random length: which set is open, and how many questions it takes."""
    list(workspace.init(tmp_path / "w"))
    place = Workspace(tmp_path / "w")
    questions = load(place.question_set_folder("core-80")).select(["writing"])[:8]
    head = SetHead("few", categories={"writing": Category()})
    question_sets.save(QuestionSet(head, tuple(questions)), place.question_set_folder("few"))
    answers(place, "few", "old", questions, Texts(lambda n: "It depends on what one wants. " * (20 if n % 2 else 1)))
    policy = POLICY.partition("[[gate.set]]")[0].replace("96", "24") + '[[gate.set]]\nquestions = "few"\n'
    (place.root / "judgebench.toml").write_text(policy, encoding="utf-8")
    done = judgebench(place, "gate", "--candidate", f"new=hf:{checkpoint_folder}", "--baseline", "old")
    assert done.returncode == 4, done.stdout + done.stderr
    assert done.stdout.startswith("INCONCLUSIVE: few is open")

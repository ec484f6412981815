"""Samples, seeds, system prompts, stop strings and reasoning of local checkpoints."""

from dataclasses import replace
from pathlib import Path

import pytest
from models import tiny

from judgebench.models import Options, Reply, Request
from judgebench.models.hf import HFModel
from judgebench.models.loading import templating
from judgebench.tables.records import Message, Sampling

pytest.importorskip("torch", reason="hf: models need the extra `local`")
WARM = Request(("hello world",), Sampling(temperature=1.5, max_tokens=8))
REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + tiny.TEMPLATE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random checkpoint."""
    return tiny.checkpoint(tmp_path_factory.mktemp("tiny"))


def replies(folder: Path, *requests: Request) -> list[Reply]:
    """In the order of the requests."""
    found = HFModel(str(folder), Options(device="cpu", dtype="float32")).generate(requests)
    return sorted(found, key=lambda reply: reply.index)


def texts(folder: Path, *requests: Request) -> list[str]:
    """What was said to the first turn of each."""
    return [reply.completions[0].text for reply in replies(folder, *requests)]


def test_samples_differ_and_can_be_drawn_again(folder: Path) -> None:
    """Each choice has its own numbers, and so has each seed; the same one gives the same text."""
    drawn = [replace(WARM, choice=choice) for choice in range(4)]
    seeded = replace(WARM, sampling=replace(WARM.sampling, seed=1))
    first = texts(folder, *drawn, seeded)
    assert len(set(first)) == 5
    assert texts(folder, seeded, *reversed(drawn)) == [first[-1], *first[3::-1]]


def test_greedy_samples_are_drawn_once(folder: Path) -> None:
    """They are the same whoever draws them: one costs time, the others only get its text."""
    cold = replace(WARM, sampling=replace(WARM.sampling, temperature=0.0))
    first, *others = replies(folder, *(replace(cold, choice=choice) for choice in range(3)))
    assert [reply.completions for reply in others] == [first.completions] * 2
    assert first.seconds > 0
    assert [reply.seconds for reply in others] == [0.0, 0.0]


def test_a_stop_string_of_the_users_ends_an_answer(folder: Path) -> None:
    """The text before it, finish reason stop."""
    cold = replace(WARM, sampling=replace(WARM.sampling, temperature=0.0))
    (whole,) = texts(folder, cold)
    stop = whole.split()[1]
    (cut,) = replies(folder, replace(cold, sampling=replace(cold.sampling, stop=(stop,))))
    assert cut.completions[0].text == whole[: whole.index(stop)].strip()
    assert cut.completions[0].finish_reason == "stop"


def test_a_template_that_knows_no_system_gets_it_with_the_users_text(tmp_path: Path) -> None:
    """As many chat formats want it; any other refusal is an error."""
    loaded = tiny.opened(tiny.checkpoint(tmp_path / "c", template=REFUSES))
    talk = [Message("system", "hello"), Message("user", "world")]
    assert templating.rendered(loaded.tokenizer, talk) == "user : hello\n\nworld </s> "
    assert texts(tmp_path / "c", replace(WARM, system="hello"))


def test_reasoning_that_the_template_begins_is_kept_apart(tmp_path: Path) -> None:
    """A model that never ends it has thought, and said nothing."""
    (reply,) = replies(tiny.checkpoint(tmp_path / "c", template=tiny.TEMPLATE + "<think>"), WARM)
    assert reply.completions[0].text == ""
    assert reply.reasoning[0]

"""A checkpoint that scores: each conversation by itself, whatever its batch, and what is none is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="reward: models need the extra `local`")

from models import tiny

from judgebench.errors import DataError, UsageError
from judgebench.models import Options, Spec, load_model
from judgebench.models.loading import LoadOptions, load
from judgebench.models.loading.weights import SurplusWeightsWarning
from judgebench.models.reward import Conversation, RewardModel, ScoredAloneWarning
from judgebench.tables.records import Failure, Message


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that scores by the share of a word; tests that change it copy it."""
    return tiny.reward(tmp_path_factory.mktemp("reward") / "counting")


def talk(*said: str, system: str | None = None) -> list[Message]:
    """A conversation of alternating turns."""
    turns = [Message(("user", "assistant")[place % 2], text) for place, text in enumerate(said)]
    return [Message("system", system), *turns] if system else turns


TALKS = [
    talk("what is a question ?", " ".join(["hello"] * hellos + ["world"] * worlds))
    for hellos, worlds in ((0, 3), (1, 9), (5, 5), (7, 0), (20, 5), (2, 40), (0, 1))
]


def scores(target: object, talks: list[Conversation], **options: Any) -> list[float | Failure]:
    """What a model gives each conversation."""
    found = dict(RewardModel(str(target), Options(device="cpu", **options)).scores(talks))
    return [found[place] for place in range(len(talks))]


def test_a_conversation_is_scored(counting: Path) -> None:
    """By the rule that the weights compute: more of the word is better, in the answer as in the system text."""
    few, many = scores(counting, [talk("what ?", "hello world world"), talk("what ?", "hello hello world")])
    assert isinstance(few, float)
    assert isinstance(many, float)
    assert few < many
    (with_system,) = scores(counting, [talk("what ?", "hello world world", system="hello hello hello")])
    assert isinstance(with_system, float)
    assert with_system > few


@pytest.mark.parametrize("pad", [3, None])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_score_is_transformers_own_of_the_text_alone(tmp_path: Path, dtype: str, pad: int | None) -> None:
    """In any batch, within what is rounded off, whether the model names a token that pads or none."""
    import torch

    folder = tiny.rewarding(tmp_path / "random", dtype=dtype, pad=pad)
    loaded = load(str(folder), LoadOptions(device="cpu", dtype=dtype), scores=True)
    alone = []
    for one in TALKS:
        text = "".join(f"{message.role} : {message.content} </s> " for message in one)
        with torch.inference_mode():
            given = loaded.model(**loaded.tokenizer(text, add_special_tokens=False, return_tensors="pt"))
        alone.append(float(given.logits[0, 0]))
    within = 2e-4 if dtype == "float32" else 0.1 * max(map(abs, alone))
    for size in (1, 3, None):
        assert scores(folder, TALKS, batch_size=size, dtype=dtype) == pytest.approx(alone, abs=within)


def test_a_conversation_that_is_too_long_fails_alone(counting: Path) -> None:
    """Nothing is cut off in silence, and the others have their scores."""
    short, long = scores(counting, [TALKS[0], talk("what ?", " ".join(["hello"] * 80))])
    assert isinstance(short, float)
    assert isinstance(long, Failure)
    assert long.kind == "scoring"
    assert "more than the 64 that the model has positions for" in long.message


def test_a_text_makes_no_control_token(counting: Path) -> None:
    """What reads like the end token in an answer is plain text, so that no answer ends the conversation."""
    from judgebench.models.loading.encoding import Encoder

    loaded = load(str(counting), LoadOptions(device="cpu"), scores=True)
    _, ids = Encoder(loaded.tokenizer, loaded.special_tokens).prompt(talk("what ?", "hello </s> </s> world"))
    assert ids.count(2) == 2  # the template's


@pytest.mark.parametrize(("labels", "why"), [(2, "gives 2 numbers"), (5, "gives 5 numbers")])
def test_several_numbers_are_refused(tmp_path: Path, labels: int, why: str) -> None:
    """Which of them is the reward nobody guesses."""
    folder = tiny.rewarding(tmp_path / "several")
    settings = json.loads((folder / "config.json").read_text())
    settings["id2label"] = {str(place): f"LABEL_{place}" for place in range(labels)}
    settings["label2id"] = {name: int(place) for place, name in settings["id2label"].items()}
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(UsageError, match=why):
        scores(folder, TALKS)


def test_a_model_that_writes_is_refused(tmp_path: Path) -> None:
    """It has no head that scores, and transformers would draw one at random."""
    with pytest.raises(UsageError, match=r"is a model that writes .LlamaForCausalLM. and none that scores"):
        scores(tiny.checkpoint(tmp_path / "causal"), TALKS)


def test_a_head_that_is_missing_is_refused(tmp_path: Path) -> None:
    """The silent garbage of a head that is newly initialised."""
    folder = tiny.reward(tmp_path / "headless", head=False)
    settings = json.loads((folder / "config.json").read_text())
    settings |= {"architectures": ["LlamaForSequenceClassification"], "id2label": {"0": "LABEL_0"}}
    settings["label2id"] = {"LABEL_0": 0}
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(DataError, match=r"1 weights are missing, score.weight the first.*scores would be random"):
        scores(folder, TALKS)


def test_no_template_and_one_without_the_answer_are_refused(tmp_path: Path) -> None:
    """A score of the question alone would look like any other."""
    with pytest.raises(UsageError, match="no chat template"):
        scores(tiny.reward(tmp_path / "none", template=None), TALKS)
    deaf = "{% for message in messages if message.role == 'user' %}{{ message.content }} {% endfor %}"
    with pytest.raises(UsageError, match=r"leaves out message 2 of 2 \(assistant\)"):
        scores(tiny.reward(tmp_path / "deaf", template=deaf), TALKS)


def test_surplus_weights_are_named(tmp_path: Path) -> None:
    """What a reward model was made from may have left its output layer behind: said, and refused if asked to."""
    import torch
    from safetensors.torch import load_file, save_file

    folder = tiny.reward(tmp_path / "surplus")
    weights = load_file(folder / "model.safetensors") | {"lm_head.weight": torch.zeros(32, 16)}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.warns(SurplusWeightsWarning, match="no place for lm_head.weight"):
        assert isinstance(scores(folder, TALKS[:1])[0], float)
    with pytest.raises(DataError, match=r"lm_head\.weight"):
        scores(folder, TALKS, strict_weights=True)


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # in peft, when one is made
def test_an_adapter_brings_the_head(counting: Path, tmp_path: Path) -> None:
    """On a base that only writes: as `peft` saves an adapter of a sequence classifier."""
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForSequenceClassification

    base = tiny.reward(tmp_path / "base", head=False)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
    config = peft.LoraConfig(task_type="SEQ_CLS", r=2, target_modules=["q_proj"])
    made = peft.get_peft_model(model, config)
    head = made.base_model.model.score.modules_to_save["default"].weight
    head.data[0] = 0.0
    head.data[0, 1:3] = head.new_tensor([-1.0, 20.0])
    made.save_pretrained(tmp_path / "adapter")
    assert scores(f"{base}+{tmp_path / 'adapter'}", TALKS) == scores(counting, TALKS)


def test_an_adapter_without_a_head_is_refused(tmp_path: Path) -> None:
    """On a base without one either, the head would be random."""
    base = tiny.checkpoint(tmp_path / "base")
    with pytest.raises(UsageError, match="writes"):
        scores(tiny.adapter(tmp_path / "adapter", str(base)), TALKS)


def test_a_model_whose_batches_are_wrong_scores_alone(counting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried when it is loaded, and said."""
    from judgebench.models.engine.scoring import Scorer

    own = Scorer._computed

    def spoilt(self: Scorer, prompts: Any) -> list[float]:
        return [one + (len(prompts) > 1) for one in own(self, prompts)]

    alone = scores(counting, TALKS)
    monkeypatch.setattr(Scorer, "_computed", spoilt)
    with pytest.warns(ScoredAloneWarning, match="one text at a time: in a batch its scores are off"):
        assert scores(counting, TALKS) == alone


def test_memory_that_runs_out_makes_batches_smaller(counting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a text that doesn't fit alone is its row's failure."""
    from judgebench.models.engine.scoring import Scorer

    own = Scorer._computed

    def short(self: Scorer, prompts: Any) -> list[float]:
        if len(prompts) > 2 or len(prompts[0]) > 40:
            raise RuntimeError("out of memory")
        return own(self, prompts)

    wanted = scores(counting, TALKS)
    monkeypatch.setattr(Scorer, "_computed", short)
    found = scores(counting, TALKS)
    assert [one for one in found if isinstance(one, float)] == [wanted[place] for place in (0, 1, 2, 3, 4, 6)]
    assert isinstance(found[5], Failure)
    assert "out of memory" in found[5].message


def test_a_reward_model_answers_nothing() -> None:
    """As a model it is refused by a line that says what it is for."""
    with pytest.raises(UsageError, match="is a judge"):
        load_model(Spec("r", "reward", "./r"), Options())


def test_identity_is_that_of_the_checkpoint(counting: Path, tmp_path: Path) -> None:
    """Other weights, template or arithmetic make another judge."""
    other = tiny.reward(tmp_path / "other", word="world")
    asked = [
        RewardModel(str(counting)),
        RewardModel(str(other)),
        RewardModel(str(counting), Options(dtype="bfloat16")),
        RewardModel(str(counting), Options(chat_template="vicuna")),
    ]
    assert len({json.dumps(dict(one.identity)) for one in asked}) == len(asked)

"""The engine proves itself on each model before it answers: what differs in a batch is held alone, and says so."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from models import families, tiny

from judgebench.errors import JudgebenchError
from judgebench.models import Options, Request
from judgebench.models.engine import Done, Engine, Job
from judgebench.models.engine import engine as loop
from judgebench.models.engine.limits import limits_of
from judgebench.models.engine.proof import TOLERANCE, distance, prove
from judgebench.models.engine.sides import ALONE, LONG, SHORT, Sides, sides_of
from judgebench.models.hf import HELD_ALONE, HeldAloneWarning, HFModel
from judgebench.tables.records import Sampling

torch = pytest.importorskip("torch", reason="hf: models need the extra `local`")
transformers = pytest.importorskip("transformers", reason="hf: models need the extra `local`")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Models this small are slower in several threads."""
    torch.set_num_threads(1)


def engine(model: Any, **settings: Any) -> Engine:
    """An engine for four rows."""
    return Engine(model, families.Letters(), batch_size=4, **settings)


def run(made: Engine, *lengths: int, tokens: int = 8) -> list[Done]:
    """What becomes of prompts of those lengths, in their order."""
    work = [Job(place, prompt, tokens) for place, prompt in enumerate(families.prompts(lengths))]
    return sorted(made.run(work), key=lambda done: done.index)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", ["llama", "mistral, a short window", "qwen2_moe", "bloom"])
def test_a_sound_model_is_answered_for_in_batches(name: str, dtype: str) -> None:
    """Its logits are those of `generate` within the rounding of each dtype."""
    made = engine(families.model(name).to(getattr(torch, dtype)))
    assert prove(made) is None
    assert made.sides.apart is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("roformer", "in a batch its logits are off by 0."),
        ("rwkv", "in a batch its logits are off by"),
        ("recurrent_gemma", "in a batch its logits are off by"),
        ("openai-gpt", "a batch of it fails (RuntimeError"),
    ],
)
def test_a_model_that_is_another_in_a_batch_is_held_alone(name: str, why: str) -> None:
    """It has no positions of its own, a state in its modules, or none at all; every row says which way it was."""
    made = engine(families.model(name))
    found = prove(made)
    assert found
    assert why in found
    done = run(made, 17, 21)
    assert {one.way for one in done} == {found}
    assert not any(one.failure for one in done)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["roformer", "rwkv"])
def test_rounding_hides_no_wrong_batch(name: str, dtype: str) -> None:
    """What is another in float32 is in a shorter dtype too."""
    assert prove(engine(families.model(name).to(getattr(torch, dtype))))


@pytest.mark.parametrize("name", ["mamba", "mamba2", "falcon_mamba"])
def test_a_state_goes_by_the_name_that_the_model_has_for_it(name: str) -> None:
    """Such models are held in batches."""
    made = engine(families.model(name))
    assert prove(made) is None
    assert not any(one.way or one.failure for one in run(made, 17, 21))


def test_a_model_that_can_not_generate_at_all_is_one_line() -> None:
    """There is nothing to hold the engine against."""
    model = families.model("llama")

    def broken(*_: Any, **__: Any) -> Any:
        raise TypeError("no such thing")

    model.generate = broken
    with pytest.raises(JudgebenchError, match=r"its own `generate` fails.*no such thing"):
        prove(engine(model))


def test_an_error_of_one_prompt_alone_is_a_row() -> None:
    """The others have their answers."""
    model = families.model("rwkv")
    made, inner = engine(model), model.forward
    prove(made)

    def picky(*given: Any, **inputs: Any) -> Any:
        if inputs["input_ids"].shape[1] == 33:
            raise IndexError("index out of range in self")
        return inner(*given, **inputs)

    model.forward = picky
    first, second = run(made, 17, 33)
    assert not first.failure
    assert second.failure == f"{loop.CANT} (IndexError: index out of range in self)"


def test_rows_are_on_the_side_of_their_own_length() -> None:
    """One that crosses the limit goes over, or is alone from its beginning where the model computes nothing anew."""
    sides = Sides(32)
    assert [sides.of(20, length, 40) for length in (20, 32, 33)] == [SHORT, SHORT, LONG]
    assert sides.of(20, 20, 32) == SHORT
    mixed = Sides(32, crosses=False)
    assert [mixed.of(20, 20, 40), mixed.of(33, 33, 40), mixed.of(20, 20, 30)] == [ALONE, LONG, SHORT]
    assert sides_of(families.model("phi3, longrope")) == Sides(32)
    assert sides_of(families.model("llama, longrope")) == mixed
    assert sides_of(families.model("llama, dynamic")).long == ALONE
    assert sides_of(families.model("llama")).limit is None


@pytest.mark.parametrize("name", ["phi3, longrope", "phi3, longrope, at its limit", "llama, dynamic"])
def test_a_long_prompt_changes_nobody_elses_positions(name: str) -> None:
    """Short, crossing and long rows in one batch say what each says alone."""
    model = families.model(name)
    made = engine(model)
    made.endings = replace(made.endings, tokens=families.ENDS)
    work = [Job(place, prompt, 12) for place, prompt in enumerate(families.prompts((12, 60, 20, 23, 24, 30)))]
    for done in made.run(work):
        assert done.tokens == families.alone(families.model(name), work[done.index])


def test_positions_are_those_that_there_are_rows_for() -> None:
    """A table may have rows in front that are no positions; -1 is no limit, and dynamic scaling goes beyond."""
    assert limits_of(families.model("roberta, few positions")).whole == 71  # of 72 one is for padding
    assert limits_of(families.model("xlnet")).whole is None
    assert limits_of(families.model("mpt, few positions")).whole == 70
    assert limits_of(families.model("llama, dynamic")).whole == 128


@pytest.mark.parametrize("name", ["mpt, few positions", "openai-gpt, few positions", "opt, few positions"])
def test_beyond_its_positions_a_prompt_is_refused_and_an_answer_cut(name: str) -> None:
    """The others are answered."""
    made = engine(families.model(name))
    prove(made)
    made.endings = replace(made.endings, tokens=frozenset())
    short, full, beyond = run(made, 12, 66, 90)
    assert (short.failure, short.drawn) == (None, 8)
    assert (full.failure, full.finish_reason, full.drawn) == (None, "length", 4)
    assert "90 tokens leave no room in the model's context of 70" in str(beyond.failure)


def bart() -> Any:
    """An encoder-decoder model of 40 positions."""
    torch.manual_seed(0)
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "max_position_embeddings": 40}
    ids = {"vocab_size": families.WORDS, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    config = transformers.BartConfig(**sizes, **heads, **ids, decoder_start_token_id=1, forced_eos_token_id=None)
    return transformers.BartForConditionalGeneration(config).eval()


def test_an_encoder_decoder_has_two_limits() -> None:
    """Its prompt's and its answer's; the line of one that is too long stands in its row alone."""
    model = bart()
    model.generation_config = transformers.GenerationConfig(decoder_start_token_id=1, pad_token_id=0)
    made = engine(model, own_settings=True)
    made.endings = replace(made.endings, tokens=frozenset())
    short, long = run(made, 12, 60, tokens=60)
    assert (short.failure, short.finish_reason, short.drawn) == (None, "length", 39)
    assert long.failure == "the prompt's 60 tokens are more than the 40 that the model's encoder takes"


def test_an_answer_that_is_made_to_end_at_its_limit_is_cut() -> None:
    """Some settings force an end token there."""
    model = bart()
    model.generation_config = transformers.GenerationConfig(
        decoder_start_token_id=1, pad_token_id=0, eos_token_id=2, forced_eos_token_id=2
    )
    (done,) = run(engine(model, own_settings=True), 12, tokens=6)
    assert (done.finish_reason, done.drawn, len(done.tokens)) == ("length", 6, 5)


def roformer(folder: Path) -> Path:
    """A checkpoint that has no positions for a batch, with tiny's words."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "embedding_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    ids = {"vocab_size": 32, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3}
    config = transformers.RoFormerConfig(**sizes, **ids, num_attention_heads=2, is_decoder=True)
    model = transformers.RoFormerForCausalLM(config)
    for weights in model.parameters():
        weights.data *= 5
    model.save_pretrained(folder)
    return tiny.tokenizer(folder)


def test_it_is_said_once_and_kept_in_each_answer(tmp_path: Path) -> None:
    """A line for the model, and the way in which each answer was made."""
    model = HFModel(str(roformer(tmp_path / "r")), Options(device="cpu"))
    asked = [Request((text, "what ?"), Sampling(max_tokens=3)) for text in ("hello", "hello world")]
    with pytest.warns(HeldAloneWarning, match=rf"{HELD_ALONE}: in a batch its logits are off") as said:
        replies = list(model.generate(asked))
    assert len(said) == 1
    notes = [note for reply in replies for completion in reply.completions for note in completion.notes]
    assert len(notes) == 4
    assert all(note.startswith(HELD_ALONE) for note in notes)


def test_a_distance_is_in_shares_of_the_spread() -> None:
    """What all logits have in common counts for nothing, nor do forbidden tokens; a nan on one side is far."""
    logits = torch.randn(97)
    assert distance(logits + 3, logits) < 1e-6
    forbidden = torch.cat([logits, torch.tensor([torch.finfo(torch.float32).min])])
    assert distance(forbidden, forbidden) == 0
    assert distance(-logits, logits) == pytest.approx(2)
    assert distance(torch.full((97,), torch.nan), logits) == float("inf")
    assert list(TOLERANCE) == ["float32", "float16", "bfloat16"]

"""The engine: a batch whose rows come and go says what each prompt would get alone, token for token."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from judgebench.models.engine import Count, Done, Engine, Job
from judgebench.models.engine import engine as loop

torch = pytest.importorskip("torch", reason="hf: models need the extra `local`")
transformers = pytest.importorskip("transformers", reason="hf: models need the extra `local`")

WORDS = 97
SIZES = {
    "vocab_size": WORDS,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small are slower in several threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@dataclass
class Letters:
    """A tokenizer with a letter for each token; it pads right, as many do, which must not matter."""

    padding_side: str = "right"
    pad_token_id: int | None = None
    eos_token_id: int | None = None

    def decode(self, tokens: list[int], skip_special_tokens: bool = False) -> str:
        """Token 3 is `A`."""
        return "".join(chr(62 + token) for token in tokens if token > 2 or not skip_special_tokens)


def tiny(kind: str = "Llama", **changes: Any) -> Any:
    """A random model of two small layers."""
    torch.manual_seed(0)
    settings = "Gemma3TextConfig" if kind == "Gemma3" else f"{kind}Config"
    config = getattr(transformers, settings)(**SIZES | changes)
    model = getattr(transformers, f"{kind}ForCausalLM")(config).eval()
    for weights in model.parameters():  # as initialized, it would repeat one token for ever
        weights.data *= 4
    return model


def prompts(count: int, *, longest: int = 60, seed: int = 1) -> list[tuple[int, ...]]:
    """Prompts of mixed lengths."""
    chance = random.Random(seed)
    return [tuple(chance.randrange(3, WORDS) for _ in range(chance.randint(1, longest))) for _ in range(count)]


def jobs(count: int, **settings: Any) -> list[Job]:
    """Jobs with unlike limits."""
    return [Job(place, prompt, 1 + 7 * place % 40, **settings) for place, prompt in enumerate(prompts(count))]


def run(model: Any, work: Any, batch_size: int | None = 4, **settings: Any) -> dict[int, Done]:
    """What became of each job."""
    return {done.index: done for done in Engine(model, Letters(**settings), batch_size=batch_size).run(work)}


def alone(model: Any, job: Job, stops: tuple[int, ...] = (2,)) -> tuple[int, ...]:
    """The tokens of `model.generate` with one prompt, without the end token."""
    prompt = torch.tensor([job.prompt])
    said = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=job.max_tokens,
        do_sample=False,
        eos_token_id=list(stops),
        pad_token_id=0,
    )[0, len(job.prompt) :].tolist()
    return tuple(said[: next((place for place, token in enumerate(said) if token in stops), None)])


def differing(model: Any, work: list[Job], done: dict[int, Done]) -> list[int]:
    """Which jobs got other tokens than they get alone."""
    return [job.index for job in work if done[job.index].tokens != alone(model, job)]


SLIDING = {"sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"], "head_dim": 8}


@pytest.mark.parametrize("batch_size", [1, 3, 8, None])
def test_tokens_are_those_of_each_prompt_alone(batch_size: int | None) -> None:
    """Whatever the batch: short and long prompts, few and many tokens, rows that come and go."""
    model, work = tiny(), jobs(20)
    done = run(model, work, batch_size)
    assert differing(model, work, done) == []
    assert {len(item.tokens) for item in done.values()} > {1, 8}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("Gemma3", SLIDING),
        ("Mistral", {"sliding_window": 8}),
        ("Qwen2", {}),
        ("OPT", {"ffn_dim": 48, "word_embed_proj_dim": 32}),
        ("Bloom", {"n_layer": 2, "n_head": 4}),
    ],
)
def test_so_it_is_for_other_kinds_of_model(kind: str, changes: dict[str, Any]) -> None:
    """Sliding windows, learnt positions, biases by distance."""
    model, work = tiny(kind, **changes), jobs(12)
    assert differing(model, work, run(model, work)) == []


def test_a_model_with_another_state_runs_in_closed_batches() -> None:
    """Layers with a state that is no keys and values: rows leave one by one, and enter only together."""
    model, work = tiny("Lfm2", layer_types=["conv", "full_attention"]), jobs(12)
    assert differing(model, work, run(model, work)) == []


def test_jobs_are_drawn_when_there_is_room() -> None:
    """A thousand jobs take no more memory than a few: no more than the batch and those to choose from are held."""
    drawn = finished = most = 0

    def many() -> Iterator[Job]:
        nonlocal drawn
        for place in range(300):
            drawn += 1
            yield Job(place, (5, 6, 7), 1 + place % 5)

    for _ in Engine(tiny(), Letters(), batch_size=4).run(many()):
        finished += 1
        most = max(most, drawn - finished)
    assert (drawn, finished) == (300, 300)
    assert most <= 4 + loop._AHEAD


def test_a_long_answer_holds_nobody() -> None:
    """Others come and go beside it, so that the steps are as many as it has tokens, not as the sum over batches."""
    model, steps = tiny(eos_token_id=None), 0
    inner = model.forward

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal steps
        steps += kwargs["input_ids"].shape[1] == 1
        return inner(*args, **kwargs)

    model.forward = counted
    run(model, [Job(0, (5,) * 9, 60), *(Job(place, (5, 6), 4) for place in range(1, 40))], batch_size=4)
    assert steps < 75


@dataclass
class Scarce:
    """A model on a machine with memory for so many tokens at a time."""

    model: Any
    room: int
    message: str = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"
    refused: int = 0
    sizes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inner, self.model.forward = self.model.forward, self

    def __call__(self, **inputs: Any) -> Any:
        """The model's forward, or an error."""
        rows = inputs["input_ids"].shape[0]
        if rows > self.room:
            self.refused += 1
            raise RuntimeError(self.message)
        self.sizes.append(rows)
        return self.inner(**inputs)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_out_of_memory_halves_the_batch_and_changes_nothing(temperature: float) -> None:
    """Rows go on from where they were, fewer at a time, and the size is kept for what comes."""
    model, work = tiny(), jobs(20, temperature=temperature, seed=3)
    expected = {index: done.tokens for index, done in run(model, work, 16).items()}
    scarce = Scarce(model, 3)
    engine = Engine(model, Letters(), batch_size=16)
    assert {done.index: done.tokens for done in engine.run(work)} == expected
    assert engine.batch_size in (2, 3)
    assert max(scarce.sizes) == engine.batch_size


def test_a_prompt_too_large_for_memory_fails_alone() -> None:
    """The one that has no room even by itself is a failure; the others have their answers."""
    model, work = tiny(), jobs(6)
    inner = model.forward

    def scarce(**inputs: Any) -> Any:
        if inputs["input_ids"].shape[1] > 300:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return inner(**inputs)

    model.forward = scarce
    done = run(model, [*work, Job(99, (5,) * 301, 3)])
    assert done[99].failure == loop.NO_MEMORY
    assert differing(model, work, done) == []


def test_other_errors_are_not_taken_for_it() -> None:
    """What isn't about memory is raised."""
    model = tiny()
    Scarce(model, 0, message="mat1 and mat2 shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="shapes"):
        run(model, jobs(2))


@pytest.mark.parametrize("place", [89, 95], ids=["in the prompt", "while it answers"])
def test_a_row_that_is_not_finite_fails_alone(place: int) -> None:
    """A nan in one row ends that job with a message, and no other row sees it, not even the one that follows it."""
    model, work = tiny(), jobs(12)
    expected = {job.index: alone(model, job) for job in work}
    poison(model, place)
    done = run(model, [Job(99, (5,) * 90, 10), *work], batch_size=3)
    assert done[99].failure == loop.NOT_FINITE
    assert len(done[99].tokens) == max(0, place - 89)
    assert {job.index: done[job.index].tokens for job in work} == expected


def poison(model: Any, place: int) -> None:
    """Make what the model sees at one position nan; only long rows get there."""
    whole, embed, places = model.forward, model.model.embed_tokens.forward, []

    def forward(**inputs: Any) -> Any:
        places[:] = [inputs["position_ids"]]
        return whole(**inputs)

    def embedded(tokens: Any) -> Any:
        return embed(tokens).masked_fill(places[0][..., None] == place, float("nan"))

    model.forward, model.model.embed_tokens.forward = forward, embedded


def test_sampled_answers_depend_on_their_seed_alone() -> None:
    """Not on who else is in the batch, nor on when they came in; another seed gives another answer."""
    model = tiny(eos_token_id=None)
    work = [Job(place, prompt, 12, 1.0, seed=place % 2) for place, prompt in enumerate(prompts(8))]
    together = run(model, work, 8)
    assert all(run(model, [job], 1)[job.index].tokens == together[job.index].tokens for job in work)
    assert run(model, [replace(work[0], seed=9)], 1)[0].tokens != together[0].tokens


def test_sampling_follows_the_distribution() -> None:
    """Of 3000 first tokens, each is drawn as often as the softmax at that temperature says, within four errors."""
    model, prompt, count = tiny(), (5, 6, 7), 3000
    done = run(model, (Job(seed, prompt, 1, 1.5, seed) for seed in range(count)), 64)
    with torch.inference_mode():
        shares = torch.softmax(model(torch.tensor([prompt])).logits[0, -1].double() / 1.5, dim=-1)
    drawn = [2 if not item.tokens else item.tokens[0] for item in done.values()]
    seen = torch.bincount(torch.tensor(drawn), minlength=WORDS) / count
    errors = (shares * (1 - shares) / count).sqrt() + 1 / count
    assert float(((seen - shares).abs() / errors).max()) < 4


def test_an_answer_ends_before_a_stop_string() -> None:
    """The text is what stands before it; a stop string that spans tokens counts too."""
    model = tiny(eos_token_id=None)
    whole = run(model, [Job(0, (5, 6, 7), 30)])[0].text
    stop = whole[8:11]
    done = run(model, [Job(0, (5, 6, 7), 30, stop=("never this", stop))])[0]
    assert done.text == whole[: whole.index(stop)]
    assert done.finish_reason == "stop"
    assert Letters().decode(list(done.tokens), skip_special_tokens=True) == done.text + stop


def test_any_of_several_end_tokens_ends_an_answer() -> None:
    """Those of the generation settings, where they may be a list, and the tokenizer's."""
    model, work = tiny(eos_token_id=None), [replace(job, max_tokens=40) for job in jobs(8)]
    ends = sorted({run(model, [job])[job.index].tokens[5] for job in work})[:3]
    model.generation_config.eos_token_id = ends[:2]
    done = run(model, work, eos_token_id=ends[2])
    assert {job.index: done[job.index].tokens for job in work} == {
        job.index: alone(model, job, tuple(ends)) for job in work
    }
    stopped = [item for item in done.values() if item.finish_reason == "stop"]
    assert stopped
    assert all(item.drawn == len(item.tokens) + 1 for item in stopped)


NEXT: dict[str, Callable[[Job, Done], tuple[int, ...]]] = {
    "it goes on": lambda job, done: (*job.prompt, *done.tokens, 7, 8, 9),
    "nothing is new": lambda job, done: (*job.prompt, *done.tokens),
    "the answer is left out": lambda job, done: (*job.prompt, 7),
    "earlier turns read otherwise": lambda job, done: (*job.prompt[: len(job.prompt) // 2], 9, *done.tokens, 7),
    "it is cut": lambda job, done: (*job.prompt[:-1], 7),
    "nothing is alike": lambda job, done: (96, *reversed(job.prompt)),
}


def talk(model: Any, work: list[Job], after: str, batch_size: int) -> tuple[list[Job], dict[int, Done]]:
    """Conversations of three turns: the jobs that they came to, and what became of each."""
    held = {job.index: job for job in work}

    def follow(done: Done) -> Job | None:
        if done.index >= 200 or done.failure:
            return None
        job = replace(held[done.index], index=done.index + 100, prompt=NEXT[after](held[done.index], done))
        held[job.index] = job
        return job

    done = {item.index: item for item in Engine(model, Letters(), batch_size=batch_size).run(iter(work), follow)}
    return list(held.values()), done


@pytest.mark.parametrize("batch_size", [1, 3, 8])
@pytest.mark.parametrize("after", NEXT)
def test_a_next_turn_says_what_its_prompt_gets_alone(after: str, batch_size: int) -> None:
    """However much of it the turn before has seen, beside rows that come and go."""
    model = tiny()
    held, done = talk(model, jobs(6), after, batch_size)
    assert sorted(done) == [place + turn for turn in (0, 100, 200) for place in range(6)]
    assert differing(model, held, done) == []


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("Gemma3", SLIDING),
        ("OPT", {"ffn_dim": 48, "word_embed_proj_dim": 32}),
        ("Bloom", {"n_layer": 2, "n_head": 4}),
        ("Lfm2", {"layer_types": ["conv", "full_attention"]}),
    ],
)
def test_so_do_those_of_other_kinds_of_model(kind: str, changes: dict[str, Any]) -> None:
    """Sliding windows, learnt positions, biases by distance; and a state that can't be taken over."""
    model = tiny(kind, **changes)
    held, done = talk(model, jobs(5), "it goes on", 3)
    assert differing(model, held, done) == []


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_next_turn_outlives_a_shortage_of_memory(temperature: float) -> None:
    """What was kept is given up, and computed again."""
    model, work = tiny(), jobs(12, temperature=temperature, seed=3)
    expected = {index: done.tokens for index, done in talk(model, work, "it goes on", 8)[1].items()}
    Scarce(model, 3)
    assert {index: done.tokens for index, done in talk(model, work, "it goes on", 8)[1].items()} == expected


def test_a_next_turn_computes_only_what_is_new() -> None:
    """Tokens that the turn before put through the model do not go through it again."""
    model, sizes = tiny(eos_token_id=None), []
    inner = model.forward

    def counted(**inputs: Any) -> Any:
        sizes.append(inputs["input_ids"].shape[1])
        return inner(**inputs)

    model.forward = counted
    held, done = talk(model, [Job(0, (5,) * 50, 20)], "it goes on", 1)
    assert len(done[200].tokens) == 20
    assert [size for size in sizes if size > 1] == [50, 4, 4]  # the last token drawn and three that are new
    assert len(held[2].prompt) == 50 + 2 * 23


def test_what_has_no_room_in_the_context_is_a_failure() -> None:
    """A prompt longer than the model's positions, and an empty one; an answer that fills them is cut."""
    work = [Job(0, (5,) * 512, 3), Job(1, (), 3), Job(2, (5,) * 510, 30)]
    done = run(tiny(eos_token_id=None), work)
    assert "leave no room" in str(done[0].failure)
    assert done[1].failure == "the prompt is empty"
    assert (done[2].failure, done[2].finish_reason, done[2].drawn) == (None, "length", 2)


def test_the_shares_of_the_time_add_up() -> None:
    """The seconds of all jobs are the seconds of the whole, and the model is as it was."""
    model = tiny()
    done = run(model, jobs(10))
    assert all(item.seconds > 0 for item in done.values())
    assert not any("forward" in vars(part) for part in model.modules())


def test_the_tokens_drawn_so_far_can_be_seen() -> None:
    """Before the first job is done, too; in the end they are the sum of all, whatever memory ran out in between."""
    model, count, seen = tiny(), Count(), []
    inner = model.forward

    def watched(**inputs: Any) -> Any:
        seen.append(count.drawn)
        return inner(**inputs)

    model.forward = watched
    Scarce(model, 3)
    done = list(Engine(model, Letters(), batch_size=8, count=count).run(jobs(12)))
    assert seen == sorted(seen)
    assert 0 == seen[0] < seen[1] < count.drawn
    assert count.drawn == sum(item.drawn for item in done)


@pytest.mark.checkpoint
def test_a_real_checkpoint_says_what_it_says_alone(checkpoint_folder: Path) -> None:
    """In float32, token for token, with short and long prompts in one batch that is refilled."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint_folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint_folder, dtype="float32").eval()
    long = "Here is a list of colours: red, green, blue. " * 12
    asked = ["Say hello.", f"{long}Which comes last?", "What is the capital of France?", "Name three fruits.", long]
    work = [
        Job(place, tuple(_prompt(tokenizer, text)), 4 + 6 * (place % 3)) for place, text in enumerate([*asked, "Hi!"])
    ]
    done = {item.index: item for item in Engine(model, tokenizer, batch_size=3).run(work)}
    assert differing(model, work, done) == []
    assert "Paris" in done[2].text


def _prompt(tokenizer: Any, text: str) -> list[int]:
    talk = [{"role": "user", "content": text}]
    return list(tokenizer.apply_chat_template(talk, add_generation_prompt=True, return_dict=True)["input_ids"])

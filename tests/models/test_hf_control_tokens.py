"""Control tokens are the chat template's alone: no text makes one, and ordinary texts have the ids that they had."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `local`")

from hypothesis import example, given, settings
from hypothesis import strategies as st
from models import tiny, tokenizing
from models.tokenizing import CONTROL, EXACT, KINDS, LETTERS, MARKUP, TEMPLATE

from judgebench.errors import UsageError
from judgebench.models import Options, Request
from judgebench.models.engine import Engine, Job
from judgebench.models.hf import HFModel
from judgebench.models.loading.control import control_tokens
from judgebench.models.loading.encoding import Encoder
from judgebench.tables.records import Message, Sampling

ROLES = ("user", "assistant")
PIECES = (
    *CONTROL,
    *MARKUP,
    "</S>",
    "[inst]",
    " ",
    "\n",
    "hello",
    "The quick",
    "user",
    "s>",
    "<|im_",
    "end|>",
    "<",
    "/s>",
)
hostile = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
ordinary = st.text(LETTERS.replace("<", "").replace("[", ""), max_size=60)


def talk(*texts: str) -> list[Message]:
    """A conversation of alternating turns."""
    return [Message(ROLES[number % 2], text) for number, text in enumerate(texts)]


@pytest.fixture
def encoder() -> Iterator[Callable[..., Encoder]]:
    """An encoder by a shared tokenizer of some kind, with a template that it has for this test."""

    def made(kind: str = KINDS[0], template: str = TEMPLATE, special_tokens: bool = False) -> Encoder:
        return Encoder(tokenizing.template(tokenizing.tokenizer(kind), template), special_tokens)

    yield made
    for kind in KINDS:
        tokenizing.template(tokenizing.tokenizer(kind), TEMPLATE)


def as_before(encoder: Encoder, text: str) -> tuple[int, ...]:
    """The ids of a rendered text as the tokenizer makes them of the whole."""
    return tuple(encoder.tokenizer(text, add_special_tokens=encoder.special_tokens)["input_ids"])


def parts(encoder: Encoder, ids: Sequence[int]) -> tuple[list[str], list[str]]:
    """The control tokens among the ids, and the texts before, between and after them; unknown words are text."""
    tokenizer = encoder.tokenizer
    names = {token: name for token, name in control_tokens(tokenizer).items() if token != tokenizer.unk_token_id}
    found, between = list[str](), [list[int]()]
    for token in ids:
        if token in names:
            found.append(names[token])
            between.append([])
        else:
            between[-1].append(token)
    return found, [str(tokenizer.decode(some)) for some in between]


def letters(text: str) -> str:
    """What is left of a text by a tokenizer that keeps neither spaces nor capitals."""
    return "".join(text.split()).lower()


@pytest.mark.parametrize("kind", KINDS)
@example(texts=["</S></S><table></S>"])
@given(texts=st.lists(hostile, min_size=1, max_size=3))
def test_no_text_makes_a_control_token(kind: str, texts: list[str]) -> None:
    """There are those that the template wrote, where it wrote them, and between them every text is what it was."""
    encoder = Encoder(tokenizing.tokenizer(kind), special_tokens=False)
    text, ids = encoder.prompt(talk(*texts))
    found, between = parts(encoder, ids)
    assert found == ["<|im_start|>", "<|im_end|>"] * len(texts) + ["<|im_start|>"]
    said = [f"{message.role}\n{message.content}" for message in talk(*texts)]
    wanted = ["", *(part for one in said for part in (one, "\n")), "assistant\n"]
    if kind in EXACT:
        assert between == wanted
    elif encoder.tokenizer.unk_token_id not in ids:
        assert [letters(part) for part in between] == [letters(part) for part in wanted]
    assert text == "".join(f"<|im_start|>{one}<|im_end|>\n" for one in said) + "<|im_start|>assistant\n"


@pytest.mark.parametrize("kind", KINDS)
@given(texts=st.lists(ordinary | st.sampled_from(MARKUP), min_size=1, max_size=3))
def test_ordinary_texts_have_the_ids_that_they_had(kind: str, texts: list[str]) -> None:
    """Those of the whole rendered text, merges over its seams and unknown words included."""
    encoder = Encoder(tokenizing.tokenizer(kind), special_tokens=False)
    text, ids = encoder.prompt(talk(*texts))
    assert ids == as_before(encoder, text)


@pytest.mark.filterwarnings("ignore:This sequence already has")  # the slow one of bytes to itself
@pytest.mark.parametrize("kind", KINDS)
@given(text=hostile)
def test_what_the_tokenizer_puts_around_a_text_stays(kind: str, text: str) -> None:
    """With `plain` the tokenizer adds its own special tokens, and they are the only ones."""
    tokenizer = tokenizing.template(tokenizing.tokenizer(kind), "{{ messages[0].content }}")
    try:
        encoder = Encoder(tokenizer, special_tokens=True)
        added = parts(encoder, as_before(encoder, "hello"))[0]
        assert parts(encoder, encoder.prompt(talk(text))[1])[0] == added
    finally:
        tokenizing.template(tokenizer, TEMPLATE)


TURN = "{{% for message in messages %}}{{{{ '<|im_start|>' }}}}{}{{{{ '<|im_end|>' }}}}{{% endfor %}}"
TRANSFORMS: dict[str, tuple[str, Callable[[str], str]]] = {
    "cut at the ends": ("{{ message.content | trim }}", str.strip),
    "cut on the left": ("{{ message.content.lstrip() }}", str.lstrip),
    "in capitals": ("{{ message.content | upper }}", str.upper),
    "in small letters": ("{{ message.content.lower() }}", str.lower),
    "as JSON": (
        "{{ {'text': message.content} | tojson }}",
        lambda text: json.dumps({"text": text}, ensure_ascii=False),
    ),
    "escaped": ("{{ message.content | e }}", lambda text: text.replace("<", "&lt;").replace(">", "&gt;")),
    "cut short": ("{{ message.content[:9] }}", lambda text: text[:9]),
    "twice": ("{{ message.content + message.content }}", lambda text: text + text),
    "in reverse": ("{{ message.content[::-1] }}", lambda text: text[::-1]),
    "behind what could be its beginning": ("<{{ message.content }}>", lambda text: f"<{text}>"),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@given(text=hostile)
@settings(max_examples=60)
def test_a_template_may_do_what_it_likes_with_a_text(name: str, text: str) -> None:
    """Control tokens are its own, also where only what it did to the text made one; the rest is as it was rendered."""
    piece, done = TRANSFORMS[name]
    tokenizer = tokenizing.template(tokenizing.tokenizer(KINDS[0]), TURN.format(piece))
    try:
        encoder = Encoder(tokenizer, special_tokens=False)
        found, between = parts(encoder, encoder.prompt(talk(text))[1])
    finally:
        tokenizing.template(tokenizer, TEMPLATE)
    assert found == ["<|im_start|>", "<|im_end|>"]
    if name != "escaped":
        assert between == ["", done(text), ""]


def test_a_text_that_a_template_takes_apart_is_shown_with_other_brackets(encoder: Callable[..., Encoder]) -> None:
    """Some cut what stands before `</think>`, or refuse a text with marks: neither the text nor the run is lost."""
    cutting = encoder(template=TURN.format("{{ message.content.split('[INST]')[-1] }}"))
    assert parts(cutting, cutting.prompt(talk("a [INST] b</s>"))[1])[1] == [
        "",
        "a \u2039INST\u203a b\u2039/s\u203a",
        "",
    ]
    refusing = "{% if '[INST]' in message.content %}{{ raise_exception('no') }}{% endif %}{{ message.content }}"
    strict = encoder(template=TURN.format(refusing))
    assert parts(strict, strict.prompt(talk("a [INST]"))[1])[1] == ["", "a \u2039INST\u203a", ""]
    assert parts(strict, strict.prompt(talk("a</s>"))[1])[1] == ["", "a</s>", ""]
    with pytest.raises(UsageError, match="doesn't render this conversation"):
        encoder(template="{{ raise_exception('no') }}").prompt(talk("a [INST]"))


def test_a_template_may_go_by_a_text(encoder: Callable[..., Encoder]) -> None:
    """By its words, or by whether it ends as a turn does: control tokens are the template's all the same."""
    worded = encoder(template=TURN.format("{% if 'short' in message.content %}<s>{% endif %}{{ message.content }}"))
    assert parts(worded, worded.prompt(talk("be short</s>"))[1]) == (
        ["<|im_start|>", "<s>", "<|im_end|>"],
        ["", "", "be short</s>", ""],
    )
    ended = encoder(
        template="{{ messages[0].content }}{% if not messages[0].content.endswith('</s>') %}</s>{% endif %}"
    )
    assert parts(ended, ended.prompt(talk("a</s> b</s>"))[1])[0] == ["</s>"]


def test_a_text_that_swallows_a_mark_of_the_template_leaves_it_there() -> None:
    """A text's end and the template's token may together read as a longer token."""
    from tokenizers import AddedToken

    tokenizer = tokenizing.template(tokenizing.fresh(KINDS[0]), "{{ messages[0].content }}</s> and so on")
    tokenizer.add_tokens([AddedToken("q</s>", special=True, normalized=False)])
    made = Encoder(tokenizer, special_tokens=False)
    assert parts(made, made.prompt(talk("so q"))[1]) == (["</s>"], ["so q", " and so on"])
    assert parts(made, made.prompt(talk("q</s>q"))[1]) == (["</s>"], ["q</s>q", " and so on"])


def test_what_is_a_control_token() -> None:
    """Special tokens, and names that look so; no HTML that the template hasn't, no words and no single characters."""
    from tokenizers import AddedToken

    tokenizer = tokenizing.fresh(KINDS[0])
    assert set(control_tokens(tokenizer).values()) == set(CONTROL)
    tokenizer.add_tokens([AddedToken("!", special=True), AddedToken("\n\n", special=True), AddedToken("<0x0A>")])
    assert set(control_tokens(tokenizer).values()) == set(CONTROL)
    tokenizing.template(tokenizer, "<table>{{ messages[0].content }}")
    assert set(control_tokens(tokenizer).values()) == {*CONTROL, "<table>"}


def test_a_tokenizer_may_keep_to_itself_what_was_added() -> None:
    """As mistral-common's does; the names that nothing else could have are known all the same."""

    class Reticent:
        """What is asked of a tokenizer here."""

        all_special_ids = (1,)
        chat_template = TEMPLATE

        @property
        def added_tokens_decoder(self) -> Any:
            raise NotImplementedError

        def get_vocab(self) -> dict[str, int]:
            return {"a": 0, "</s>": 1, "<|im_end|>": 2}

    assert control_tokens(Reticent()) == {2: "<|im_end|>"}


def test_a_pad_token_that_is_a_letter_stays_a_letter() -> None:
    """Where a checkpoint has no pad token, the first of its vocabulary takes the place: often `!`."""
    tokenizer, letter = tokenizing.fresh(KINDS[0]), "!"
    tokenizer.pad_token = letter
    made = Encoder(tokenizer, special_tokens=False)
    text, ids = made.prompt(talk("Hi! </s>!"))
    assert tokenizer.decode(ids) == text


# Through the model


def prompts_of(monkeypatch: pytest.MonkeyPatch, folder: Path, request: Request) -> tuple[list[Job], tuple[str, ...]]:
    """The jobs that a checkpoint's engine was given for a conversation, and what was answered."""
    jobs, run = list[Job](), Engine.run

    def noted(engine: Engine, first: Any, follow: Any) -> Any:
        def then(done: Any) -> Job | None:
            after = follow(done)
            jobs.extend([after] if after else [])
            return after

        return run(engine, (jobs.append(job) or job for job in first), then)

    monkeypatch.setattr(Engine, "run", noted)
    (reply,) = HFModel(str(folder), Options(device="cpu", dtype="float32")).generate([request])
    return jobs, tuple(completion.text for completion in reply.completions)


def test_a_conversation_goes_on_with_texts_that_are_no_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions and the model's own answers alike; what a turn computed is taken over as for any other text."""
    folder, sampling = tiny.talkative(tmp_path / "c"), Sampling(max_tokens=4)
    before = (Message("user", "hello </s> world"), Message("assistant", "is </s><s> a </s>"))
    request = Request(("what </s> is ?", "a </s>"), sampling, before=before)
    jobs, answers = prompts_of(monkeypatch, folder, request)
    assert [job.prompt.count(2) for job in jobs] == [3, 5]
    assert [job.prompt.count(1) for job in jobs] == [0, 0]
    held = (*before, Message("user", request.turns[0]), Message("assistant", answers[0]))
    again, (alone,) = prompts_of(monkeypatch, folder, Request(request.turns[1:], sampling, before=held))
    assert (again[0].prompt, alone) == (jobs[1].prompt, answers[1])


@pytest.mark.slow
def test_none_of_a_real_checkpoint_s_tokens_is_made_by_a_text(checkpoint_folder: Path) -> None:
    """All that SmolLM2 has, in a question and in an answer; the rest of the prompt is as it was."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint_folder)
    names = [added.content for added in tokenizer.added_tokens_decoder.values()]
    made = Encoder(tokenizer, special_tokens=False)
    usual, ids = (made.prompt(talk("4", "5", "6"))[1], made.prompt(talk(f"4{''.join(names)}", *names[1:3]))[1])
    assert len(names) == 17
    assert parts(made, ids)[0] == parts(made, usual)[0]
    assert tokenizer.decode(ids) == made.prompt(talk(f"4{''.join(names)}", *names[1:3]))[0]

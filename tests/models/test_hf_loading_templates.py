"""A checkpoint is asked with its own chat template or with one that was named, in its published form."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `local`")

from models import tiny

from judgebench.errors import UsageError
from judgebench.models.loading import BUILT_IN, LoadOptions, identity
from judgebench.models.loading.encoding import Encoder
from judgebench.tables.records import Message


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint with a template of its own."""
    return tiny.checkpoint(tmp_path_factory.mktemp("tiny") / "base")


def test_no_template_is_guessed(tmp_path: Path) -> None:
    """A base model called like a chat model still gets none: the line names the choices."""
    folder = tiny.checkpoint(tmp_path / "vicuna-7b-chat", template=None)
    with pytest.raises(UsageError, match=r"no chat template.*chatml.*none is guessed"):
        tiny.opened(folder)


_VICUNA = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed,"
    " and polite answers to the user's questions. "
)
_ALPACA = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
)
_TURN = "<|im_start|>{}\n{}<|im_end|>\n"
PUBLISHED = {
    "chatml": _TURN.format("user", "a") + _TURN.format("assistant", "b") + _TURN.format("user", "c")
    + "<|im_start|>assistant\n",
    "vicuna": f"<s>{_VICUNA}USER: a ASSISTANT: b</s>USER: c ASSISTANT:",
    "llama-2": "<s>[INST] a [/INST] b </s><s>[INST] c [/INST]",
    "zephyr": "<|user|>\na</s>\n<|assistant|>\nb</s>\n<|user|>\nc</s>\n<|assistant|>\n",
    "alpaca": f"<s>{_ALPACA}### Instruction:\na\n\n### Response:\nb</s>\n\n### Instruction:\nc\n\n### Response:",
    "plain": "a\n\nb\n\nc",
}  # fmt: skip
WITH_SYSTEM = {
    "chatml": _TURN.format("system", "s") + _TURN.format("user", "a") + "<|im_start|>assistant\n",
    "vicuna": "<s>s USER: a ASSISTANT:",
    "llama-2": "<s>[INST] <<SYS>>\ns\n<</SYS>>\n\na [/INST]",
    "zephyr": "<|system|>\ns</s>\n<|user|>\na</s>\n<|assistant|>\n",
    "alpaca": "<s>s\n\n### Instruction:\na\n\n### Response:",
    "plain": "s\n\na",
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_templates_are_the_published_formats(base: Path, name: str) -> None:
    """To the character, with several turns and with a system text."""
    loaded = tiny.opened(base, chat_template=name)
    assert tiny.rendered(loaded, "a", "b", "c") == PUBLISHED[name]
    assert tiny.rendered(loaded, "a", system="s") == WITH_SYSTEM[name]
    assert loaded.special_tokens == (name == "plain")


def test_an_end_mark_that_is_a_token_ends_an_answer(base: Path, tmp_path: Path) -> None:
    """It is added to the checkpoint's own end tokens; one that is plain text is a string to stop at."""
    folder = tiny.tokenizer(tiny.llama(tmp_path / "c"), more=("<|im_end|>",))
    token, text = tiny.opened(folder, chat_template="chatml"), tiny.opened(base, chat_template="chatml")
    assert token.model.generation_config.eos_token_id == [2, 15]
    assert text.model.generation_config.eos_token_id == 2
    assert text.stops == token.stops == ("<|im_end|>",)


PARTS = "{% for m in messages %}{% for part in m.content %}{{ part.text }}{% endfor %} {% endfor %}"


def test_a_template_may_want_its_texts_in_parts(base: Path, tmp_path: Path) -> None:
    """As those of models that see images do: a text alone would come to nothing."""
    own = tmp_path / "own.jinja"
    own.write_text(PARTS)
    encoder = Encoder(tiny.opened(base, chat_template=str(own)).tokenizer, special_tokens=False)
    assert encoder.prompt([Message("user", "hello world")])[0] == "hello world "


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("Hi.", "own.jinja: its chat template leaves out the question"),
        ("Q: {{ messages[-1].content }}", r"leaves out message 1 of 3 \(user\)"),
    ],
)
def test_a_template_that_leaves_a_turn_out_is_an_error(base: Path, tmp_path: Path, template: str, line: str) -> None:
    """The question at once, an earlier turn where there is one."""
    own = tmp_path / "own.jinja"
    own.write_text(template)
    talk = [Message("user", "hello"), Message("assistant", "Hi"), Message("user", "what ?")]
    with pytest.raises(UsageError, match=line):
        Encoder(tiny.opened(base, chat_template=str(own)).tokenizer, special_tokens=False).prompt(talk)


def test_a_system_text_that_a_template_leaves_out_stands_before_the_question(base: Path, tmp_path: Path) -> None:
    """As it does where a template refuses one."""
    own = tmp_path / "own.jinja"
    own.write_text("{% for m in messages if m.role != 'system' %}{{ m.role }}: {{ m.content }} {% endfor %}")
    encoder = Encoder(tiny.opened(base, chat_template=str(own)).tokenizer, special_tokens=False)
    assert encoder.prompt([Message("system", "Be brief."), Message("user", "hello")])[0] == "user: Be brief.\n\nhello "


def test_a_template_is_told_what_it_asks_for(base: Path, tmp_path: Path) -> None:
    """Values are JSON where they can be; what it knows nothing of is refused, and all of it is another model."""
    own = tmp_path / "own.jinja"
    own.write_text("{{ messages[-1].content }}{{ '' if enable_thinking is false else ' <think>' }}")
    asked = {"chat_template": str(own), "template_arg": ("enable_thinking=false",)}
    assert tiny.rendered(tiny.opened(base, **asked), "why") == "why"
    assert tiny.rendered(tiny.opened(base, chat_template=str(own)), "why") == "why <think>"
    with pytest.raises(UsageError, match="knows nothing of thinking"):
        tiny.opened(base, **asked | {"template_arg": ("thinking=false",)})
    with pytest.raises(UsageError, match="write NAME=VALUE"):
        LoadOptions(template_arg=("thinking",))
    assert identity(str(base), LoadOptions(**asked)) != identity(str(base), LoadOptions(chat_template=str(own)))
    assert LoadOptions(template_arg=("a=[1]", "b=x y")).template_arguments == {"a": [1], "b": "x y"}


def test_a_template_in_a_file_of_processors_is_read(tmp_path: Path) -> None:
    """Where the tokenizer has none."""
    folder = tiny.checkpoint(tmp_path / "c", template=None)
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": "Q: {{ messages[-1].content }}"}))
    assert tiny.rendered(tiny.opened(folder), "why") == "Q: why"


def test_a_template_from_a_file(base: Path, tmp_path: Path) -> None:
    """It takes the place of the checkpoint's own; one that doesn't render, or isn't there, is named."""
    path = tmp_path / "own.jinja"
    path.write_text("Q: {{ messages[-1].content }} A:")
    assert tiny.rendered(tiny.opened(base, chat_template=str(path)), "why") == "Q: why A:"
    path.write_text("{% for message in %}")
    with pytest.raises(UsageError, match=r"own.jinja: its chat template doesn't render"):
        tiny.opened(base, chat_template=str(path))
    with pytest.raises(UsageError, match="no chat template 'gemma'"):
        tiny.opened(base, chat_template="gemma")

"""Tiny random checkpoints, made in a moment, of every kind that `hf:` loads."""

import json
from itertools import product
from pathlib import Path
from typing import Any

from judgebench.models.loading import Loaded, LoadOptions, load
from judgebench.tables.records import Question

WORDS = ("hello", "world", "what", "is", "a", "question", "?", ".", "USER", ":", "Hi")
SPECIAL = ("<unk>", "<s>", "</s>", "<pad>")
QUESTIONS = tuple(  # of two turns
    Question(id=f"{first} {second}", category="small", turns=(f"hello {first} is {second} ?", "what is a question ?"))
    for first, second in product(WORDS[:6], repeat=2)
)
TEMPLATE = "{% for message in messages %}{{ message.role }} : {{ message.content }} </s> {% endfor %}"


def opened(target: object, **options: Any) -> Loaded:
    """A target loaded on the CPU."""
    return load(str(target), LoadOptions(device="cpu", **options))


def rendered(loaded: Loaded, *turns: str, system: str | None = None) -> str:
    """A conversation of alternating turns as the model sees it."""
    roles = ("user", "assistant")
    talk = [{"role": roles[number % 2], "content": turn} for number, turn in enumerate(turns)]
    talk = [{"role": "system", "content": system}, *talk] if system else talk
    return str(loaded.tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True))


def tokenizer(folder: Path, *, template: str | None = TEMPLATE, more: tuple[str, ...] = ()) -> Path:
    """Save a tokenizer of a few words, with or without a chat template."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate((*SPECIAL, *WORDS, *more))}
    inner = Tokenizer(models.WordLevel(words, unk_token=SPECIAL[0]))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    made = PreTrainedTokenizerFast(tokenizer_object=inner, **names)
    made.chat_template = template
    made.save_pretrained(folder)
    return folder


def llama(
    folder: Path,
    *,
    seed: int = 0,
    dtype: str = "float32",
    vocabulary: int = 32,
    heat: float = 1.0,
    tied: bool = False,
    width: int = 16,
    **saving: Any,
) -> Path:
    """Save a Llama of two layers, with random weights; with `heat` it is less quick to repeat itself."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    sizes = {"hidden_size": width, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3, "tie_word_embeddings": tied}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=vocabulary, max_position_embeddings=64, **sizes, **ids))
    for weights in model.parameters():
        weights.data *= heat
    model.to(getattr(torch, dtype)).save_pretrained(folder, **saving)
    return folder


def checkpoint(folder: Path, *, template: str | None = TEMPLATE, **making: Any) -> Path:
    """Save a Llama with its tokenizer."""
    return tokenizer(llama(folder, **making), template=template)


def talkative(folder: Path) -> Path:
    """A checkpoint that has something else to say to everything, in words of its own."""
    return checkpoint(folder, vocabulary=len(SPECIAL) + len(WORDS), heat=5.0, seed=3)


def t5(folder: Path) -> Path:
    """Save an encoder-decoder model of two layers, with a tokenizer without a chat template."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.set_num_threads(1)
    torch.manual_seed(0)
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
    ids = {"decoder_start_token_id": 3, "eos_token_id": 2, "pad_token_id": 3}
    T5ForConditionalGeneration(T5Config(vocab_size=32, **sizes, **ids)).save_pretrained(folder)
    return tokenizer(folder, template=None)


def pickled(folder: Path) -> Path:
    """A checkpoint whose weights are pickled, as they were saved before safetensors."""
    import torch
    from safetensors.torch import load_file

    weights = checkpoint(folder) / "model.safetensors"
    torch.save(load_file(weights), folder / "pytorch_model.bin")
    weights.unlink()
    return folder


def adapter(folder: Path, base: str, *, rank: int = 2, alpha: int = 6) -> Path:
    """A LoRA adapter on the queries of both layers, in the form that peft saves, written without peft."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    made = torch.Generator().manual_seed(5)
    weights = {}
    for layer in range(2):
        name = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
        weights[f"{name}.lora_A.weight"] = torch.randn(rank, 16, generator=made)
        weights[f"{name}.lora_B.weight"] = torch.randn(16, rank, generator=made)
    save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    settings = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "lora_alpha": alpha}
    settings |= {"target_modules": ["q_proj"], "base_model_name_or_path": base}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    return folder


def gguf(path: Path, source: Path) -> Path:
    """The Llama of a folder as a GGUF file of float32, with the same words."""
    import numpy as np
    from gguf import GGUFWriter
    from safetensors.numpy import load_file

    writer = GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(16)
    writer.add_block_count(2)
    writer.add_feed_forward_length(32)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_rope_dimension_count(8)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(32)
    known = [*SPECIAL, *WORDS, "h", "i", "hi"]
    words = known + [f"w{number}" for number in range(32 - len(known))]
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(words)
    writer.add_token_types([3] * len(SPECIAL) + [1] * (32 - len(SPECIAL)))
    writer.add_token_merges(["h i"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for name, weight in load_file(source / "model.safetensors").items():
        writer.add_tensor(_gguf_name(name), np.ascontiguousarray(_permuted(name, weight)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _permuted(name: str, weight: Any) -> Any:
    """llama.cpp keeps the rows of queries and keys in another order, for the way it turns positions."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return weight
    return weight.reshape(2, 2, 4, 16).swapaxes(1, 2).reshape(weight.shape)


def _gguf_name(name: str) -> str:
    """The name of a Llama's weight in a GGUF file."""
    names = {
        "model.embed_tokens": "token_embd",
        "model.norm": "output_norm",
        "lm_head": "output",
        "model.layers.": "blk.",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    for ours, theirs in sorted(names.items(), key=lambda item: -len(item[0])):
        name = name.replace(ours, theirs)
    return name


def reward(
    folder: Path, *, word: str = "hello", labels: int = 1, head: bool = True, template: str | None = TEMPLATE
) -> Path:
    """A checkpoint that scores a conversation by the share of a word in it: weights that compute just this.

    Each place attends to all before it alike and takes in how often the word is there; the last one is read.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3, "vocab_size": 32, "max_position_embeddings": 64}
    config = LlamaConfig(**sizes, **ids, num_labels=labels)
    model = (LlamaForSequenceClassification if head else LlamaForCausalLM)(config)
    for weights in model.parameters():
        weights.data.zero_()
    for part in model.modules():
        if "RMSNorm" in type(part).__name__:
            part.weight.data.fill_(1.0)
    embedded, attention = model.model.embed_tokens.weight.data, model.model.layers[0].self_attn
    embedded[:, 1] = 1.0
    embedded[(*SPECIAL, *WORDS).index(word), 0] = 1.0
    attention.v_proj.weight.data[2, 0] = 1.0
    attention.o_proj.weight.data[2, 2] = 1.0
    if head:
        model.score.weight.data[0] = torch.tensor([0.0, -1.0, 20.0] + [0.0] * 13)
    model.save_pretrained(folder)
    return tokenizer(folder, template=template)


def rewarding(folder: Path, *, seed: int = 0, dtype: str = "float32", pad: int | None = 3) -> Path:
    """A checkpoint that scores, of random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForSequenceClassification

    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": pad, "vocab_size": 32, "max_position_embeddings": 64}
    model = LlamaForSequenceClassification(LlamaConfig(**sizes, **ids, num_labels=1))
    for weights in model.parameters():
        weights.data *= 5.0
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    return tokenizer(folder)

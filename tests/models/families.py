"""Small seeded models of every decoder family of transformers that can be made here, and what each says alone."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judgebench.models.engine import Job

WORDS = 97
ENDS = frozenset({2, 11, 43, 71})
_SIZES = {  # whatever a configuration calls its sizes
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "embedding_size", "emb_dim"), 32),
    **dict.fromkeys(("num_hidden_layers", "num_layers", "n_layer", "n_layers", "decoder_layers", "encoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "attention_heads"), 4),
    **dict.fromkeys(("decoder_attention_heads", "encoder_attention_heads", "num_experts", "n_routed_experts"), 4),
    **dict.fromkeys(("num_local_experts", "moe_num_experts", "linear_num_value_heads"), 4),
    **dict.fromkeys(("num_key_value_heads", "num_experts_per_tok", "num_experts_per_token", "moe_k", "moe_topk"), 2),
    **dict.fromkeys(("linear_num_key_heads", "index_n_heads"), 2),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "ffn_hidden_size", "n_inner", "dff"), 48),
    **dict.fromkeys(("decoder_ffn_dim", "encoder_ffn_dim"), 48),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size"), 16),
    **dict.fromkeys(("expert_ffn_hidden_size", "q_lora_rank", "kv_lora_rank", "ssm_state_size", "state_size"), 16),
    **dict.fromkeys(("mamba_d_state", "chunk_size", "index_topk", "sliding_window"), 16),
    **dict.fromkeys(("head_dim", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "index_head_dim"), 8),
    **dict.fromkeys(("mamba_n_heads", "mamba_d_head", "mamba_num_heads", "mamba_head_dim"), 8),
    **dict.fromkeys(("linear_key_head_dim", "linear_value_head_dim"), 8),
    **dict.fromkeys(("num_shared_experts", "n_shared_experts", "n_group", "topk_group", "mamba_n_groups"), 1),
    **dict.fromkeys(("max_position_embeddings", "n_positions"), 256),
    **{"vocab_size": WORDS, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "tie_word_embeddings": False},
}
_LATENT = {"head_dim": ..., "num_key_value_heads": 4}
_HYBRID = {"layer_types": ["linear_attention", "full_attention"]}
_DECODER = {"is_decoder": True}
_LONG = {"rope_type": "longrope", "short_factor": [1.0, 1.1, 1.2, 1.3], "long_factor": [1.0, 4.0, 8.0, 16.0]}
_ROPE = {"rope_theta": 10000.0}
_PLAIN = """
    afmoe apertus arcee aria_text beam biogpt bitnet bloom cohere cohere2 cohere2_moe cpmant ctrl cwm deepseek_v4
    diffllama doge dots1 ernie4_5 ernie4_5_moe exaone4 exaone_moe falcon falcon_mamba flex_olmo flint gemma gemma2
    gemma3_text glm glm4 glm4_moe gpt2 gpt_bigcode gpt_neox gpt_neox_japanese gpt_oss granite granite_swa granitemoe
    granitemoe_swa granitemoeshared helium hrm_text hunyuan_v1_dense hunyuan_v1_moe hy_v3 hy_v4 hyperclovax inkling_text
    jais2 jetmoe kolibri1 laguna lfm2 llama llama4_text mamba mellum mimo_v2_flash minimax minimax_m2 minimax_m3_vl_text
    ministral ministral3 mistral mixtral modernbert-decoder moshi mpt nanochat nemotron nemotron_h olmo olmo2 olmo3
    olmo_hybrid olmoe openai-gpt opt persimmon phi phi3 phimoe qwen2 qwen2_moe qwen3 qwen3_moe rwkv seed_oss smollm3
    solar_open stablelm starcoder2 trocr vaultgemma xglm xlm xlnet
"""
_CHANGED: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("axk1", "axk2", "deepseek_v2", "deepseek_v3", "deepseek_v32", "glm4_moe_lite"), _LATENT),
    **dict.fromkeys(("glm_moe_dsa", "minicpm3", "youtu", "dots3_note_text"), _LATENT),
    **dict.fromkeys(("qwen3_5_text", "qwen3_5_moe_text", "qwen3_next"), _HYBRID),
    **dict.fromkeys(("bert", "bert-generation", "camembert", "data2vec-text", "electra", "ernie"), _DECODER),
    **dict.fromkeys(("megatron-bert", "rembert", "roberta", "roformer", "xlm-roberta"), _DECODER),
    "bamba": {"attn_layer_indices": [1]},
    "granitemoehybrid": {"layer_types": ["mamba", "attention"]},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2, "mamba_dt_rank": 4},
    "codegen": {"rotary_dim": 8},
    "gptj": {"rotary_dim": 8},
    "falcon_h1": {"mamba_d_ssm": 64},
    "gemma4_text": {"vocab_size_per_layer_input": WORDS, "hidden_size_per_layer_input": 8, "global_head_dim": 8},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]], "window_size": 16},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"]},
    "mamba2": {"num_heads": 8, "n_groups": 1},
    "recurrent_gemma": {"num_hidden_layers": 3},
    "kimi_linear": _LATENT | _HYBRID,
    "bailing_hybrid": _HYBRID | {"num_key_value_heads": 4},
    "lfm3": {"layer_types": ["conv", "full_attention"]},
    "longcat_flash": {"num_key_value_heads": 4, "qk_head_dim": 16},
    "qwen2, a short window": {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1},
    "falcon, alibi": {"alibi": True},
    "zaya": {"num_experts_per_tok": 1},
    "llama, tied": {"tie_word_embeddings": True},
    "llama, linear": {"rope_parameters": {**_ROPE, "rope_type": "linear", "factor": 4.0}},
    "llama, yarn": {
        "rope_parameters": _ROPE | {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
    },
    "llama, dynamic": {
        "max_position_embeddings": 32,
        "rope_parameters": _ROPE | {"rope_type": "dynamic", "factor": 4.0},
    },
    "llama, longrope": {"rope_parameters": {**_ROPE, **_LONG, "original_max_position_embeddings": 32}},
    "phi3, longrope": {
        "original_max_position_embeddings": 32,
        "rope_parameters": {**_ROPE, **_LONG, "original_max_position_embeddings": 32},
    },
    "phi3, longrope, at its limit": {
        "original_max_position_embeddings": 24,
        "rope_parameters": {**_ROPE, **_LONG, "original_max_position_embeddings": 24},
    },
    "phimoe, longrope": {
        "original_max_position_embeddings": 32,
        "rope_parameters": {
            **{**_ROPE, **_LONG, "original_max_position_embeddings": 32},
            **{"short_mscale": 1.1, "long_mscale": 1.3},
        },
    },
    "mistral, a short window": {"sliding_window": 8},
    "gemma3_text, a short window": {"sliding_window": 8},
    "gpt_oss, a short window": {"sliding_window": 8},
    "llama4_text, chunks": {"attention_chunk_size": 16},
    "doge, chosen tokens": {"keep_window_size": 16},
    "mpt, few positions": {"max_seq_len": 70},
    "opt, few positions": {"max_position_embeddings": 70},
    "roberta, few positions": {**_DECODER, "max_position_embeddings": 72},
    "openai-gpt, few positions": {"n_positions": 70},
}
CASES: Mapping[str, dict[str, Any]] = {**{name: {} for name in _PLAIN.split()}, **_CHANGED}

# Held one prompt at a time by `generate`: they have no positions, no cache or a state of their own in a batch.
ALONE = {"openai-gpt, few positions"} | set(
    [
        "cpmant",
        "hy_v4",
        "minimax",
        "moshi",
        "openai-gpt",
        "recurrent_gemma",
        "roformer",
        "rwkv",
        "trocr",
        "xlm",
        "xlnet",
    ]
)
# So are those of their rows that may come to more tokens than this setting says.
BEYOND: Mapping[str, str] = {
    **dict.fromkeys(("deepseek_v4", "axk2", "deepseek_v32", "glm_moe_dsa", "dots3_note_text"), "index_topk"),
    "doge, chosen tokens": "keep_window_size",
    "llama, dynamic": "max_position_embeddings",
}


@dataclass
class Letters:
    """A tokenizer with a word for each token."""

    pad_token_id: int = 0
    eos_token_id: int = 2
    vocab_size: int = WORDS
    all_special_ids: tuple[int, ...] = (0, 1, 2)

    def decode(self, tokens: list[int], skip_special_tokens: bool = False) -> str:
        """Token 3 is `3`."""
        return " ".join(str(token) for token in tokens)


def model(name: str) -> Any:
    """A random model of two small layers, with no settings of its own for generating."""
    import transformers

    made = _made(transformers.AutoModelForCausalLM, name)
    made.generation_config = transformers.GenerationConfig()
    return made


def scorer(name: str) -> Any:
    """The same with a head of one number in place of the one that writes."""
    import transformers

    return _made(transformers.AutoModelForSequenceClassification, name)


def scorers() -> list[str]:
    """Those of the cases of which transformers has such a one."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES as NAMES

    return [name for name in CASES if name.partition(",")[0] in NAMES]


def _made(auto: Any, name: str) -> Any:
    import torch
    import transformers

    torch.manual_seed(0)
    kind = transformers.CONFIG_MAPPING[name.partition(",")[0]]
    own = kind()
    known = {key for key in _SIZES if key in own.to_dict() or (hasattr(own, key) and key == "layer_types")}
    if getattr(own, "sliding_window", None) is None:
        known.discard("sliding_window")
    settings = {key: _SIZES[key] for key in known - own.attribute_map.keys()} | CASES[name]
    config = kind(**{key: value for key, value in settings.items() if value is not ...})
    config.num_labels = 1
    made = auto.from_config(config).eval()
    for weights in made.parameters():  # as initialized, it would repeat one token for ever
        weights.data *= 4
    return made


def prompts(lengths: tuple[int, ...]) -> list[tuple[int, ...]]:
    """One of each length."""
    chance = random.Random(1)
    return [tuple(chance.randrange(3, WORDS) for _ in range(length)) for length in lengths]


def alone(made: Any, job: Job) -> tuple[int, ...]:
    """The tokens of `model.generate` with one prompt, without the end token."""
    import torch

    prompt = torch.tensor([job.prompt])
    settings = {"max_new_tokens": job.max_tokens, "do_sample": False, "eos_token_id": sorted(ENDS), "pad_token_id": 0}
    said = made.generate(prompt, attention_mask=torch.ones_like(prompt), **settings)[0, len(job.prompt) :].tolist()
    return tuple(said[: next((place for place, token in enumerate(said) if token in ENDS), None)])

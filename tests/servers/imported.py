"""What takes seconds to import, for processes that are forked from one that has it (forked.py)."""

import torch  # noqa: F401
from transformers import (  # noqa: F401
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    DynamicCache,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

import judgebench.cli
import judgebench.models.hf
import judgebench.models.loading.weights  # noqa: F401

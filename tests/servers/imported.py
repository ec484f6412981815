"""What takes seconds to import, for processes that are forked from one that has it (forked.py)."""

import contextlib
import gc

import genai_prices  # noqa: F401

import judgebench.answers
import judgebench.cli
import judgebench.embedded.grading
import judgebench.judging.reviews
import judgebench.models.hf
import judgebench.models.http.openai_api
import judgebench.money.spending

with contextlib.suppress(ImportError):  # hf: models need the extra `local`
    import torch  # noqa: F401
    from transformers import (  # noqa: F401
        AutoConfig,
        AutoModelForCausalLM,
        AutoTokenizer,
        DynamicCache,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
    )

    import judgebench.models.loading.weights  # noqa: F401

gc.freeze()  # a child's collections would look at all of it, and copy it

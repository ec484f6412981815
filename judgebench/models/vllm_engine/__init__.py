"""`hf:` models by vLLM, in this process: it is given token ids and gives token ids, and all else is as for our engine.

Prompts, end tokens, stop strings and limits are those of `engine/`; vLLM batches, keeps what prompts begin with, and
computes. `core` is the only module that knows vLLM.
"""

from judgebench.models.vllm_engine.engine import VLLMEngine, opened
from judgebench.models.vllm_engine.options import identity

__all__ = ["VLLMEngine", "identity", "opened"]

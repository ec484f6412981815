"""What a command line says about loading a checkpoint."""

from dataclasses import dataclass

from judgebench.errors import UsageError

DTYPES = ("auto", "float32", "bfloat16", "float16")
QUANTIZE = ("8bit", "4bit")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a checkpoint is loaded; UsageError for a dtype or a quantisation that there is not."""

    dtype: str = "auto"  # one of DTYPES; auto: as the checkpoint was saved
    device: str = "auto"  # auto, cpu, mps, cuda, cuda:1; spread: one model over all GPUs
    quantize: str | None = None  # one of QUANTIZE, through bitsandbytes
    chat_template: str | None = None  # a file, or the name of a built-in one
    tokenizer: str | None = None  # a folder or a Hub id, where the checkpoint has none of its own
    allow_pickle: bool = False  # .bin weights, which may run code when they are opened
    trust_remote_code: bool = False  # Python files that come with the checkpoint

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UsageError(f"unknown dtype {self.dtype!r}: use {', '.join(DTYPES)}")
        if self.quantize not in (None, *QUANTIZE):
            raise UsageError(f"unknown quantisation {self.quantize!r}: use {' or '.join(QUANTIZE)}")

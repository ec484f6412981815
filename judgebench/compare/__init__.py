"""Two models to a verdict: PASS, REGRESS, INCONCLUSIVE or INVALID, with a stated error rate."""

from typing import TYPE_CHECKING, Any

from judgebench.compare.results import Comparison

if TYPE_CHECKING:
    from judgebench.compare.procedure import Options, compare

__all__ = ["Comparison", "Options", "compare"]


def __getattr__(name: str) -> Any:
    """`compare` and `Options` when they are asked for: they bring pandas and scipy, which outputs do without."""
    if name in ("Options", "compare"):
        from judgebench.compare import procedure

        return getattr(procedure, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

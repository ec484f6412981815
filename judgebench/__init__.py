"""judgebench: is this checkpoint better than that one, and can the answer be trusted?"""

from typing import TYPE_CHECKING, Any

from judgebench._version import __version__
from judgebench.errors import JudgebenchError

if TYPE_CHECKING:
    from judgebench.report.loading import load_reviews

__all__ = ["JudgebenchError", "__version__", "load_reviews"]


def __getattr__(name: str) -> Any:
    """`load_reviews` when it is asked for: the report that it belongs to brings pandas."""
    if name == "load_reviews":
        from judgebench.report.loading import load_reviews

        return load_reviews
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

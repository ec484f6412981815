"""judgebench: is this checkpoint better than that one, and can the answer be trusted?"""

from typing import TYPE_CHECKING, Any

from judgebench._version import __version__
from judgebench.errors import JudgebenchError

if TYPE_CHECKING:
    from judgebench.report.loading import load_answers, load_questions, load_reviews

__all__ = ["JudgebenchError", "__version__", "load_answers", "load_questions", "load_reviews"]
_LOADING = ("load_answers", "load_questions", "load_reviews")


def __getattr__(name: str) -> Any:
    """What loads frames when it is asked for: the report that it belongs to brings pandas."""
    if name in _LOADING:
        from judgebench.report import loading

        return getattr(loading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

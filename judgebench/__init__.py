"""judgebench: is this checkpoint better than that one, and can the answer be trusted?"""

from judgebench._version import __version__
from judgebench.errors import JudgebenchError
from judgebench.loading import load_reviews

__all__ = ["JudgebenchError", "__version__", "load_reviews"]

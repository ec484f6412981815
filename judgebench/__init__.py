"""judgebench: is this checkpoint better than that one, and can the answer be trusted?"""

from judgebench._version import __version__
from judgebench.errors import JudgebenchError

__all__ = ["JudgebenchError", "__version__"]

"""Two models to a verdict: PASS, REGRESS, INCONCLUSIVE or INVALID, with a stated error rate."""

from judgebench.compare.results import Comparison

__all__ = ["Comparison"]

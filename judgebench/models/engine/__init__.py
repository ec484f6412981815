"""Prompts to tokens on a loaded checkpoint: rows of a batch that come and go one by one.

A sequence that ends leaves the batch at once and a waiting one takes its place, so that one long answer holds nobody.
What transformers has is used: the model's forward, its masks and its cache classes. What it lacks is here: rows of
unlike length that come and go without copying the cache (`cache`), drawing by a generator per row (`drawing`), and
keys and values that a conversation's next turn takes over from the one before it.
"""

from judgebench.models.engine.engine import Engine
from judgebench.models.engine.jobs import Count, Done, Job, TextEngine, before_stop
from judgebench.models.engine.saying import text_of

__all__ = ["Count", "Done", "Engine", "Job", "TextEngine", "before_stop", "text_of"]

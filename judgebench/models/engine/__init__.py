"""Prompts to tokens on a loaded checkpoint: rows of a batch that come and go one by one.

A sequence that ends leaves the batch at once and a waiting one takes its place, so that one long answer holds nobody.
What transformers has is used: the model's forward, its masks and its cache classes. What it lacks is here: rows of
unlike length that come and go without copying the cache (`cache`), and drawing by a generator per row (`drawing`).
"""

from judgebench.models.engine.engine import Engine
from judgebench.models.engine.jobs import Done, Job, before_stop

__all__ = ["Done", "Engine", "Job", "before_stop"]

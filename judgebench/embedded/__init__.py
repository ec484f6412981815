"""The embedded judge: an offline stand-in for an LLM judge, a small regression on features of the texts."""

from judgebench.embedded.grading import NAME, NOTE, SCALE, VERSION, Grade, compare, grade

__all__ = ["NAME", "NOTE", "SCALE", "VERSION", "Grade", "compare", "grade"]

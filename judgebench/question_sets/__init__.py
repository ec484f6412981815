"""Question sets: a folder with `set.toml` and `questions.jsonl`; loaded, checked, extended, fetched, generated."""

from judgebench.question_sets.sets import Category, QuestionSet, Selection, SetHead, load, save

__all__ = ["Category", "QuestionSet", "Selection", "SetHead", "load", "save"]

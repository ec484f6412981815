"""Answers -> reviews: which matches there are, what a judge is asked of each, and what becomes of its reply."""

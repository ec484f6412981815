"""What our answers have to be like: each function is given an answer and its question."""

import re


def names_the_customer(answer, question):
    """Whether it greets the customer by name."""
    return question["extra"]["customer"] in answer.splitlines()[0]


def few_words(answer, question):
    """1 up to 60 words, and less the longer it is."""
    return min(1.0, 60 / max(1, len(answer.split())))


def five_items(answer, question):
    """The share of five items that a list has."""
    items = re.findall(r"(?m)^\s*(?:[-*]|\d+\.) ", answer)
    return max(0.0, 1 - abs(len(items) - 5) / 5)

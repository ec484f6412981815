"""A stratified part of a set."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from judgebench.errors import UsageError
from judgebench.question_sets.sets import QuestionSet, save
from judgebench.tables.records import content_id


def sample(question_set: QuestionSet, size: int, seed: int, name: str | None = None) -> QuestionSet:
    """A part of a set, of each category in proportion, and at least one where the size allows; order and ids stay.

    Which questions are drawn depends on the seed and their ids alone: with one seed a larger sample holds a smaller
    one's questions, but where rounding gives a category fewer, and a question added to the set displaces few.
    """
    head, total = question_set.head, len(question_set.questions)
    if not 0 < size <= total:
        raise UsageError(f"{head.name} has {total} questions: a sample has from 1 to {total}, not {size}")
    groups: dict[str, list[str]] = {category: [] for category in head.categories}
    for question in question_set.questions:
        groups[question.category].append(question.id)
    quotas = _quotas({category: len(ids) for category, ids in groups.items() if ids}, size)
    chosen = {one for key, quota in quotas.items() for one in sorted(groups[key], key=_lot(seed))[:quota]}
    drawn = replace(
        head,
        name=name or f"{head.name}-sample-{size}-seed-{seed}",
        version=f"{head.version}{'.' if '+' in head.version else '+'}sample.{size}.seed.{seed}",
        description=f"A sample of {head.name} {head.version}: {size} of {total} questions, seed {seed}. "
        + head.description,
        categories={key: settings for key, settings in head.categories.items() if quotas.get(key)},
    )
    return QuestionSet(
        drawn, tuple(question for question in question_set.questions if question.id in chosen), question_set.code
    )


def _lot(seed: int) -> Callable[[str], str]:
    return lambda name: content_id("sample", seed, name)


def _quotas(counts: Mapping[str, int], size: int) -> dict[str, int]:
    """How many to draw of each category: largest remainders, and at least one each if there are enough for that."""
    shares = {key: Fraction(size * number, sum(counts.values())) for key, number in counts.items()}
    least = 1 if size >= len(counts) else 0
    quotas = {key: max(least, int(share)) for key, share in shares.items()}
    while sum(quotas.values()) < size:
        quotas[max(quotas, key=lambda key: shares[key] - quotas[key])] += 1
    while sum(quotas.values()) > size:
        quotas[max((key for key in quotas if quotas[key] > least), key=lambda key: quotas[key] - shares[key])] -= 1
    return quotas


def save_sample(made: QuestionSet, source: Path, folder: Path) -> None:
    """Write a sample as a new folder, with the judge prompts in the folder of the set that it was drawn from."""
    if folder.exists():
        raise UsageError(f"{folder} is there already: give the sample another name")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as scratch:
        aside = Path(scratch) / folder.name
        save(made, aside)
        if (source / "prompts").is_dir():
            shutil.copytree(source / "prompts", aside / "prompts")
        aside.rename(folder)

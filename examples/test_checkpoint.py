"""A checkpoint as a test: `pytest --judgebench-workspace=DIR`, where DIR has question_sets/ and judgebench.toml."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judgebench.pytest_plugin import Judgebench


def test_the_checkpoint_is_not_worse(judgebench: "Judgebench") -> None:
    """By the options in judgebench.toml: which models, questions and judge, and by how much it may be worse."""
    judgebench.assert_not_worse(inconclusive="skip")


def test_it_is_no_worse_at_coding(judgebench: "Judgebench") -> None:
    """One category, with a wider margin, since it has fewer questions."""
    judgebench.assert_not_worse(category=["coding"], margin=0.15, inconclusive="pass")

"""Whose code may be run: a question set that somebody sent runs nothing unless its reader said so; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Trust:
    """The sets whose code may be run, each as it is (None) or while its code has a digest; and whether sandboxed."""

    sets: Mapping[str, str | None] = field(default_factory=dict)
    sandbox: bool = True

    @classmethod
    def given(cls, texts: Iterable[str], sandbox: bool = True) -> "Trust":
        """Of texts such as `SET` or `SET=DIGEST`."""
        parts = (text.partition("=") for text in texts)
        return cls({name: digest or None for name, _, digest in parts}, sandbox)

    def objection(self, name: str, digest: str) -> str | None:
        """Why the code of a set isn't run, and what to do about it; None where it is."""
        if name not in self.sets:
            return (
                f"the question set {name} brings code (checks.py, tests), and nothing of it runs unless you say so: "
                f"read it, and add --trust-checks {name}, or, for as long as it stays as it is, {name}={digest}"
            )
        wanted = self.sets[name]
        if wanted is None or wanted == digest:
            return None
        return (
            f"the code of the question set {name} is not what you trust ({wanted[:12]}...): read it, and give "
            f"--trust-checks {name}={digest}"
        )

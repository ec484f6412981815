"""Workspaces with several candidates for tests of the best of several."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from servers.running import judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.workspace import Workspace

QUESTIONS, CANARY_CALLS = 40, 62
JUDGE = ("--judge", "openai:judge", "--tries", "1", "--give-up", "0")
BEST, GOOD, PLAIN = "A GOOD and GOOD answer.", "A GOOD answer.", "An answer."
Says: TypeAlias = Callable[[int], str]


def often(*numbers: int, of: int = 10) -> Says:
    """A good answer to questions whose number ends so, a plain one to others."""
    return lambda n: GOOD if n % of in numbers else PLAIN


def workspace(root: Path, candidates: Mapping[str, Says], questions: int = QUESTIONS) -> Workspace:
    """So many questions, and answers of `old`, good to every other question, and of the candidates."""
    asked = [Question(id=f"q{n}", category="ab"[n % 2], turns=(f"Question {n}?",)) for n in range(questions)]
    answers = {"old": [[PLAIN]] * questions}
    answers |= {name: [[says(n)] for n in range(questions)] for name, says in candidates.items()}
    return make_workspace(root, asked, answers)


def best_of(
    place: Workspace, *arguments: str, url: str | None = None, candidates: tuple[str, ...] = ()
) -> tuple[int, dict[str, Any], str]:
    """Exit status, the JSON file and what the terminal showed."""
    file = place.root / "best-of.json"
    file.unlink(missing_ok=True)
    named = [one for name in candidates for one in ("--candidate", name)]
    done = judgebench(
        place, "compare", "--questions", "small", "--baseline", "old", *named, *arguments, "--json", str(file), url=url
    )
    found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return done.returncode, found, done.stderr + done.stdout


def standing(found: dict[str, Any]) -> dict[str, str]:
    """Where each candidate stands."""
    return {one["name"]: one["standing"] for one in found["candidates"]}

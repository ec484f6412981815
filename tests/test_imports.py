"""Imports point downwards, and what is heavy is loaded where it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "judgebench"

# What each part may import of judgebench, besides itself. cli imports anything: it is the edge.
ALLOWED = {
    "errors": set(),
    "_version": set(),
    "__init__": {"_version", "errors", "records", "loading"},
    "__main__": {"cli"},
    "records": {"errors"},
    "store": {"records", "errors"},
    "question_sets": {"models", "checkers", "prompts", "store", "records", "errors"},
    "workspace": {"question_sets", "store", "records", "errors"},
    "verdicts": {"records"},
    "checkers": {"records"},
    "matches": {"records"},
    "attacks": set(),
    "embedded": {"attacks"},
    "distil": {"embedded", "workspace", "store", "records", "errors"},
    "runner": {"errors"},
    "models": {"runner", "records", "errors"},
    "prompts": {"verdicts", "records", "errors"},
    "answers": {"models", "question_sets", "store", "records"},
    "verdict_schema": {"verdicts", "records"},
    "verdict_logprobs": {"verdicts"},
    "asking": {"verdict_schema", "verdict_logprobs", "verdicts", "models", "prompts", "records"},
    "judge": {"asking", "checkers", "embedded", "matches", "models", "prompts", "verdicts", "store", "records"},
    "references": {"answers", "models", "question_sets", "workspace", "store", "records", "errors"},
    "ledger": {
        "asking",
        "judge",
        "matches",
        "models",
        "prompts",
        "verdicts",
        "workspace",
        "store",
        "records",
        "errors",
    },
    "reviews": {
        *("asking", "embedded"),
        *("judge", "ledger", "matches", "models", "prompts", "question_sets"),
        *("workspace", "store", "records", "errors"),
    },
    "prices": {"models", "records", "errors"},
    "cost": {"prices", "models", "records"},
    "budget": {"cost", "prices", "models", "records", "errors"},
    "batch": {"models", "runner", "records", "errors"},
    "spending": {"batch", "budget", "cost", "prices", "judge", "matches", "models", "store", "records", "errors"},
    "terminal": {"store", "records"},
    "statistics": {"store", "records"},
    "loading": {"matches", "statistics", "workspace", "store", "records"},
    "report": {
        *("loading", "models", "prices", "checkers", "embedded", "terminal"),
        *("statistics", "workspace", "store", "records", "errors"),
    },
    "compare": {
        *("answers", "asking", "cost", "embedded", "judge", "matches", "models", "prompts", "report", "reviews"),
        *("question_sets", "spending", "statistics", "terminal", "workspace", "store", "records", "errors"),
    },
    "audit": {
        *("asking", "attacks", "compare", "cost", "embedded", "judge", "loading", "matches", "models", "prompts"),
        *(
            "report",
            "reviews",
            "question_sets",
            "spending",
            "statistics",
            "terminal",
            "workspace",
            "store",
            "records",
            "errors",
        ),
    },
    "settings": {"errors"},
    "pytest_plugin": {"cli", "compare", "workspace", "errors"},
    "interchange": {"verdicts", "prompts", "workspace", "question_sets", "store", "records", "errors"},
    "site": {
        *("_version", "asking", "audit", "report", "statistics", "matches", "models", "prices", "prompts"),
        *("workspace", "question_sets", "store", "records", "errors"),
    },
}
# Heavy or special packages, and the only parts that may import them.
HOMES = {
    "openai": {"models/openai_api.py", "batch/__init__.py"},
    "genai_prices": {"prices.py"},
    "httpx2": {"models/openai_api.py"},
    "torch": {"models/hf.py", "models/engine/", "models/loading/"},
    "transformers": {"models/engine/", "models/loading/"},
    "huggingface_hub": {"models/loading/"},
    "plotly": {"site/"},
    "nh3": {"site/"},
    "markdown_it": {"site/"},
    "pandas": {"statistics/", "site/", "loading.py", "report/", "compare/", "audit/"},
    "numpy": {"statistics/", "site/", "compare/", "audit/", "embedded/"},
    "sklearn": {"embedded/training/"},
    "scipy": {"statistics/", "compare/"},
    "jinja2": {"prompts/", "question_sets/prompts/", "site/"},
    "tenacity": {"runner.py"},
    "ray": {"models/ray_engine/"},
}
HEAVY = ("torch", "transformers", "pandas", "numpy", "plotly", "openai", "ray")


def files() -> list[Path]:
    """Every module of the package, relative to it."""
    return [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """The full names of the modules that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part(path: Path) -> str:
    """The part of the package that a file belongs to."""
    return path.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", [path for path in files() if part(path) != "cli"], ids=str)
def test_imports_point_downwards(path: Path) -> None:
    """A module imports only what stands below it in the architecture."""
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("judgebench.")}
    assert ours - ALLOWED[part(path)] - {part(path)} == set()


@pytest.mark.parametrize("path", files(), ids=str)
def test_special_packages_stay_in_their_homes(path: Path) -> None:
    """openai, torch, plotly and their like are imported in one place each."""
    tops = {name.split(".")[0] for name in imported(path)}
    astray = {top for top in tops & set(HOMES) if not any(str(path).startswith(home) for home in HOMES[top])}
    assert astray == set()


@pytest.mark.parametrize("statement", ["import judgebench", "import judgebench.cli", "import judgebench.store"])
def test_the_core_loads_nothing_heavy(statement: str) -> None:
    """Importing judgebench is quick, since what is heavy is imported where it is used."""
    code = f"import sys; {statement}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

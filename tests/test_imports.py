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
    "attacks": set(),
    "extensions": {"errors"},
    "__init__": {"_version", "errors", "report"},
    "__main__": {"cli"},
    "tables": {"errors"},
    "embedded": {"attacks"},
    "terminal": {"tables"},
    "models": {"tables", "extensions", "errors"},
    "statistics": {"tables"},
    "checks": {"verdicts", "tables", "errors"},
    "verdicts": {"models", "tables", "extensions"},
    "prompts": {"verdicts", "tables", "errors"},
    "question_sets": {"checks", "models", "prompts", "verdicts", "tables", "errors"},
    "workspace": {"checks", "question_sets", "tables", "errors"},
    "removal": {"workspace", "tables", "errors"},
    "answers": {"question_sets", "models", "tables"},
    "interchange": {"workspace", "question_sets", "prompts", "verdicts", "tables", "errors"},
    "judging": {
        *(
            "checks",
            "answers",
            "embedded",
            "workspace",
            "question_sets",
            "models",
            "prompts",
            "verdicts",
            "tables",
            "errors",
        ),
    },
    "trackers": {"_version", "extensions", "workspace", "errors"},
    "money": {"judging", "answers", "models", "tables", "errors"},
    "report": {
        *("judging", "money", "models", "embedded", "statistics", "verdicts", "terminal", "workspace", "tables"),
        *("trackers", "_version", "errors"),
    },
    "compare": {
        *("report", "judging", "money", "answers", "models", "embedded", "statistics", "prompts", "question_sets"),
        *("verdicts", "checks", "terminal", "trackers", "workspace", "tables", "errors"),
    },
    "gate": {
        *("compare", "report", "money", "statistics", "verdicts", "question_sets", "trackers", "terminal", "workspace"),
        *("tables", "errors"),
    },
    "watch": {"compare", "report", "money", "models", "statistics", "terminal", "workspace", "tables", "errors"},
    "training": {"workspace", "tables"},
    "best_of": {
        *(
            "compare",
            "report",
            "money",
            "models",
            "statistics",
            "trackers",
            "terminal",
            "workspace",
            "tables",
            "errors",
        ),
    },
    "history": {"report", "tables"},
    "audit": {
        *("compare", "report", "judging", "money", "models", "embedded", "attacks", "statistics", "prompts"),
        *("question_sets", "terminal", "workspace", "tables", "errors"),
    },
    "choosing": {
        *("report", "judging", "money", "models", "embedded", "statistics", "prompts", "terminal", "workspace"),
        *("tables", "errors"),
    },
    "site": {
        *("audit", "gate", "history", "report", "judging", "money", "statistics", "prompts", "question_sets"),
        *("verdicts", "workspace", "tables", "_version", "errors"),
    },
    "pytest_plugin": {"cli", "best_of", "compare", "gate", "terminal", "workspace", "errors"},
}
# Within the site, a page is made of parts, and parts of drawings and text; what stands beside these serves all.
SITE_FLOORS = ("drawing", "text", "parts", "pages")
# Heavy or special packages, and the only parts that may import them.
HOMES = {
    "openai": {"models/http/openai_api.py", "models/batch/__init__.py"},
    "genai_prices": {"money/prices.py"},
    "httpx2": {"models/http/openai_api.py", "models/http/transport.py"},
    "torch": {"models/hf.py", "models/engine/", "models/loading/"},
    "transformers": {"models/engine/", "models/loading/", "training.py"},
    "huggingface_hub": {"models/loading/"},
    "plotly": set(),  # checks the figures in tests
    "nh3": {"site/text/"},
    "markdown_it": {"site/text/"},
    "pandas": {"statistics/", "site/", "report/", "compare/", "audit/", "choosing/"},
    "numpy": {"statistics/", "site/", "compare/", "gate/", "best_of/", "audit/", "choosing/", "embedded/"},
    "sklearn": {"embedded/training/"},
    "scipy": {"statistics/", "compare/"},
    "jinja2": {"prompts/", "question_sets/prompts/", "site/"},
    "regex": {"verdicts/checkers.py"},
    "tenacity": {"models/http/runner.py"},
    "ray": {"models/ray_engine/"},
    "vllm": {"models/vllm_engine/core.py"},
    "pyarrow": {"interchange/columns.py", "report/copies.py", "report/copying.py"},
    "subprocess": {"checks/sandbox.py", "report/copying.py", "trackers/provenance.py", "training.py"},
    "inspect_ai": {"interchange/graded.py"},
    "lm_eval": {"checks/constraints.py"},
    "langdetect": {"checks/constraints.py"},
    "mlflow": {"trackers/mlflow.py"},
    "wandb": {"trackers/wandb.py"},
    "trackio": {"trackers/trackio.py"},
}
HEAVY = (
    *("torch", "transformers", "pandas", "numpy", "plotly", "openai", "ray", "vllm", "mlflow", "wandb", "trackio"),
)


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


@pytest.mark.parametrize(
    "path", [path for path in files() if path.parts[:2] in [("site", f) for f in SITE_FLOORS]], ids=str
)
def test_the_site_is_built_in_floors(path: Path) -> None:
    """A part knows no page, and a drawing knows neither."""
    floor = SITE_FLOORS.index(path.parts[1])
    above = {f"judgebench.site.{name}." for name in SITE_FLOORS[floor + 1 :]}
    assert not [name for name in imported(path) if any(name.startswith(other) for other in above)]


@pytest.mark.parametrize("path", files(), ids=str)
def test_special_packages_stay_in_their_homes(path: Path) -> None:
    """openai, torch and their like are imported in one place each."""
    tops = {name.split(".")[0] for name in imported(path)}
    astray = {top for top in tops & set(HOMES) if not any(str(path).startswith(home) for home in HOMES[top])}
    assert astray == set()


@pytest.mark.parametrize("statement", ["import judgebench", "import judgebench.cli", "import judgebench.tables.store"])
def test_the_core_loads_nothing_heavy(statement: str) -> None:
    """Importing judgebench is quick, since what is heavy is imported where it is used."""
    code = f"import sys; {statement}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

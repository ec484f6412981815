"""What tests of endpoints share."""

import pytest
from models.http.timeless import Clock

from judgebench.models.http import health, limits, runner


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What tells the time of rates, limits and outages."""
    made = Clock()
    for module in (limits, health):
        monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own waits between tries are short, and no proxy is asked."""
    monkeypatch.setattr(runner, "_backoff", lambda state: 0.01)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

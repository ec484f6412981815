"""What tests of endpoints share."""

import pytest

from judgebench.models.http import runner


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own waits between tries are short, and no proxy is asked."""
    monkeypatch.setattr(runner, "_backoff", lambda state: 0.01)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

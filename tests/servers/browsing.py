"""Chromium, as patient as the tests are."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from servers.waiting import PATIENCE

_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
_MILLISECONDS = PATIENCE * 1000


@contextmanager
def chromium(*flags: str) -> Iterator[Any]:
    """A running one; a test skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="tests in a browser need playwright")
    path = shutil.which("chromium")
    if not path:
        pytest.skip("tests in a browser need a chromium on the path")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=[*_FLAGS, *flags], timeout=_MILLISECONDS)
        yield browser
        browser.close()


@contextmanager
def window(browser: Any, **settings: Any) -> Iterator[Any]:
    """A page in a context of its own."""
    context = browser.new_context(**settings)
    context.set_default_timeout(_MILLISECONDS)
    yield context.new_page()
    context.close()

"""Servers that aren't ours, on the loopback."""

import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from servers.running import reserved_port
from servers.waiting import PATIENCE, WHOLE, wait_for


@contextmanager
def served(words: Sequence[str], settings: Mapping[str, str], home: Path, health: str) -> Iterator[str]:
    """The server that this command starts in `home`, `--port` and a number being added; its URL once it is well.

    `health` is the path that says so.
    """
    with (
        reserved_port() as port,
        (home / "log").open("wb") as log,
        subprocess.Popen([*words, "--port", str(port)], env=settings, cwd=home, stdout=log, stderr=log) as process,
    ):
        try:
            look = partial(_health, f"http://127.0.0.1:{port}{health}", home / "log")
            wait_for("the server's health", look, lambda seen: seen == "well", process, WHOLE)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()


def _health(url: str, log: Path) -> str:
    """`well`, or what it wrote so far."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(url, timeout=PATIENCE).close()
    except OSError:
        return log.read_text(errors="replace")
    return "well"

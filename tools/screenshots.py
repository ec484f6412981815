"""Take pictures of a built site: overview, pair, question and vote, light and dark, and the overview as on a phone.

python tools/screenshots.py webpage docs/images
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--hide-scrollbars"),
]
SETTLED = 1_000  # milliseconds in which charts are drawn and pieces have come
LARGEST = 400_000  # bytes of a picture in a README


class Shot(NamedTuple):
    """One picture: its name, the page, and the window."""

    name: str
    page: Path
    width: int = 1280
    height: int = 1000
    dark: bool = False


def shots(webpage: Path) -> Iterator[Shot]:
    """The pictures of a site: of pairs the last by name, of questions the first; what a site lacks is left out."""
    pages = {
        "overview": [webpage / "index.html"],
        "pair": sorted((webpage / "pairs").glob("*--*--*.html"))[-1:],
        "question": sorted(path for path in (webpage / "questions").glob("*.html") if path.name != "index.html")[:1],
        "vote": list((webpage / "vote").glob("index.html")),
    }
    for name, found in pages.items():
        for page in found:
            yield Shot(name, page)
            yield Shot(f"{name}-dark", page, dark=True)
    yield Shot("overview-phone", webpage / "index.html", 390, 844)


@contextmanager
def browser(chromium: str) -> Iterator[Any]:
    """Chromium by Playwright, ended in any case."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


def take(running: Any, shot: Shot, folder: Path) -> Path:
    """One picture of what a reader sees before scrolling."""
    scheme = "dark" if shot.dark else "light"
    page = running.new_page(viewport={"width": shot.width, "height": shot.height}, color_scheme=scheme)
    page.goto(shot.page.resolve().as_uri())
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLED)
    path = folder / f"{shot.name}.png"
    page.screenshot(path=path)
    page.close()
    return path


def main() -> int:
    """Take them all; says which is too large for a README."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("webpage", type=Path, help="a folder that `judgebench build-site` wrote")
    parser.add_argument("output", type=Path, help="where the PNG files go")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="default: the one on the path")
    asked = parser.parse_args()
    if not asked.chromium:
        parser.error("no chromium on the path: name one with --chromium")
    if not (asked.webpage / "index.html").is_file():
        parser.error(f"{asked.webpage} holds no index.html: run judgebench build-site first")
    asked.output.mkdir(parents=True, exist_ok=True)
    with browser(asked.chromium) as running:
        taken = [take(running, shot, asked.output) for shot in shots(asked.webpage)]
    for path in taken:
        print(f"{path}: {path.stat().st_size:,} bytes")
    return int(any(path.stat().st_size > LARGEST for path in taken))


if __name__ == "__main__":
    sys.exit(main())

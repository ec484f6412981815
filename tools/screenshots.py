"""Take pictures of a built site: overview, pair, question and vote, light and dark, and the overview as on a phone.

python tools/screenshots.py webpage docs/images
"""

import argparse
import re
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
SAME_VOTER = "crypto.getRandomValues = (drawn) => drawn.fill(12)"  # whose number decides which match the vote shows
LARGEST = 400_000  # bytes of a picture in a README


class Shot(NamedTuple):
    """One picture: its name, the page, and the window; a README shows it at two thirds of this width or so."""

    name: str
    page: Path
    width: int = 1100
    height: int = 1000
    dark: bool = False


def shots(webpage: Path) -> Iterator[Shot]:
    """The pictures of a site: of pairs the last by name, and the question that its page names first.

    What a site lacks is left out. Windows are as high as it takes to show what each page is for.
    """
    pairs = sorted((webpage / "pairs").glob("*--*--*.html"))[-1:]
    pages = {
        "overview": ([webpage / "index.html"], 1_280),
        "pair": (pairs, 1_520),
        "question": ([told for pair in pairs for told in _told_first(pair)], 1_180),
        "vote": (list((webpage / "vote").glob("index.html")), 960),
    }
    for name, (found, height) in pages.items():
        for page in found:
            yield Shot(name, page, height=height)
            yield Shot(f"{name}-dark", page, height=height, dark=True)
    yield Shot("overview-phone", webpage / "index.html", 390, 844)


def _told_first(pair: Path) -> list[Path]:
    """The page of the first question that a pair's page links to: where the two differ most."""
    found = re.search(r'href="\.\./(questions/(?!index)[^"?#]+\.html)', pair.read_text(encoding="utf-8"))
    return [pair.parents[1] / found[1]] if found else []


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
    page.add_init_script(SAME_VOTER)
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

"""What a site of 30 models, 160 questions and 100,000 reviews costs: `python benchmarks/site.py [--reviews N]`.

A workspace is made (`site_workspace.py`): 160 questions of two turns, the answers of 30 models of about 1,500
characters of Markdown a turn (a third with code, a fifth with a table), and reviews by one judge with explanations of
some 600 characters: matches drawn at random from all pairs, questions and turns, each in both orders, and each review
with the digest of its prompt, by which the site finds again what the judge was shown. `judgebench build-site` runs on
it in a process of its own, once, with the files in the page cache.

Then Chromium opens the site over `python -m http.server`, with nothing in its cache, five times each: the overview
and a question's page. Printed are the medians of the time from the start of the navigation to the first contentful
paint, and to the end of the load event, and the bytes transferred up to a second after that. Last, `j` is pressed on
a question's page 21 times: from the key to the frame after the one in which the next question's heading and two of
its answers are shown, the clock being the browser's; the median, the slowest, and the first, which is colder.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import measuring
import site_workspace
from playwright.sync_api import Error, sync_playwright

VIEWS, KEYS = 5, 21
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
SETTLED = 1000  # milliseconds after the load event in which transfers are still counted
# Runs in every document before its own scripts. An answer begins with words that say whose and to what it is; two
# visible ones for a question other than that at the key's press are the new question.
WATCH = r"""
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const MARK = /^Answer of (\S+) to (q-\d+), turn 1\./;
  const shown = () => {
    const found = {};
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const mark = MARK.exec(walker.currentNode.data.trimStart());
      if (!mark || !walker.currentNode.parentElement.checkVisibility({ visibilityProperty: true })) continue;
      (found[mark[2]] ||= new Set()).add(mark[1]);
    }
    const [question] = Object.keys(found).filter((id) => found[id].size >= 2);
    return question;
  };
  window.shownQuestion = () => (document.body ? shown() : undefined);
  const heading = (id) => [...document.querySelectorAll("h1")].some((one) => one.textContent.includes(id));
  const look = () => {
    const pressed = JSON.parse(sessionStorage.getItem("pressed") || "null");
    if (pressed && !pressed.done && document.body) {
      const question = shown();
      if (question && question !== pressed.question && heading(question)) {
        sessionStorage.setItem("pressed", JSON.stringify({ ...pressed, done: true }));
        requestAnimationFrame(() => {
          window.took = now() - pressed.at;
        });
        return;
      }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  window.addEventListener(
    "keydown",
    () => {
      window.took = undefined;
      sessionStorage.setItem("pressed", JSON.stringify({ at: now(), question: shown(), done: false }));
      requestAnimationFrame(look);
    },
    true,
  );
})();
"""
TIMES = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return [paint ? paint.startTime : NaN, navigation.loadEventEnd];
}"""


@dataclass(frozen=True)
class View:
    """Of one first view: milliseconds to the first contentful paint and to the end of load, bytes, requests."""

    paint: float
    load: float
    transferred: int
    requests: int


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder behind `python -m http.server` on any free port of this machine; yields its address."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            found = re.search(r"port (\d+)", process.stdout.readline())
            assert found, "http.server didn't say where it listens"
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            process.kill()


def first_view(browser: Any, address: str) -> View:
    """Open a page with nothing in the cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sizes: list[float] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="load")
    page.wait_for_timeout(SETTLED)
    paint, load = page.evaluate(TIMES)
    context.close()
    return View(paint, load, round(sum(sizes)), len(sizes))


def next_questions(browser: Any, address: str) -> list[float]:
    """Milliseconds of each press of `j`."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(address, wait_until="load")
    _value(page, "window.shownQuestion()")
    took = []
    for _ in range(KEYS):
        page.wait_for_timeout(300)  # a reader looks at the question, and whatever is to come may be fetched
        page.keyboard.press("j")
        took.append(_value(page, "window.took"))
    context.close()
    return took


def _value(page: Any, expression: str, patience: float = 30) -> Any:
    """The expression's value, as soon as it has one; the site's policy forbids to wait for it within the page."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        page.wait_for_timeout(50)
        try:
            value = page.evaluate(expression)
        except Error:  # in the middle of a navigation
            continue
        if value is not None:
            return value
    raise SystemExit(f"{page.url}: {expression} has no value after {patience} s")


def _files(folder: Path) -> list[tuple[str, int, int, int]]:
    """Of all files, and of each part of the site: name, number, bytes, bytes of the largest."""
    sizes = {path.relative_to(folder): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    parts = sorted({path.parts[0] for path in sizes})
    rows = [("all", list(sizes.values()))]
    rows += [(part, [size for path, size in sizes.items() if path.parts[0] == part]) for part in parts]
    return [(name, len(found), sum(found), max(found)) for name, found in rows]


def _print_build(folder: Path, cost: measuring.Cost) -> None:
    print("| build | wall s | CPU s | largest process GiB | all processes GiB |\n| --- | --- | --- | --- | --- |")
    print(f"| build-site | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.largest:.2f} | {cost.together:.2f} |\n")
    print("| part of the site | files | MB | largest file, kB |\n| --- | --- | --- | --- |")
    for name, number, size, largest in _files(folder):
        print(f"| {name} | {number} | {size / 1e6:.1f} | {largest / 1e3:.0f} |")


def _print_views(views: dict[str, list[View]]) -> None:
    print("\n| first view | first paint ms | load ms | transferred MB | requests |\n| --- | --- | --- | --- | --- |")
    for name, found in views.items():
        paint, load = (median(getattr(one, field) for one in found) for field in ("paint", "load"))
        sizes, requests = (max(getattr(one, field) for one in found) for field in ("transferred", "requests"))
        print(f"| {name} | {paint:.0f} | {load:.0f} | {sizes / 1e6:.2f} | {requests} |")


def look(folder: Path) -> None:
    """Open the site in Chromium and print what that takes."""
    path = min((folder / "questions").glob("*q-*.html")).relative_to(folder)
    with served(folder) as root, sync_playwright() as running:
        browser = running.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        first_view(browser, f"{root}/index.html")  # warms the browser itself
        shown = {"overview": "index.html", "question": path.as_posix(), "questions": "questions/index.html"}
        _print_views({name: [first_view(browser, f"{root}/{at}") for _ in range(VIEWS)] for name, at in shown.items()})
        first, *took = next_questions(browser, f"{root}/{path.as_posix()}")
        browser.close()
    print("\n| next question by `j` | median ms | slowest ms | first ms |\n| --- | --- | --- | --- |")
    print(f"| {len(took)} presses | {median(took):.0f} | {max(took):.0f} | {first:.0f} |")


def main() -> None:
    """Parse, make, build, look, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=30)
    parser.add_argument("--questions", type=int, default=160)
    parser.add_argument("--folder", type=Path, help="make the workspace here and keep it; one that is there is used")
    asked = parser.parse_args()
    with measuring.place(asked.folder) as root:
        if not (root / "question_sets").exists():
            site_workspace.make(root, asked.models, asked.questions, asked.reviews)
        size = sum(path.stat().st_size for path in root.glob("[ar]*/*/*.jsonl"))
        print(f"{asked.models} models, {asked.questions} questions, {asked.reviews} reviews; {size / 1e6:.0f} MB\n")
        _print_build(root / "webpage", measuring.judgebench(root, "build-site"))
        look(root / "webpage")


if __name__ == "__main__":
    main()

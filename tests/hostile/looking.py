"""What a test asks of a page in Chromium, whatever is on it: nothing ran, and it is still our page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hostile.texts import CLOBBERING

WIDTHS = (1280, 390)
# Plotly tries to add a style sheet of its own; the policy forbids it, and a browser says so.
_KNOWN = ("inline style",)
_FAULTS = """([names]) => {
  const faults = [], root = document.documentElement;
  const visible = (one) => one && one.checkVisibility() && one.getBoundingClientRect().width > 0;
  if (root.scrollWidth > root.clientWidth) {
    const clipped = (one) => one !== document.body && one !== root && getComputedStyle(one).overflowX !== "visible";
    const wide = [...document.querySelectorAll("body *")].filter((one) => {
      if (one.getBoundingClientRect().right <= root.clientWidth + 1) return false;
      for (let above = one.parentElement; above; above = above.parentElement) if (clipped(above)) return false;
      return true;
    });
    const named = wide.slice(-2).map((one) => `<${one.tagName} ${one.className}> ${one.textContent.slice(0, 60)}`);
    faults.push(`${root.scrollWidth - root.clientWidth} px too wide: ${named.join(" and ")}`);
  }
  for (const name of ["body > header", "main", "body > footer", "h1"]) {
    const found = [...document.querySelectorAll(name)];
    if (found.length !== 1 || !visible(found[0])) faults.push(`${found.length} ${name}, or an invisible one`);
    else if (getComputedStyle(found[0]).direction !== "ltr") faults.push(`${name} is turned around`);
  }
  for (const one of document.querySelectorAll("body > header a, body > header button, body > footer p")) {
    if (!visible(one)) continue;
    one.scrollIntoView({ block: "center", behavior: "instant" });
    const [{ x, y, width, height }] = one.getClientRects();
    const [across, down] = [x + width / 2, y + height / 2];
    if (across < 0 || across > innerWidth) faults.push(`${one.textContent} is outside`);
    const top = document.elementFromPoint(across, down);
    if (!top || !(one.contains(top) || top.contains(one))) faults.push(`${one.textContent} is covered`);
  }
  for (const one of document.querySelectorAll("main h1, main h2, main h3, main button, main select, main input")) {
    if (!visible(one) || one.closest(".scroll, [role=region]")) continue;
    const { left, right } = one.getBoundingClientRect();
    if (left >= -1 && right <= root.clientWidth + 1) continue;
    faults.push(`${one.tagName} ${one.textContent.slice(0, 40)} is cut off`);
  }
  for (const name of names) {
    if ([...document.querySelectorAll("[id], [name]")].some((one) => (one.id || one.name) === name)) {
      faults.push(`an element calls itself ${name}`);
    }
  }
  const alien = "audio, base, embed, form[action], frame, iframe, img, link, math, object, script[src], style, video";
  for (const one of document.querySelectorAll(`main :is(${alien})`)) faults.push(`there is a ${one.tagName}`);
  return faults;
}"""
_USE = """async () => {
  const soon = () => new Promise((resolve) => setTimeout(resolve, 20));
  const tell = (one, ...names) => names.forEach((name) => one.dispatchEvent(new Event(name, { bubbles: true })));
  const open = () => document.querySelectorAll("details").forEach((one) => { one.open = true; });
  open();
  for (const one of document.querySelectorAll("select")) {
    one.selectedIndex = one.options.length - 1;
    tell(one, "input", "change");
  }
  await soon();
  for (const one of document.querySelectorAll("input[type=search]")) {
    one.focus();
    one.value = "script";
    tell(one, "input", "change");
  }
  await soon();
  for (const one of document.querySelectorAll("main button")) {
    if (one.checkVisibility() && !one.disabled) one.click();
    await soon();
  }
  open();
  await soon();
}"""


@dataclass
class Watched:
    """A page whose dialogs and console errors are kept, beside what `seen` keeps."""

    page: Any
    seen: Any
    said: list[str] = field(default_factory=list)

    def open(self, path: Path) -> None:
        """Open a page as a file."""
        self.page.goto(path.as_uri())

    def use(self) -> None:
        """Open what can be opened, choose the last of every list, search, and press every button once."""
        self.page.evaluate(_USE)

    def faults(self) -> list[str]:
        """What is wrong with the page, at both widths."""
        found = []
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            found += [f"at {width}: {fault}" for fault in self.page.evaluate(_FAULTS, [list(CLOBBERING)])]
        return found

    def check_silent(self, root: Path) -> None:
        """No script of theirs ran, none of ours failed, and nothing was asked for but files of the site."""
        assert self.seen.hits == []
        assert self.seen.failed == []
        assert self.said == []
        strange = [url for url in self.seen.asked if not url.startswith((root.as_uri(), "data:", "blob:"))]
        assert strange == []
        self.page.evaluate("hit('a script that does run')")
        assert self.seen.hits.pop() == "a script that does run"


@contextmanager
def watched(page: Any, seen: Any) -> Iterator[Watched]:
    """The page with ears."""
    watch = Watched(page, seen)

    def hear(message: Any) -> None:
        if message.type == "error" and not any(known in message.text for known in _KNOWN):
            watch.said.append(message.text)

    page.on("console", hear)
    page.on("dialog", lambda dialog: watch.said.append(f"a dialog: {dialog.message}"))
    yield watch


def pages_of(folder: Path) -> list[Path]:
    """Every page of a site; the test fails if there are none."""
    found = sorted(folder.rglob("*.html"))
    if not found:
        pytest.fail(f"no page in {folder}")
    return found

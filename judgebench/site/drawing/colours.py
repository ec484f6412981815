"""An accent that can be read on light and on dark: the nearest shade with the contrast that WCAG 2 asks for. Pure."""

from collections.abc import Sequence
from typing import TypeAlias

Rgb: TypeAlias = tuple[float, float, float]  # 0 to 1 each

CONTRAST = 4.5  # of text, WCAG 2.2 AA
LIGHT = ("#f7f8f8", "#ffffff", "#f0f2f4")  # what links stand on: --page, --surface, --sunken of site.css
DARK = ("#12161a", "#1a2026", "#222a31")
_STEPS = 100


def style(accent: str) -> str:
    """A style sheet that gives links and focus this colour, `#rrggbb`, shaded as far as they need it."""
    light, dark = readable(accent, LIGHT), readable(accent, DARK)
    return (
        f":root {{ --link: {light}; --focus: {light}; }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ --link: {dark}; --focus: {dark}; }} }}\n"
    )


def readable(colour: str, grounds: Sequence[str]) -> str:
    """The colour, mixed with as little black (or white, on dark grounds) as it takes to be read on all of them."""
    towards = 1.0 if luminance(_rgb(grounds[0])) < 0.18 else 0.0
    for step in range(_STEPS + 1):
        part = step / _STEPS
        mixed = _hex(_mixed(_rgb(colour), towards, part))
        if all(contrast(mixed, ground) >= CONTRAST for ground in grounds):
            return mixed
    raise ValueError(f"no shade of {colour} can be read on all of {', '.join(grounds)}")


def contrast(first: str, second: str) -> float:
    """The ratio of two colours' luminances, 1 to 21, as WCAG 2 defines it."""
    light, dark = sorted((luminance(_rgb(first)), luminance(_rgb(second))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Rgb) -> float:
    """The relative luminance, 0 to 1, as WCAG 2 defines it."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(colour: Rgb, towards: float, part: float) -> Rgb:
    red, green, blue = (value + (towards - value) * part for value in colour)
    return red, green, blue


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)

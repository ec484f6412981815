"""Templates -> HTML: ours, and in their place those of a theme."""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from judgebench.errors import DataError
from judgebench.site.drawing.theme import Theme
from judgebench.site.policy import POLICY
from judgebench.site.views import Page, called, unbroken

OURS = Path(__file__).parent / "templates"
Render: TypeAlias = Callable[[Page], str]


def renderer(theme: Theme, common: Mapping[str, Any]) -> Render:
    """A function that gives a page's HTML; every template is given `common`, and a way to the site's root.

    DataError, with file and line, for a template of the theme that is at fault.
    """
    environment = _environment(theme)
    _check(environment, theme.templates)

    def render(page: Page) -> str:
        root = "../" * page.address.count("/")  # so that the site works below any address
        try:
            html = environment.get_template(page.template).render(root=root, **common, **page.values)
        except Exception as error:
            raise _explained(error, theme.templates) from error
        if POLICY not in html:
            raise DataError(f"{theme.templates}: a template leaves the policy out of {page.address}: {_POLICY_TAG}")
        return html

    return render


_POLICY_TAG = 'keep <meta http-equiv="Content-Security-Policy" content="{{ policy }}"> in the head'


def _environment(theme: Theme) -> jinja2.Environment:
    """Our templates, or a theme's in a sandbox: it may come with a repository, and has no need of more than values."""
    ours = jinja2.FileSystemLoader(OURS)
    theirs = [jinja2.FileSystemLoader(theme.templates)] if theme.templates else []
    kind = SandboxedEnvironment if theme.templates else jinja2.Environment
    environment = kind(
        loader=jinja2.ChoiceLoader([*theirs, ours, jinja2.PrefixLoader({"ours": ours})]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json"] = htmlsafe_json_dumps  # escapes < > & ', so that data can't end its element
    environment.filters["called"] = called
    environment.filters["unbroken"] = unbroken
    environment.globals |= {"theme": theme, "policy": Markup(POLICY)}  # noqa: S704 - our own words
    return environment


def _check(environment: jinja2.Environment, folder: Path | None) -> None:
    """Compile every template of a theme, so that a fault is found before a page is made."""
    for path in sorted(folder.rglob("*.html")) if folder else ():
        try:
            environment.compile(path.read_text(encoding="utf-8"), filename=str(path))
        except (jinja2.TemplateSyntaxError, UnicodeDecodeError) as error:
            raise _explained(error, folder, path) from error


def _explained(error: Exception, folder: Path | None, path: Path | None = None) -> Exception:
    """One line for a fault in a theme's template; a fault of ours as it is."""
    if path is not None and not isinstance(error, jinja2.TemplateSyntaxError):
        return DataError(f"{path}: {error}")
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, jinja2.TemplateSyntaxError):
        frames.append((error.filename or "", error.lineno))
    at = [place for place in frames if folder and Path(place[0]).is_relative_to(folder)]
    return DataError(f"{at[-1][0]}:{at[-1][1]}: {str(error).partition(chr(10))[0]}") if at else error

"""The fixture `judgebench` for pytest: a test that fails where a checkpoint got worse.

pytest loads this in every project that has judgebench installed, so that nothing is imported before a test asks for it.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from judgebench.best_of.results import BestOf
    from judgebench.compare.options import Options
    from judgebench.compare.results import Comparison
    from judgebench.gate.results import Gate
    from judgebench.workspace import Workspace

_PROPERTIES = ("verdict", "rate", "interval", "judged")
_found = pytest.StashKey[list[str]]()  # what a test has found so far, as JSON


def pytest_addoption(parser: pytest.Parser) -> None:
    """The folder to compare in, and where to keep the comparisons."""
    group = parser.getgroup("judgebench")
    group.addoption("--judgebench-workspace", metavar="DIR", help="The workspace (default: the tests' root folder).")
    group.addoption("--judgebench-json", metavar="FILE", help="Write all comparisons of the run to this file.")


def pytest_configure(config: pytest.Config) -> None:
    """Have all that is found kept by the process that began the run, and by none of pytest-xdist's workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Kept(config))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> "Generator[None, Any, None]":
    """What a test has found goes with its report, which a worker sends to the process that began the run."""
    outcome = yield
    if found := item.stash.get(_found, None):
        outcome.get_result().judgebench = found
        del item.stash[_found]


class Kept:
    """All that was found in a run, of whichever worker: into the file that was asked for, and told at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._file: str | None = config.getoption("--judgebench-json")
        self._kept: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After each test, so that a run that is stopped has those before."""
        found = getattr(report, "judgebench", ())
        self._kept += [{"test": report.nodeid, **json.loads(one)} for one in found]
        if found and self._file:
            from judgebench.compare.outputs import put

            put(Path(self._file), self._kept)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line each."""
        if not self._kept:
            return
        from judgebench.terminal import line

        terminalreporter.section("judgebench")
        for one in self._kept:
            about = f"{line(one['candidate'])} against {line(one['baseline'])}"
            terminalreporter.write_line(f"{one['verdict']} {one['test']}: {about}: {line(one['reason'])}")


@pytest.fixture
def judgebench(request: pytest.FixtureRequest) -> "Judgebench":
    """Compares checkpoints: `judgebench.assert_not_worse(candidate="hf:./checkpoint")`."""
    return Judgebench(request.config, request.node)


class Judgebench:
    """What the fixture `judgebench` is: comparisons as assertions of a test."""

    def __init__(self, config: pytest.Config, node: pytest.Item) -> None:
        self.root = Path(config.getoption("--judgebench-workspace") or config.rootpath)
        self._node = node

    def assert_not_worse(self, *, inconclusive: str | None = None, **options: object) -> "Comparison":
        """Compare as `judgebench compare` does, with its options as keywords (`max_cost=5`) and judgebench.toml's.

        Of one `candidate`; see `assert_one_not_worse` for several.
        AssertionError where the candidate is worse, or where it can't be told unless `inconclusive` is `pass` or
        `skip`; RuntimeError where the judge is out of order; JudgebenchError where the comparison failed.
        """
        __tracebackhide__ = True
        from judgebench.compare.outputs import screen
        from judgebench.compare.procedure import compare

        workspace, given = self._asked("compare", options)
        comparison = compare(workspace, _only(given["asked"]), _say)
        self._judge(comparison, "PASS", screen, inconclusive or given["inconclusive"])
        return comparison

    def assert_one_not_worse(self, *, inconclusive: str | None = None, **options: object) -> "BestOf":
        """Compare several as `judgebench compare` does, with `candidate=[...]`, specs or patterns of folders.

        AssertionError where all of them are worse; for the rest see `assert_not_worse`.
        """
        __tracebackhide__ = True
        from judgebench.best_of.outputs import screen
        from judgebench.best_of.procedure import best_of

        workspace, given = self._asked("compare", options)
        found = best_of(workspace, given["asked"], _say)
        self._judge(found, "PASS", screen, inconclusive or given["inconclusive"])
        return found

    def assert_go(self, *, inconclusive: str | None = None, **options: object) -> "Gate":
        """Decide as `judgebench gate` does, by the policy in judgebench.toml or by `set=[...]` and `guard=[...]`.

        AssertionError for a NO-GO; for the rest see `assert_not_worse`.
        """
        __tracebackhide__ = True
        from judgebench.gate.outputs import screen
        from judgebench.gate.procedure import gate

        workspace, given = self._asked("gate", options)
        found = gate(workspace, given["policy"], _say)
        self._judge(found, "GO", screen, inconclusive or given["inconclusive"])
        return found

    def _judge(self, found: Any, wanted: str, screen: "Callable[[Any], str]", inconclusive: str | None) -> None:
        """Keep what was found, and end the test as that says, where the verdict isn't the one that is wanted."""
        __tracebackhide__ = True
        self._keep(found)
        if found.verdict != wanted:
            _end(found, screen(found), inconclusive or "fail")

    def _asked(self, command: str, options: dict[str, object]) -> "tuple[Workspace, dict[str, Any]]":
        """Where, and what the command is called with."""
        __tracebackhide__ = True
        from judgebench.workspace import Workspace

        workspace = Workspace(self.root)
        return workspace, _parsed(workspace, command, options)

    def _keep(self, verdict: "BestOf | Comparison | Gate") -> None:
        """With the test's report, and as properties of the test for its own JUnit file."""
        found = verdict.as_json()
        known = [name for name in _PROPERTIES if name in found]
        self._node.user_properties += [(f"judgebench_{name}", str(found[name])) for name in known]
        self._node.stash.setdefault(_found, []).append(json.dumps(found))


def _only(asked: "Sequence[Options]") -> "Options":
    """The options of the one candidate."""
    __tracebackhide__ = True
    from judgebench.errors import UsageError

    if len(asked) > 1:
        raise UsageError(f"assert_not_worse takes one candidate, and these are {len(asked)}: assert_one_not_worse")
    return asked[0]


def _end(found: "BestOf | Comparison | Gate", shown: str, inconclusive: str) -> None:
    __tracebackhide__ = True
    if found.verdict == "INVALID":
        raise RuntimeError(shown)
    if found.verdict == "INCONCLUSIVE" and inconclusive == "skip":
        pytest.skip(shown)
    if found.exit_status("pass" if inconclusive == "pass" else None):
        raise AssertionError(shown)


def _say(line: str) -> None:
    """Progress: seen with `--log-cli-level=INFO`, and not in the way of a failure's message."""
    import logging

    logging.getLogger("judgebench").info("%s", line)


def _arguments(options: "Mapping[str, object]") -> "Iterator[str]":
    """Keywords as on the command line: True is a flag, None and False nothing, a list one option for each item."""
    for name, value in options.items():
        option = name.replace("_", "-")
        if value is True:
            yield f"--{option}"
        elif isinstance(value, list | tuple):
            yield from (f"--{option}={item}" for item in value)
        elif value is not None and value is not False:
            yield f"--{option}={value}"


def _parsed(workspace: "Workspace", command: str, options: dict[str, object]) -> dict[str, Any]:
    """What `judgebench COMMAND` is called with, by the keywords, judgebench.toml and its own defaults.

    False is set at the end, since a flag like --fixed has no opposite on the command line.
    """
    __tracebackhide__ = True
    import click

    from judgebench.cli import main
    from judgebench.cli.base import objects
    from judgebench.errors import UsageError

    top, arguments = click.Context(main, info_name="judgebench", obj=workspace), list(_arguments(options))
    try:
        ctx = main.commands[command].make_context(command, arguments, parent=top)
    except click.ClickException as error:
        raise UsageError(error.format_message()) from None
    unset = {name: False for name, value in options.items() if value is False}
    if unknown := unset.keys() - ctx.params.keys():
        raise UsageError(f"No such option: {', '.join(sorted(unknown))}")
    ctx.params |= unset
    return objects(ctx)

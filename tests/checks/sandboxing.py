"""What tests of sandboxed code share: the sandbox, or why there can be none."""

import subprocess

import pytest

from judgebench.checks import sandbox
from judgebench.checks.sandbox import Job, Limits, Outcome

SMALL = Limits(seconds=3, memory=256 * 2**20, together=256 * 2**20, disk=8 * 2**20, files=500, processes=16)


def needs_sandbox() -> None:
    """Fail where bubblewrap is missing; skip, and say so, where the kernel forbids its namespaces."""
    problem = sandbox.problem()
    if problem is None:
        return
    tried = subprocess.run(["unshare", "--user", "--mount", "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"this kernel forbids namespaces, without which there is no sandbox: {tried.stderr.strip()}")
    pytest.fail(problem)


def came_of(body: str, limits: Limits = SMALL) -> Outcome:
    """What came of a function's body in the sandbox."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (outcome,) = sandbox.run([Job([("checks.py", f"import os, sys, time\ndef tried():\n{lines}\n")], "tried")], limits)
    return outcome

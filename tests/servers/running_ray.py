"""Start a real Ray cluster of two nodes, and see and kill what runs on each."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from servers.waiting import first_line, wait_for_end

_PROGRAM = Path(__file__).with_name("ray_cluster.py")


@dataclass(frozen=True, slots=True)
class RayCluster:
    """A running cluster: its address, and the process of each node that the others on it are children of."""

    address: str
    raylets: dict[str, int]

    def replicas(self, node: str) -> list[psutil.Process]:
        """The replicas' processes on a node."""
        children = psutil.Process(self.raylets[node]).children()
        return [child for child in children if _is_replica(child)]

    def lose(self, node: str) -> None:
        """Kill a node with all that runs on it, as when its machine goes."""
        raylet = psutil.Process(self.raylets[node])
        for process in (raylet, *raylet.children(recursive=True)):  # listed before the first is killed
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _is_replica(process: psutil.Process) -> bool:
    try:
        return " ".join(process.cmdline()).startswith("ray::Replica")
    except psutil.NoSuchProcess:  # it has ended meanwhile
        return False


@contextmanager
def ray_cluster() -> Iterator[RayCluster]:
    """Run ray_cluster.py; its nodes end with it."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, str(_PROGRAM)], text=True, **pipes) as process:
        try:
            yield RayCluster(**json.loads(first_line(process)))
        finally:
            wait_for_end(process)

"""How many replicas a cluster gets, and what each of them asks for; pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster, and what it has in all, whoever uses it."""

    id: str
    name: str
    cpus: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Shape:
    """So many replicas, each with so many cores and GPUs of one node."""

    replicas: int
    cpus: int
    gpus: int

    @property
    def asked(self) -> str:
        """What a replica asks for, in words."""
        number, what = (self.gpus, "GPU") if self.gpus else (self.cpus, "CPU core")
        return f"{number} {what}" + "s" * (number > 1)

    def fits(self, node: Node) -> bool:
        """Whether a node could hold a replica if nobody else used it."""
        return node.cpus >= self.cpus and node.gpus >= self.gpus


def shape(nodes: Sequence[Node], replicas: int | None, device: str) -> Shape:
    """One replica per GPU; spread over GPUs, as `replicas` divides them; without GPUs, one per node with all its cores.

    The cores of a replica on a GPU aren't counted: it needs one, and there may be fewer than GPUs to give away.
    """
    gpus = 0 if device == "cpu" else sum(node.gpus for node in nodes)
    if not gpus:
        return _on_cores([node.cpus for node in nodes if node.cpus], replicas)
    largest = max(node.gpus for node in nodes)
    each = 1 if device != "spread" else min(largest, max(1, gpus // (replicas or 1)))
    return Shape(replicas or sum(node.gpus // each for node in nodes), 0, each)


def _on_cores(cores: Sequence[int], replicas: int | None) -> Shape:
    """As many cores as the smallest node has for each of its replicas, so that every node can hold its share."""
    number = replicas or max(1, len(cores))
    a_node = -(-number // max(1, len(cores)))
    return Shape(number, max(1, min(cores, default=1) // a_node), 0)

"""`--engine ray`: copies of a checkpoint on the GPUs or CPUs of a Ray cluster, or of this machine.

`cluster` connects to Ray, `shapes` says how many copies (replicas) and what each asks for, `replica` is one of them, in
its own process, `work` who answers what, `fleet` all of it together: it is the only one that waits. Nothing of Ray is
imported, started or connected to before the first `generate`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from judgebench.errors import UsageError
from judgebench.models import Options, Reply, Request
from judgebench.models.hf import HFModel, once_each

if TYPE_CHECKING:
    from judgebench.models.ray_engine.fleet import Fleet


class RayModel:
    """A checkpoint that several replicas answer for: the same model, by its identity, as the local engine's."""

    def __init__(self, target: str, options: Options) -> None:
        if ":" in options.device:
            raise UsageError(
                f"--engine ray gives each replica a GPU of its own: write --device cuda, not {options.device}"
            )
        self._target = target
        self._options = options
        self._here = HFModel(target, options)

    @property
    def identity(self) -> Mapping[str, Any]:
        """The content of the checkpoint as it is here; a replica on a node with another content refuses to work."""
        return self._here.identity

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Hold the conversations on the replicas; see Model.generate."""
        if requests:
            yield from once_each(requests, self._fleet.answer)

    @cached_property
    def _fleet(self) -> "Fleet":
        from judgebench.models.ray_engine.fleet import Fleet

        return Fleet(self._target, self._options, self.identity)

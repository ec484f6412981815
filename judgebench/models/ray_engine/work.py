"""Who answers what: requests are handed out as replicas get free, and again where a replica died; pure."""

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Sequence

from judgebench.models import Request
from judgebench.models.hf import longest_first

TRIES = 3  # replicas that may die over a request


class Work:
    """The requests of a run: those that wait, and who holds which.

    A request that was held twice by a replica that died is tried once more, alone: where it is what kills whoever holds
    it, it takes no other with it.
    """

    def __init__(self, requests: Sequence[Request]) -> None:
        self._requests = requests
        self._waiting = deque(longest_first(requests))
        self._alone = deque[int]()
        self._held: defaultdict[Hashable, set[int]] = defaultdict(set)
        self._deaths = Counter[int]()

    def __bool__(self) -> bool:
        return bool(self._waiting or self._alone or any(self._held.values()))

    def take(self, holder: Hashable, most: int, among: int) -> list[tuple[int, Request]]:
        """Give a holder more, so that it holds `most` at most; `among` holders share what is left.

        Near the end each gets its share only, so that none sits on a queue while others have nothing to do.
        """
        held = self._held[holder]
        if any(self._last_try(index) for index in held):
            return []
        number = min(most - len(held), -(-len(self._waiting) // among))
        taken = [self._waiting.popleft() for _ in range(number)]
        if self._alone and not (held or taken):
            taken = [self._alone.popleft()]
        held.update(taken)
        return [(index, self._requests[index]) for index in taken]

    def done(self, holder: Hashable, index: int) -> None:
        """A holder has answered."""
        self._held[holder].remove(index)

    def lost(self, holder: Hashable) -> list[int]:
        """A holder has died: what it held waits again, but for those given up, which are returned."""
        held = sorted(self._held.pop(holder, ()))
        self._deaths.update(held)
        self._waiting.extendleft(index for index in held if self._deaths[index] < TRIES - 1)
        self._alone.extend(index for index in held if self._last_try(index))
        return [index for index in held if self._deaths[index] >= TRIES]

    def _last_try(self, index: int) -> bool:
        return self._deaths[index] == TRIES - 1

"""The partitions that a worker owns in a generation of its group: which stay, and which are loaded."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from runtime.clock import Clock
from runtime.errors import WarehouseAwayError
from schemas.rules import FoldRules
from streams.owned import Owned
from streams.partition import Partition

log = logging.getLogger(__name__)


class Group(Protocol):
    """What a worker asks its consumer group."""

    def generation(self) -> int:
        """The generation of the group that the assignment belongs to."""

    def rebalancing(self) -> bool:
        """Whether the group is between two assignments: then nothing may be acknowledged."""

    def acknowledge(self, offsets: Mapping[int, int]) -> None:
        """Let the group know how far partitions are done: up to these offsets, not including them."""


class Loader(Protocol):
    """Where the states come from."""

    async def load(self, number: int, rules: FoldRules, give_up: Callable[[], bool]) -> Partition | None:
        """Return the state of a partition; raise WarehouseAwayError when it was given up."""


class Assignment:
    """The states of the partitions that this worker owns.

    Attributes:
        partitions: by number.
        generation: of the group, when they were assigned; None before the first time.
    """

    def __init__(self, rules: FoldRules, group: Group, clock: Clock) -> None:
        self.partitions: dict[int, Owned] = {}
        self.generation: int | None = None
        self._rules = rules
        self._group = group
        self._clock = clock

    def keep_what_stayed(self, numbers: Sequence[int], generation: int) -> bool:
        """Drop the states of partitions that somebody else may have owned since they were loaded.

        A partition that this worker owned in the generation before was nobody else's in between: its state
        is the newest there is. After a generation that it was no part of, all of them are loaded again.
        Return whether the generation is another than before.
        """
        if generation == self.generation:
            return False
        stayed = set(numbers) if self.generation is not None and generation == self.generation + 1 else set()
        self.partitions = {
            n: owned for n, owned in self.partitions.items() if n in stayed and not owned.stopped
        }
        self.generation = generation
        return True

    async def load(self, numbers: Sequence[int], loader: Loader, loaded: Callable[[Owned], None]) -> None:
        """Load those of these that are not there; tell each at once. Give up when the group moves on."""
        began, generation = self._clock.monotonic_s(), self.generation
        give_up = partial(self.has_moved_on, generation)
        viewers = 0
        missing = sorted(set(numbers) - set(self.partitions))
        for number in missing:
            asked = self._clock.monotonic_s()
            try:
                state = await loader.load(number, self._rules, give_up)
            except WarehouseAwayError:  # it gave up
                return
            if give_up():
                return
            now = self._clock.monotonic_s()
            owned = Owned(number, state or Partition(self._rules), fresh=state is None, now_s=now)
            owned.checkpoint_cost_s = now - asked  # about what it takes to pack it
            self.partitions[number] = owned
            viewers += len(owned.state.viewers)
            loaded(owned)
        took_s = self._clock.monotonic_s() - began
        log.info("loaded %d partitions with %d viewers in %.2f s", len(missing), viewers, took_s)
        where = ", ".join(f"{number}@{offset}" for number, offset in self.positions().items())
        log.info("generation %s: %s", generation, where or "none")

    def positions(self) -> dict[int, int]:
        """The next offset of each partition: where a consumer must go on."""
        return {number: owned.state.next_offset for number, owned in self.partitions.items()}

    def owns(self, owned: Owned) -> bool:
        """Whether this state is still the one of its partition here."""
        return self.partitions.get(owned.number) is owned

    @property
    def is_stale(self) -> bool:
        """Whether the group has moved on from the generation that these were assigned in."""
        return self.has_moved_on(self.generation)

    def has_moved_on(self, generation: int | None) -> bool:
        """Whether the group is in another generation than this."""
        return self._group.generation() != generation

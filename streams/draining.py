"""A worker that reads the log to its end and stops: when it is through."""

from math import inf

from streams.assignment import Group
from streams.edges import Edges
from streams.worker import Worker


class Drain:
    """Knows where each partition ended when it was first asked, and whether all up to there is stored.

    What somebody else owned before, and left, is read to its end as well; what has moved on to somebody
    else is theirs.
    """

    def __init__(self, worker: Worker, group: Group, edges: Edges) -> None:
        self._worker = worker
        self._group = group
        self._edges = edges
        self._ends: dict[int, int] = {}

    async def is_over(self) -> bool:
        """Whether every assigned partition is folded to its end and in a checkpoint, or has stopped."""
        assignment = self._worker.assignment
        generation = assignment.generation
        if self._group.rebalancing() or assignment.is_stale:
            return False
        if assignment.partitions.keys() - self._ends.keys():
            self._ends = await self._edges.ends_now() | self._ends
        live = {n: int(o.state.next_offset) for n, o in assignment.partitions.items() if not o.stopped}
        if not assignment.partitions or any(at < self._ends.get(number, inf) for number, at in live.items()):
            return False
        return await self._worker.store() and assignment.generation == generation

"""When a partition is due for a checkpoint, how it is encoded without holding up the others, its row."""

import asyncio
import logging
from collections.abc import Iterable
from itertools import islice

from runtime.clock import Clock
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from streams import checkpoint as codec
from streams.cold import sweep
from streams.count import count_all, count_paywall
from streams.owned import Owned
from streams.partition import Touched
from streams.state import Viewer
from warehouse.checkpoints import Checkpoint, sha256_hex

log = logging.getLogger(__name__)

VIEWERS_A_SLICE = 500
TOUCHED_A_SLICE = 2_000
SOONEST_S = 5.0


class Checkpointer:
    """Chooses the partition that is due, and encodes it in slices of a few milliseconds."""

    def __init__(self, settings: WorkerSettings, rules: FoldRules, clock: Clock) -> None:
        self._settings = settings
        self._rules = rules.as_json()
        self._digest = rules.digest()
        self._clock = clock
        self._turn_at = clock.monotonic_s()

    def due(self, partitions: Iterable[Owned]) -> Owned | None:
        """Return the partition that has waited longest, if it is due. One that has not begun is not.

        A round over all partitions takes so long that it costs at most `checkpoint_share` of the
        time, but not longer than `checkpoint_s`. They take turns evenly, as far as they can: work that
        comes in lumps would hold up the rows of the paywall.
        """
        live = [owned for owned in partitions if not owned.stopped and not owned.fresh]
        owned = min(live, key=lambda o: o.checkpointed_at, default=None)
        if owned is None:
            return None
        cost_s = sum(owned.checkpoint_cost_s for owned in live)
        every_s = min(max(cost_s / self._settings.checkpoint_share, SOONEST_S), self._settings.checkpoint_s)
        now = self._clock.monotonic_s()
        waited_s = now - owned.checkpointed_at
        if waited_s < every_s and min(waited_s, now - self._turn_at) < every_s / len(live):
            return None
        self._turn_at = now
        return owned

    async def encode(self, owned: Owned) -> list[bytes]:
        """Count what is touched, pack what is silent, drop what is gone; return the chunks of the state.

        The state must not change until this returns. Other work of the loop runs between the slices, and may
        take rows of the paywall to write them: these are counted first, as a whole.
        """
        spent = 0.0
        count_paywall(owned.state)
        for part in by_viewers(owned.state.touched, TOUCHED_A_SLICE):
            began = self._clock.monotonic_s()
            owned.state.touched = part
            count_all(owned.state)
            spent += self._clock.monotonic_s() - began
            await asyncio.sleep(0)
        chunks: list[bytes] = []
        viewer_ids = iter(list(owned.state.viewers))
        while some := list(islice(viewer_ids, VIEWERS_A_SLICE)):
            began = self._clock.monotonic_s()
            sweep(owned.state, some)
            spent += self._clock.monotonic_s() - began
            await asyncio.sleep(0)
        encoder = codec.encode(owned.state)
        while True:
            began = self._clock.monotonic_s()
            chunk = next(encoder, None)
            spent += self._clock.monotonic_s() - began
            if chunk is None:
                owned.checkpoint_cost_s = spent
                return chunks
            chunks.append(chunk)
            await asyncio.sleep(0)

    def facts(self, owned: Owned) -> dict[str, int]:
        """Return what a checkpoint says of a state beside the state; check the conservation law."""
        state, tally = owned.state, owned.state.tally
        if tally.missing:
            log.critical("partition %d: %d lines have no outcome: a defect", owned.number, tally.missing)
        return {
            "partition": owned.number,
            "next_offset": state.next_offset,
            "generation": state.book.generation,
            "watermark_ms": state.watermark,
            "viewers": len(state.viewers),
            "received": tally.received,
            "applied": tally.applied,
            "redundant": tally.redundant,
            "excluded": tally.excluded,
            "quarantined": tally.quarantined,
        }

    def row(self, facts: dict[str, int], chunks: list[bytes]) -> Checkpoint:
        """Return the checkpoint of encoded chunks. Long work that needs no lock: for a thread."""
        state = codec.compress(chunks)
        return Checkpoint(
            source_epoch=self._settings.source_epoch,
            logic_epoch=self._settings.logic_epoch,
            rules_digest=self._digest,
            state_format=codec.STATE_FORMAT,
            state_sha256=sha256_hex(state),
            state=state,
            worker=self._settings.name,
            rules=self._rules,
            **facts,
        )


def by_viewers(touched: Touched, at_most: int) -> list[Touched]:
    """Return what is touched in parts of about so many things. To count them in turn is to count the whole.

    All of a viewer is in one part; days, which are counted after what happened on them, are in the last.
    """
    things = len(touched.plays) + len(touched.late_plays) + len(touched.series) + len(touched.late_series)
    parts = [Touched() for _ in range(1 + things // at_most)]
    met: dict[Viewer, int] = {}

    def part_of(viewer: Viewer) -> Touched:
        return parts[met.setdefault(viewer, len(met)) % len(parts)]

    for play, viewer in zip(touched.plays, touched.viewers, strict=True):
        part = part_of(viewer)
        part.plays.append(play)
        part.viewers.append(viewer)
    for play, viewer in zip(touched.late_plays, touched.late_viewers, strict=True):
        part = part_of(viewer)
        part.late_plays.append(play)
        part.late_viewers.append(viewer)
    for series in touched.series:
        part_of(series[0]).series.add(series)
    for series in touched.late_series:
        part_of(series[0]).late_series.add(series)
    for unlock in touched.unlocks:
        part_of(unlock[0]).unlocks.append(unlock)
    for impression in touched.impressions:
        part_of(impression[0]).impressions.append(impression)
    parts[-1].days = touched.days
    return parts

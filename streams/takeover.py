"""Let a new logic epoch go on from the state of an older one. Pure.

What a state still holds can still change, so it is counted as the new epoch counts: its old credit is
taken off and its new worth put on, in the generation that is open. What the state has forgotten stays as
it was counted. From there on the credits equal the worth again, and all that streams/ promises of an epoch
holds: what it writes follows from the state that it began with and from the log.
"""

from collections.abc import Callable, Mapping

from runtime.errors import CheckpointError, EpochError
from schemas.rules import FoldRules
from streams import checkpoint as codec
from streams.cold import drop_gone, forget_gone, live_paywall, thaw_plays
from streams.count import count_all
from streams.partition import Partition
from streams.state import Viewer, days_of, keep_days, plays_of
from warehouse.checkpoints import Checkpoint

Reader = Callable[[bytes, FoldRules], Partition]

OLDER_FORMATS: dict[int, Reader] = {}  # none before 4 was ever released
"""How states of older formats are read. Who changes `STATE_FORMAT` leaves a reader of the one before here."""


def read_older(checkpoint: Checkpoint, rules: FoldRules) -> Partition:
    """Return the state of a checkpoint of any known format, under the rules that it was folded under.

    `rules` are those of the new epoch: a checkpoint that does not say its own is known by their digest.

    Raises CheckpointError when the state does not verify or is of a format that nobody here can read;
    EpochError when the rules that it was folded under cannot be known.
    """
    where = f"the checkpoint of partition {checkpoint.partition} at offset {checkpoint.next_offset}"
    if not checkpoint.verifies:
        raise CheckpointError(f"{where} is damaged")
    readers: Mapping[int, Reader] = OLDER_FORMATS | {codec.STATE_FORMAT: codec.decode}
    reader = readers.get(checkpoint.state_format)
    if reader is None:
        raise CheckpointError(f"{where} is of state format {checkpoint.state_format}, unknown here")
    return reader(checkpoint.state, rules_of(checkpoint, rules))


def rules_of(checkpoint: Checkpoint, *candidates: FoldRules) -> FoldRules:
    """Return the rules that a checkpoint was folded under; raise EpochError when they cannot be known."""
    if checkpoint.rules:
        candidates = (FoldRules.from_json(checkpoint.rules),)
    for rules in (*candidates, FoldRules()):
        if rules.digest() == checkpoint.rules_digest:
            return rules
    raise EpochError(
        f"nobody knows the rules of the checkpoint of partition {checkpoint.partition}, only their digest: "
        "let a worker of this version leave a checkpoint under the old settings first"
    )


def take_over(partition: Partition, rules: FoldRules) -> None:
    """Count all that a state holds by other rules, and have every open row written.

    The state must just have been read, under the rules that it was folded under. What is gone by them
    is forgotten first, swept or not: by the new rules it might be there again, if nobody had swept it.
    """
    for viewer in partition.viewers.values():
        thaw_plays(partition, viewer)  # a cold play's credit is worked out: by the old rules
        drop_gone(partition, viewer)
        if viewer.paywall is not None:
            forget_gone(partition, live_paywall(partition, viewer))
        keep_days(viewer, [day for day in days_of(viewer) if day.end_at >= partition.days_gone_before])
    partition.follow(rules)
    for viewer in partition.viewers.values():
        _touch_all(partition, viewer)
    count_all(partition)
    for rows in partition.book.tables.values():
        for row in rows.open.values():
            if not row.dirty:
                rows.mark(row)


def _touch_all(partition: Partition, viewer: Viewer) -> None:
    for play in plays_of(viewer):
        if play.place is not None:
            partition.touch_play(viewer, play)
            if play.counts:
                partition.touch_series(viewer, play.place.series_id)
    if viewer.paywall is not None:
        paywall = live_paywall(partition, viewer)
        for unlock in paywall.unlocks.values():
            partition.touch_unlock(viewer, unlock)
        for impression in paywall.impressions.values():
            partition.touch_impression(viewer, impression)
    for day in days_of(viewer):
        partition.touch_day(day)

"""What is left of viewers who asked to be forgotten: where, how much, and when it goes. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from cliffhanger.kafka_holds import Held
from runtime.cutting import read_cut
from runtime.errors import SealError
from runtime.sealing import Seal, read
from schemas.topics import DAY_MS
from warehouse.deletions import CheckpointName, LinePlace, StoredLine, ViewerDeletion

QUARANTINE_MS: Final = 14 * DAY_MS
"""How long the table keeps a line (0008_quarantine.sql)."""
_TOKEN: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"|-?\d+')


class Where(StrEnum):
    """A place in which something of a viewer can be."""

    CHECKPOINTS = "checkpoints"
    LAST_CHECKPOINTS = "checkpoints without a newer one that verifies"
    QUARANTINE = "quarantined lines"
    SEALED = "quarantined lines that no key given opens"
    EVENTS_TOPIC = "events in Kafka"
    QUARANTINE_TOPIC = "quarantined lines in Kafka"


DELETABLE: Final = frozenset({Where.CHECKPOINTS, Where.QUARANTINE})


class Trace(NamedTuple):
    """Something that is left of a viewer, or may be.

    `many` is None where nobody can count, `until_ms` where no date is known: then something must happen.
    """

    where: Where
    many: int | None
    until_ms: int | None


class Lines(NamedTuple):
    """What the quarantine holds: the lines of each viewer, and the lines that nobody could read."""

    named: dict[str, set[LinePlace]]
    shut: list[StoredLine]


def search(
    lines: Iterable[StoredLine],
    viewer_ids: frozenset[str],
    seal: Seal | None,
    pseudonym: Callable[[str], str] | None,
) -> Lines:
    """Find the lines that name one of the viewers.

    Where a vocabulary keeps the viewer is not asked: any text or number of a line may name them. What the
    collector sealed has the platform's own ids, so without `pseudonym` nobody can tell whose it is.
    """
    found = Lines({}, [])
    for line in lines:
        text, is_raw = _opened(line.line, seal)
        if text is None or (is_raw and pseudonym is None):
            found.shut.append(line)
            continue
        for token in _tokens(text):
            names = {token, pseudonym(token)} if is_raw and pseudonym else {token}
            for viewer_id in names & viewer_ids:
                found.named.setdefault(viewer_id, set()).add(line.place)
    return found


def _opened(line: bytes, seal: Seal | None) -> tuple[bytes | None, bool]:
    """Return a line as it was, None when no key opens it, and whether it has the platform's own ids."""
    sealed = read(line)
    if sealed is None:
        return line, False
    is_raw = sealed.sealed_by == "collector"
    if seal is None:
        return None, is_raw
    try:
        return seal.open(line).line, is_raw
    except SealError:
        return None, is_raw


def _tokens(text: bytes) -> Iterator[str]:
    """Yield each text and each whole number of a line that need not be JSON, or of what is left of it."""
    cut = read_cut(text)
    if cut is not None:
        text = cut.began.encode() + b'"'  # the last text may be cut in two
    for match in _TOKEN.finditer(text):
        token = match[0] if match[1] is None else match[1]
        if b"\\" in token:
            try:
                yield msgspec.json.decode(b'"%b"' % token, type=str)
                continue
            except msgspec.MsgspecError:
                pass
        yield token.decode(errors="replace")


def deletable_checkpoints(
    offset: int, held: Iterable[CheckpointName], newest: CheckpointName | None
) -> tuple[list[CheckpointName], list[CheckpointName]]:
    """Return the checkpoints from before a request: those that a newer one replaces, and the others."""
    old = [name for name in held if name.next_offset <= offset]
    if newest is None or newest.next_offset <= offset:
        return [], old
    return [name for name in old if name < newest], [name for name in old if name > newest]


def traces(
    request: ViewerDeletion,
    checkpoints: tuple[list[CheckpointName], list[CheckpointName]],
    lines: Lines,
    kafka: Held,
    source_epoch: int,
) -> list[Trace]:
    """Return what is left of the viewer of a request. The topic is that of `source_epoch`."""
    replaced, last = checkpoints
    named = lines.named.get(request.viewer_id, set())
    shut = [line for line in lines.shut if line.message_at_ms <= request.dropped_at_ms]
    gone_at = max((line.detected_at_ms for line in shut), default=0) + QUARANTINE_MS
    begins = kafka.begins.get(request.partition, 0)
    in_events = request.source_epoch == source_epoch and begins <= request.offset
    in_quarantine = request.dropped_at_ms in kafka.set_aside_since
    found = [
        Trace(Where.CHECKPOINTS, len(replaced), None),
        Trace(Where.LAST_CHECKPOINTS, len(last), None),
        Trace(Where.QUARANTINE, len(named), None),
        Trace(Where.SEALED, len(shut), gone_at),
    ]
    kept = [trace for trace in found if trace.many]
    if in_events:
        kept.append(Trace(Where.EVENTS_TOPIC, None, _after(request.message_at_ms, kafka.events_ms)))
    if in_quarantine:
        kept.append(Trace(Where.QUARANTINE_TOPIC, None, _after(request.dropped_at_ms, kafka.set_aside_ms)))
    return kept


def _after(at_ms: int, kept_ms: int | None) -> int | None:
    return None if kept_ms is None else at_ms + kept_ms

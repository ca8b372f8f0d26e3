"""Take the events of a request: judge each, veil the viewer, seal what cannot be used, bring all to the log.

It owns no IO but through the delivery. What it returns is an answer that is true: every event of the
request, good or set aside, is acknowledged by the log by then.
"""

import zlib
from typing import NamedTuple

import msgspec
from starlette.responses import Response

from producers.collector.admission import Sender, veil
from producers.collector.answers import accepted
from producers.collector.delivery import Delivery
from producers.collector.judging import encode, judge
from producers.collector.limits import RateLimits
from producers.collector.pseudonyms import Pseudonyms
from runtime.clock import Clock
from runtime.metrics import CollectorMetrics
from runtime.sealing import Seal
from runtime.settings import CollectorSettings
from schemas.fields import MAX_LINE_BYTES
from schemas.reasons import Reason

SPREAD = 64
"""Sealed lines without a readable viewer go to the partitions of so many keys."""


class _Viewer(msgspec.Struct, gc=False):
    viewer_id: str


_VIEWER = msgspec.json.Decoder(_Viewer)


class Taken(NamedTuple):
    """What becomes of the events of a request.

    Attributes:
        lines: what enters the topic, each with the key of its partition, in the order of the request.
        size: the bytes of all lines.
        rejects: index and reason of every line that is a sealed one.
    """

    lines: list[tuple[str, bytes]]
    size: int
    rejects: list[tuple[int, Reason]]


class Intake:
    """Takes events from any route."""

    def __init__(
        self,
        settings: CollectorSettings,
        delivery: Delivery,
        pseudonyms: Pseudonyms,
        seal: Seal,
        limits: RateLimits,
        metrics: CollectorMetrics,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._pseudonyms = pseudonyms
        self._seal = seal
        self._limits = limits
        self._metrics = metrics
        self._clock = clock

    async def take(
        self, lines: list[bytes], sender: Sender, ignored: int = 0, now_ms: int | None = None
    ) -> Response:
        """Return the answer once the log has acknowledged every event.

        Refuses with 503 when it does not. `ignored` counts what a vocabulary knows and this project does not;
        `now_ms` is when the request was received, if a vocabulary took its time from that. The list is empty
        afterwards: nobody holds what may wait for long.
        """
        self._limits.charge(sender.key, sender.address, len(lines), self._clock.monotonic_s())
        taken = self.judge(lines, sender, self._clock.now_ms() if now_ms is None else now_ms)
        good = len(lines) - len(taken.rejects)
        lines.clear()
        if taken.lines:
            await self._delivery.deliver(taken.lines, taken.size)
        self._count(good, taken.rejects, ignored)
        return accepted(good, taken.rejects, ignored)

    def judge(self, lines: list[bytes], sender: Sender, now_ms: int) -> Taken:
        """Return what enters the topic: the good lines as events, the others sealed."""
        limit, pseudonyms = self._settings.max_event_bytes, self._pseudonyms
        taken: list[tuple[str, bytes]] = []
        rejects: list[tuple[int, Reason]] = []
        size = 0
        for index, line in enumerate(lines):
            event = judge(line, now_ms, limit)
            reason = event if isinstance(event, Reason) else sender.objection(event)
            if reason is None:
                veil(event, sender, pseudonyms)
                written = encode(event)
                key = event.viewer_id
                if len(written) > MAX_LINE_BYTES:
                    reason = Reason.TOO_LARGE
            if reason is not None:
                rejects.append((index, reason))
                key, written = self._place_of(line), self._seal.line(line, reason)
            taken.append((key, written))
            size += len(written)
        return Taken(taken, size, rejects)

    def _place_of(self, line: bytes) -> str:
        """The key of a sealed line's partition: that of its viewer's events, when the viewer is readable."""
        try:
            return self._pseudonyms.of(_VIEWER.decode(line).viewer_id)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return str(zlib.crc32(line) % SPREAD)

    def _count(self, good: int, rejects: list[tuple[int, Reason]], ignored: int) -> None:
        metrics = self._metrics
        metrics.events.labels("accepted").inc(good)
        if ignored:
            metrics.events.labels("ignored").inc(ignored)
        for _, reason in rejects:
            metrics.events.labels("quarantined").inc()
            metrics.quarantined.labels(reason).inc()

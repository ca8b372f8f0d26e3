"""The way from a device to the topic: latency, copies, disorder, lines that break on the way."""

import re
from collections.abc import Iterator
from heapq import heappop, heappush
from random import Random
from uuid import UUID

from producers.simulator.delivery import Delivery
from producers.simulator.malformed import break_line, make_late, resend
from producers.simulator.settings import SLACK_MS, SimulationSettings
from producers.simulator.truth import Truth
from schemas.reasons import Reason
from schemas.rules import MINUTE_MS

_RECEIVED_AT = re.compile(r'"received_at":\d+,')
_DELETION = '{"event_type":"viewer_deletion"'
LATE_MARGIN_MS = 30 * MINUTE_MS


_Parcel = tuple[int, int, str, str | bytes, bool | Reason]
"""A line under way: when it arrives, a number, viewer, line, and whether the truth must hear of it:
True for the first form of an event, False for a copy, a reason for a bad line."""


class Outbox:
    """Lines under way, handed out in the order in which they arrive.

    The truth hears of a line at the moment at which it is handed out, so it accounts for exactly
    the lines that a caller took, wherever the caller stops.
    """

    def __init__(self, settings: SimulationSettings, truth: Truth | None) -> None:
        dirt = settings.dirt
        self._settings = settings
        self._truth = truth
        self._random = Random(~settings.seed & 0xFFFF_FFFF)
        self._under_way: list[_Parcel] = []
        self._number = 0
        self._odds = (
            dirt.duplicates,
            dirt.disorder,
            dirt.malformed,
            dirt.late,
            dirt.without_received_at,
        )
        self._any = min(1.0, sum(self._odds))

    def put(self, received_ms: int, viewer_id: str, line: str) -> None:
        """Take a good line that the collector receives at that time."""
        if line.startswith(_DELETION):
            self._put_last(received_ms, viewer_id, line)
        elif self._random.random() < self._any:
            self._put_with_dirt(received_ms, viewer_id, line)
        else:
            self._push(received_ms, viewer_id, line, news=True)

    def arrivals(self, until_ms: int) -> Iterator[Delivery]:
        """Hand out what arrives up to that time, and tell the truth about each line before."""
        under_way, truth = self._under_way, self._truth
        while under_way and under_way[0][0] <= until_ms:
            at_ms, _, viewer_id, line, news = heappop(under_way)
            payload = line.encode() if isinstance(line, str) else line
            if truth is not None and news:
                if news is True:
                    truth.event(payload)
                else:
                    truth.bad(news, payload)
            yield Delivery(at_ms, viewer_id, payload)

    def _put_last(self, received_ms: int, viewer_id: str, line: str) -> None:
        """Let a deletion arrive after all else of its viewer, now and then twice.

        What came after it would not count, and the truth, which knows no order, would be wrong.
        """
        under_way = [at_ms for at_ms, _, whose, _, _ in self._under_way if whose == viewer_id]
        at_ms = max(received_ms, *under_way) if under_way else received_ms
        self._push(at_ms, viewer_id, line, news=True)
        if self._random.random() < self._settings.dirt.duplicates:
            self._send_again(at_ms, viewer_id, line)

    def _push(self, at_ms: int, viewer_id: str, line: str | bytes, *, news: bool | Reason) -> None:
        self._number += 1
        heappush(self._under_way, (at_ms, self._number, viewer_id, line, news))

    def _put_with_dirt(self, received_ms: int, viewer_id: str, line: str) -> None:
        """Apply exactly one kind of dirt, drawn by the odds."""
        random, dirt = self._random, self._settings.dirt
        kind = random.choices(range(len(self._odds)), self._odds)[0]
        at_ms = received_ms
        if kind == 1:
            at_ms += int(random.random() * dirt.disorder_minutes * MINUTE_MS)
        elif kind == 4:  # noqa: PLR2004
            line = _RECEIVED_AT.sub("", line, count=1)
        self._push(at_ms, viewer_id, line, news=True)
        if kind == 0:
            self._send_again(received_ms, viewer_id, line)
        elif '"environment":"production"' not in line:
            return  # its relative would be excluded
        elif kind == 2:  # noqa: PLR2004
            reason, broken = break_line(line, self._new_id(), random)
            self._push(received_ms + random.randint(0, 900), viewer_id, broken, news=reason)
        elif kind == 3 and received_ms > self._settings.start_ms + 2 * MINUTE_MS:  # noqa: PLR2004
            by_ms = self._late_by_ms()
            late = make_late(line, self._new_id(), by_ms)
            self._push(received_ms, viewer_id, late, news=Reason.LATE)

    def _send_again(self, received_ms: int, viewer_id: str, line: str) -> None:
        """The same bytes by a client that retries, or a re-send that says when it was sent."""
        random = self._random
        delay_ms = 1 + int(random.random() ** 3 * self._settings.dirt.resend_minutes * MINUTE_MS)
        copy = line if random.random() < 0.5 else resend(line, delay_ms)  # noqa: PLR2004
        self._push(received_ms + delay_ms, viewer_id, copy, news=False)

    def _late_by_ms(self) -> int:
        """Late whatever overtook the line, and whatever the broker's clock said."""
        dirt = self._settings.dirt
        overtaken_ms = int((dirt.disorder_minutes + dirt.resend_minutes) * MINUTE_MS) + SLACK_MS
        by_ms = self._random.randint(LATE_MARGIN_MS, 24 * 60 * MINUTE_MS)
        return self._settings.lateness_ms + overtaken_ms + by_ms

    def _new_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

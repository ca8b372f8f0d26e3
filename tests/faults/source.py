"""A paced producer whose truth, and whose lines, are on disk before the first event is sent."""

import json
import re
import threading
import time
import zlib

from producers.simulator import Dirt, SimulationSettings, TruthFile, simulate
from tests.faults.copies import added, bad_copies, copies_of, times
from tests.oracle.oracle import tables

DIRT = Dirt(duplicates=0.10, disorder=0.05, malformed=0.01)
TICK_S = 0.05
CATCH_UP_S = 1.0
"""A producer that was held up sends at most so much of the pace at once."""
RESERVE_S = 90
"""Past what is allowed, the rest is spread over so long, and the rest of the rest again."""
EVENTS_A_SHARD = 300_000
"""The oracle holds all events that it is given, and takes each viewer alone: it gets so many at a time."""
_VIEWER = re.compile(rb'"viewer_id":"([^"]+)"')


def simulation(seed, events):
    """Some minutes of a platform at least: short runs have fewer viewers, but enough for every partition."""
    viewers = min(max(events // 500, 100), 400)
    return SimulationSettings(seed=seed, max_events=events, live_viewers=viewers, eagerness=3, dirt=DIRT)


class Truth(TruthFile):
    """The truth of a simulation, and beside it the bad lines as they were: a copy of one has another hash."""

    def __init__(self, path):
        super().__init__(path)
        self.bad_lines = []

    def bad(self, reason, line):
        super().bad(reason, line)
        self.bad_lines.append((str(reason), line))


class Source:
    """Sends the events of a simulation at a pace while faults go on, and the rest when they are over.

    It never runs dry before `finish`: past the share that `allow` gave, it goes on ever more slowly. While it
    is `held` it sends nothing. Each event is sent as so many disjoint copies.
    """

    def __init__(self, settings, truth_path, sender, per_s, copies=1):
        self.truth_path = truth_path
        self.copies = copies
        self._lines_path = truth_path.with_suffix(".lines")
        with Truth(truth_path) as truth, self._lines_path.open("wb") as lines:
            self.events = 0
            for _, viewer_id, line in simulate(settings, truth):
                lines.write(b"%b\t%b\n" % (viewer_id.encode(), line))
                self.events += copies
        self._bad_lines = truth.bad_lines
        self.sent = 0
        self.error = None
        self.held = False
        self._sender, self._per_s = sender, per_s
        self._allowed = 0
        self._hurry, self._abandoned = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)

    def begin(self):
        self._thread.start()

    def allow(self, share):
        """Let so large a share of the events go out at the full pace."""
        self._allowed = share * self.events

    def finish(self):
        """Send what is left as fast as it goes; return when the broker has acknowledged all."""
        self._hurry.set()
        self._thread.join()
        if self.error is not None:
            raise self.error

    def abandon(self):
        """Send no more; return when nothing is under way."""
        self._abandoned.set()
        if self._thread.ident is not None:
            self._thread.join()

    def expected(self, rules):
        """The rows of every table and the quarantined lines, by the truth file and the oracle."""
        shards = self.events // self.copies // EVENTS_A_SHARD + 1
        rows = {}
        for shard in range(shards):
            rows = added(rows, tables(self._truth(shard, shards), rules=rules))
        return times(rows, self.copies), bad_copies(self._bad_lines, self.copies)

    def _truth(self, shard, shards):
        """The logical events of a share of the viewers, in the order of the truth file."""
        with self.truth_path.open("rb") as file:
            for line in file:
                if line.startswith(b'{"event"') and (
                    shards == 1 or zlib.crc32(_VIEWER.search(line)[1]) % shards == shard
                ):
                    yield json.loads(line)["event"]

    def _run(self):
        try:
            with self._sender as sender, self._lines_path.open("rb") as lines:
                due, last = 0.0, time.monotonic()
                while self.sent < self.events and not self._abandoned.is_set():
                    pace = self._per_s
                    if self.sent >= self._allowed:
                        pace = min(pace / 5, (self.events - self.sent) / RESERVE_S)
                    now = time.monotonic()
                    due += self.events if self._hurry.is_set() else pace * min(now - last, CATCH_UP_S)
                    last = now
                    while due >= self.copies and self._has_more() and not self.held:
                        self._send_next(sender, lines)
                        due -= self.copies
                    due = 0.0 if self.held else due
                    self._hurry.wait(TICK_S)
        except BaseException as error:  # handed to whoever calls finish()
            self.error = error

    def _has_more(self):
        """Whether there is a line to send. The last one waits for `finish`."""
        kept = 0 if self._hurry.is_set() else self.copies
        return self.sent < self.events - kept and not self._abandoned.is_set()

    def _send_next(self, sender, lines):
        viewer_id, _, line = lines.readline()[:-1].partition(b"\t")
        for key, copy in copies_of(viewer_id.decode(), line, self.copies):
            sender.send(key, copy)
        self.sent += self.copies

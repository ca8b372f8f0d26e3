"""A paced producer whose truth is on disk before the first event is sent."""

import threading

from producers.simulator import Dirt, SimulationSettings, TruthFile, simulate
from tests.oracle.oracle import from_truth, tables
from tests.support.pipeline import bad_lines

DIRT = Dirt(duplicates=0.10, disorder=0.05, malformed=0.01)
TICK_S = 0.05
RESERVE_S = 90
"""Past what is allowed, the rest is spread over so long, and the rest of the rest again."""


def simulation(seed, events):
    """Some minutes of a platform at least: short runs have fewer viewers, but enough for every partition."""
    viewers = min(max(events // 500, 100), 400)
    return SimulationSettings(seed=seed, max_events=events, live_viewers=viewers, eagerness=3, dirt=DIRT)


class Source:
    """Sends the events of a simulation at a pace while faults go on, and the rest when they are over.

    It never runs dry before `finish`: past the share that `allow` gave, it goes on ever more slowly.
    """

    def __init__(self, settings, truth_path, sender, per_s):
        self.truth_path = truth_path
        with TruthFile(truth_path) as file:
            self.deliveries = list(simulate(settings, file))
        self.sent = 0
        self.error = None
        self._sender, self._per_s = sender, per_s
        self._allowed = 0
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)

    @property
    def events(self):
        return len(self.deliveries)

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

    def expected(self, rules):
        """The rows of every table and the quarantined lines, by the truth file and the oracle."""
        events, _ = from_truth(self.truth_path)
        return tables(events, rules=rules), bad_lines(self.truth_path)

    def _run(self):
        try:
            with self._sender as sender:
                due = 0.0
                while self.sent < self.events:
                    pace = self._per_s
                    if self.sent >= self._allowed:
                        pace = min(pace / 5, (self.events - self.sent) / RESERVE_S)
                    due += self.events if self._hurry.is_set() else pace * TICK_S
                    for _ in range(int(due)):
                        if self.sent == self.events:
                            break
                        if self.sent == self.events - 1 and not self._hurry.is_set():
                            break
                        _, viewer_id, line = self.deliveries[self.sent]
                        sender.send(viewer_id, line)
                        self.sent += 1
                    due -= int(due)
                    self._hurry.wait(TICK_S)
        except BaseException as error:  # handed to whoever calls finish()
            self.error = error

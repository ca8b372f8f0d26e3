"""What a long run watches all the time: how far the log is ahead of the workers, and their memory (Linux)."""

import contextlib
import threading
import time
from pathlib import Path
from typing import NamedTuple

from kafka import KafkaConsumer, TopicPartition

from schemas.topics import PLAYER_EVENTS

LAG_EVERY_S, MEMORY_EVERY_S = 1.0, 10.0
WARM_S = 30.0
BACK_S = 1.5
"""With events flowing there are always some under way: so much of the traffic is no lag."""


class Lag(NamedTuple):
    """At a time: messages in the log, of these not folded, and whether every partition had an owner."""

    at: float
    log: int
    behind: int
    owned: bool


class Memory(NamedTuple):
    """Of one worker process at a time."""

    at: float
    name: str
    pid: int
    age_s: float
    mb: float
    viewers: int
    partitions: int


class Samples:
    """Asks the broker and the workers' pages in a thread of its own; what does not answer is left out."""

    def __init__(self, run):
        self._run_of = run
        self.began = time.monotonic()
        self.lags, self.memory = [], []
        self._folded = {}
        self._seen = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="samples", daemon=True)
        self._thread.start()

    def seconds_behind(self, lag):
        """A lag as seconds of the traffic since the first sample."""
        first = self.lags[0]
        grown = lag.log - first.log
        return lag.behind * (lag.at - first.at) / grown if grown else float(lag.behind > 0)

    def is_back(self, lag):
        return lag.owned and self.seconds_behind(lag) < BACK_S

    def back_since(self, since):
        """When the lag was back after a time, or None; some sample must have come first."""
        return next((lag.at for lag in list(self.lags) if lag.at > since and self.is_back(lag)), None)

    def worst_s(self):
        """The worst lag in seconds of traffic, once there was traffic for a while."""
        warm = [lag for lag in self.lags if lag.at > self.lags[0].at + WARM_S]
        return max(map(self.seconds_behind, warm), default=0.0)

    def close(self):
        self._closed.set()
        self._thread.join()

    def _run(self):
        consumer, memory_at = None, 0.0
        while not self._closed.wait(LAG_EVERY_S):
            pages = [(worker, worker.health()) for worker in self._run_of.workers]
            now = time.monotonic()
            if now - memory_at >= MEMORY_EVERY_S:
                memory_at = now
                self.memory += filter(None, (self._memory(now, *of) for of in pages))
            try:
                consumer = consumer or KafkaConsumer(bootstrap_servers=self._run_of.stack.bootstrap)
                self.lags.append(self._lag(consumer, [page for _, page in pages if page]))
            except Exception:  # the broker is away: it is asked again
                with contextlib.suppress(Exception):
                    consumer.close()
                consumer = None
        if consumer is not None:
            consumer.close()

    def _lag(self, consumer, pages):
        tps = [TopicPartition(PLAYER_EVENTS.name, number) for number in self._run_of.partitions]
        ends = {tp.partition: end for tp, end in consumer.end_offsets(tps).items()}
        folded = {p["partition"]: p["next_offset"] for page in pages for p in page["partitions"]}
        self._folded |= folded
        behind = sum(max(end - self._folded.get(number, 0), 0) for number, end in ends.items())
        return Lag(time.monotonic(), sum(ends.values()), behind, folded.keys() == ends.keys())

    def _memory(self, now, worker, page):
        pid = worker.process.pid
        began = self._seen.setdefault(pid, now)
        with contextlib.suppress(OSError, StopIteration):
            status = Path(f"/proc/{pid}/status").read_text()
            kb = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
            partitions = page["partitions"] if page else []
            viewers = sum(p["viewers"] for p in partitions)
            return Memory(now, worker.name, pid, now - began, int(kb) / 1024, viewers, len(partitions))
        return None

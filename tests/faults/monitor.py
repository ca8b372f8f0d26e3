"""Watches how far the durable rows of each partition reach, over a connection of its own."""

import contextlib
import threading
import time

from clickhouse_driver import Client

from schemas.tables import VERSION_BITS

REACH = (
    f"SELECT partition, max(version % {1 << VERSION_BITS}), max(intDiv(version, {1 << VERSION_BITS})) "
    "FROM episode_minutes GROUP BY partition"
)


class Monitor:
    """Polls the engine; `steps` holds when which partition had rows of a longer prefix of the log."""

    def __init__(self, port, database, every_s=0.1):
        self._port, self._database, self._every_s = port, database, every_s
        self.offsets = {}
        self.steps = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._thread.start()

    def mark(self):
        """How far each partition is now."""
        return dict(self.offsets)

    def first_past(self, partition, mark, since):
        """Seconds from `since` to the first rows of a partition past the mark; None if there are none."""
        for at, number, offset in list(self.steps):
            if at > since and number == partition and offset > mark.get(partition, -1):
                return at - since
        return None

    def are_past(self, mark, partitions):
        return all(self.offsets.get(p, -1) > mark.get(p, -1) for p in partitions)

    def longest_silence(self, partition, since, until):
        """The longest time without rows of a longer prefix, between two times."""
        times = [at for at, number, _ in list(self.steps) if number == partition and since < at < until]
        return max(b - a for a, b in zip([since, *times], [*times, until], strict=True))

    def close(self):
        self._closed.set()
        self._thread.join()

    def _run(self):
        client = None
        while not self._closed.wait(self._every_s):
            try:
                client = client or Client(
                    "127.0.0.1",
                    port=self._port,
                    database=self._database,
                    connect_timeout=2,
                    send_receive_timeout=3,
                )
                rows = client.execute(REACH)
            except Exception:
                if client is not None:
                    with contextlib.suppress(Exception):
                        client.disconnect()
                client = None
                continue
            now = time.monotonic()
            for partition, offset, _ in rows:
                if offset > self.offsets.get(partition, -1):
                    self.offsets[partition] = offset
                    self.steps.append((now, partition, offset))
        if client is not None:
            client.disconnect()

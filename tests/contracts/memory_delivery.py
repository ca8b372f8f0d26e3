"""A delivery in memory, for requests that need no broker."""

from collections import defaultdict

from producers.collector.answers import Refused
from producers.partitioning import partition_of


class MemoryDelivery:
    """What a `Delivery` is to an intake. `away` makes it refuse as one whose broker does not answer."""

    partitions = 12
    bytes_under_way = 0

    def __init__(self, settings):
        self.away = False
        self.log = defaultdict(list)
        self._settings = settings

    @property
    def is_ready(self):
        return not self.away

    async def deliver(self, lines, size):
        if self.away:
            raise Refused(503, "broker_away", retry_after_s=self._settings.retry_after_s)
        if size + len(lines) > self._settings.buffer_mb * 1024 * 1024:
            raise Refused(503, "busy", retry_after_s=self._settings.retry_after_s)
        for viewer_id, line in lines:
            self.log[partition_of(viewer_id, self.partitions)].append(line)

    def lines(self):
        """Every line, in no order that matters."""
        return [line for lines in self.log.values() for line in lines]

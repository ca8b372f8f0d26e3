"""Log lines: one format, to standard error, quiet libraries kept quiet. No payload is ever logged."""

import logging
import time

FORMAT = "%(asctime)s %(levelname)-7s %(name)s %(message)s"
CHATTY = ("aiokafka", "kafka", "faust", "mode", "asyncio", "clickhouse_driver")


class OncePerWhile(logging.Filter):
    """Lets a message of a library through once in a while: aiokafka repeats itself 66 times a second.

    What the workers say themselves passes: twelve partitions that stop are twelve lines.
    """

    def __init__(self, every_s: float = 10.0) -> None:
        super().__init__()
        self._every_s = every_s
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is ours, or the first of its kind for `every_s` seconds."""
        kind = (record.name, str(record.msg)[:60])
        if not record.name.startswith(CHATTY):
            return True
        now = time.monotonic()
        if now - self._last.get(kind, -self._every_s) < self._every_s:
            return False
        self._last[kind] = now
        return True


def configure(level: str = "INFO") -> None:
    """Send this process's log lines to standard error; libraries from WARNING on, and not over and over."""
    logging.basicConfig(level=level, format=FORMAT, force=True)
    for handler in logging.getLogger().handlers:
        handler.addFilter(OncePerWhile())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)

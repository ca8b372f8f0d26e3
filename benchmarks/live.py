"""The pipeline to be measured: a stack with ports and data of its own, fresh topics and databases, workers.

It owns IO. What it starts ends with it, or with the process, and its data are deleted.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import UnknownTopicOrPartitionError

from benchmarks.workload import Message
from devstack import DevStack, free_ports
from producers.broker import MAX_REQUEST_BYTES
from producers.topics_admin import ensure_topics
from runtime.brokers import Brokers
from runtime.settings import Settings, as_environment, load
from schemas.topics import PLAYER_EVENTS, TOPICS
from warehouse.client import Connection
from warehouse.migrate import migrate

ROOT = Path(__file__).parents[1]
START_S, TOPICS_S, DRAIN_S = 180.0, 60.0, 600.0
SENT_AT_ONCE = 256
"""Messages that the producer holds at most before they are waited for."""


class Drained(NamedTuple):
    """What a worker process took from its start to its end: CPU and wall, in seconds."""

    cpu_s: float
    wall_s: float


class Live:
    """A running stack. `renew` before each round: nothing of the one before is left."""

    def __init__(self, stack: DevStack, folder: Path) -> None:
        self.stack = stack
        self._folder = folder
        self._numbers = count(1)
        self.settings = self._settings_of("none")

    def renew(self) -> Settings:
        """Create the topics anew, empty, and another database; return the settings of both."""
        admin = KafkaAdminClient(bootstrap_servers=self.stack.bootstrap)
        try:
            for topic in TOPICS:
                try:
                    admin.delete_topics([topic.name])
                except UnknownTopicOrPartitionError:
                    continue
            deadline = time.monotonic() + TOPICS_S
            while {topic.name for topic in TOPICS} & set(admin.list_topics()):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"topics are still there {TOPICS_S:g} s after they were deleted")
                time.sleep(0.05)
        finally:
            admin.close()
        ensure_topics(Brokers(bootstrap=self.stack.bootstrap))
        return self.renew_database()

    def renew_database(self) -> Settings:
        """Create another database, with tables and views, and drop the one before."""
        before = self.settings.clickhouse.database
        self.settings = self._settings_of(f"bench_{next(self._numbers)}")
        migrate(self.settings.clickhouse)
        connection = Connection(self.settings.clickhouse)
        connection.query(f"DROP DATABASE IF EXISTS `{before}` SYNC")
        connection.close()
        return self.settings

    def fill(self, messages: Iterable[Message]) -> int:
        """Append messages to the log as they are; return how many lines they hold, all acknowledged."""
        producer = KafkaProducer(
            bootstrap_servers=self.stack.bootstrap,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            max_request_size=MAX_REQUEST_BYTES,
            batch_size=512 * 1024,
            linger_ms=5,
            allow_auto_create_topics=False,
        )
        lines = 0
        rest = iter(messages)
        try:
            while some := list(islice(rest, SENT_AT_ONCE)):
                sent = [producer.send(PLAYER_EVENTS.name, value=m.value, partition=m.partition) for m in some]
                for future in sent:
                    future.get(timeout=TOPICS_S)
                lines += sum(message.events for message in some)
        finally:
            producer.close()
        return lines

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a worker process; what it logs goes to a file."""
        inherited = os.environ  # noqa: TID251 -- what a child inherits: PATH, locale; no setting is read
        with (self._folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cliffhanger", "worker", "--parent", str(os.getpid()), *arguments],
                cwd=ROOT,
                env=inherited | as_environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def drain(self) -> Drained:
        """Let one worker read the log to its end and leave; return what the whole process took."""
        began = time.monotonic()
        process = self.start("--drain")
        limit = threading.Timer(DRAIN_S, process.kill)
        limit.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            limit.cancel()
        if process.returncode:
            raise RuntimeError(f"the worker ended with {process.returncode}:\n{self.tail()}")
        return Drained(usage.ru_utime + usage.ru_stime, time.monotonic() - began)

    def tail(self, lines: int = 25) -> str:
        """Return the end of the workers' log."""
        log = (self._folder / "worker.log").read_text(errors="replace")
        return "\n".join(log.splitlines()[-lines:])

    def _settings_of(self, database: str) -> Settings:
        return load(
            kafka={"bootstrap": self.stack.bootstrap},
            clickhouse={
                "host": self.stack.clickhouse_host,
                "port": self.stack.clickhouse_port,
                "database": database,
                "send_receive_timeout_s": 600,
            },
        )


@contextmanager
def live_stack(say: Callable[[str], None]) -> Iterator[Live]:
    """Start a stack in a folder of its own; stop it and delete its data at the end."""
    say("starting Kafka and ClickHouse")
    with tempfile.TemporaryDirectory(prefix="cliffhanger-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        stack = DevStack(folder / "stack", free_ports(), jars=ROOT / ".devstack" / "jars", say=lambda _: None)
        try:
            stack.up(timeout_s=START_S)
            yield Live(stack, folder)
        finally:
            stack.down()

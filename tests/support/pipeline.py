"""The whole pipeline for a test: a topic and a database of its own, worker processes, the views."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from clickhouse_driver import Client
from kafka import KafkaAdminClient
from kafka.errors import UnknownTopicOrPartitionError

from producers.sender import Sender, SenderSettings
from producers.topics_admin import ensure_topics
from runtime.brokers import Brokers
from runtime.settings import Settings, as_environment, load
from schemas.tables import COUNTER_TABLES
from schemas.topics import TOPICS
from warehouse.migrate import migrate

ROOT = Path(__file__).parents[2]
BASE_VIEWS = {
    "episode_minutes": "episodes_by_minute",
    "exit_curves": "exit_curves_by_hour",
    "sittings": "sittings_by_hour",
    "paywall_minutes": "paywalls_by_minute",
    "unlock_minutes": "unlocks_by_minute",
    "viewer_days": "viewers_by_day",
}


class Pipeline:
    """Everything between a line and a view, on real components. Close it: it ends what it started."""

    def __init__(self, stack, database, log_folder, *, partitions=None, **sections):
        self.stack, self.database, self.logs = stack, database, log_folder
        sections["kafka"] = {
            "bootstrap": stack.bootstrap,
            "session_timeout_s": 6,
            "heartbeat_interval_s": 0.5,
            **sections.get("kafka", {}),
        }
        sections["clickhouse"] = {"port": stack.clickhouse_port, "database": database}
        self.settings: Settings = load(**sections)
        migrate(self.settings.clickhouse)
        renew_topics(stack.bootstrap, partitions)
        self.workers = []

    def sender(self, **settings):
        return Sender(SenderSettings(brokers=self.settings.kafka, **settings))

    def start(self, name, *arguments, program=("cliffhanger",), **environment):
        """Start a worker process, of another program if it is to be broken; it logs to a file of its name."""
        log = (self.logs / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", *program, "worker", "--name", name, *arguments],
            cwd=ROOT,
            env=os.environ | as_environment(self.settings) | environment,
            stdout=log,
            stderr=log,
        )
        log.close()
        self.workers.append(process)
        return process

    def drain(self, workers=2, timeout_s=240):
        """Let fresh workers read the log to its end and leave."""
        started = [self.start(f"drain-{number}", "--drain") for number in range(workers)]
        deadline = time.monotonic() + timeout_s
        for process in started:
            code = process.wait(max(deadline - time.monotonic(), 1))
            assert code == 0, self.tail()

    def query(self, sql):
        client = Client("127.0.0.1", port=self.stack.clickhouse_port, database=self.database)
        try:
            return client.execute(sql)
        finally:
            client.disconnect()

    def rows(self):
        """All rows of the base views, as the oracle gives them. The others: `rollups.py`."""
        return {
            table.name: self.view(BASE_VIEWS[table.name], table.dimensions, table.counters + table.histograms)
            for table in COUNTER_TABLES
        }

    def view(self, name, dimensions, values):
        """Rows of a view: (window start in seconds, *dimensions) -> {counter or histogram: value}."""
        columns = ("toUnixTimestamp(window_start)", *dimensions, *values)
        width = 1 + len(dimensions)
        rows = self.query(f"SELECT {', '.join(columns)} FROM {name}")
        found = {row[:width]: dict(zip(values, row[width:], strict=True)) for row in rows}
        assert len(found) == len(rows), f"{name}: a key stands twice"
        return found

    def quarantined(self):
        """Counter of (reason, SHA-256 of the line)."""
        rows = self.query("SELECT reason, hex(SHA256(line)) FROM quarantine FINAL")
        return Counter((reason, digest.lower()) for reason, digest in rows)

    def assert_conserved(self, received):
        """Every line sent was received once, and has one outcome, by every newest checkpoint."""
        rows = self.query("SELECT sum(received), sum(abs(unaccounted)), count() FROM conservation")
        assert rows[0][:2] == (received, 0), rows

    def progress(self):
        """Lines received by the newest checkpoints."""
        return self.query("SELECT sum(received) FROM conservation")[0][0]

    def tail(self, lines=25):
        """The end of every worker's log, for a failing test."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
            for path in sorted(self.logs.glob("*.log"))
        )

    def close(self):
        for process in self.workers:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


def renew_topics(bootstrap, partitions=None):
    """Create the topics anew, empty."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        for topic in TOPICS:
            try:
                admin.delete_topics([topic.name])
            except UnknownTopicOrPartitionError:
                continue
        wait_until(lambda: not {topic.name for topic in TOPICS} & set(admin.list_topics()), 30)
    finally:
        admin.close()
    ensure_topics(Brokers(bootstrap=bootstrap), partitions)


def wait_until(holds, timeout_s, every_s=0.05):
    """Poll until a condition holds; fail with its name when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"{holds} did not hold within {timeout_s} s"
        time.sleep(every_s)


def bad_lines(truth):
    """What must be in quarantine, by a truth file: Counter of (reason, SHA-256 of the line)."""
    bad = Counter()
    for line in truth.read_bytes().splitlines():
        if line.startswith(b'{"bad"'):
            entry = json.loads(line)
            bad[entry["bad"], entry["line_sha256"]] += 1
    return bad


def digest(line):
    return hashlib.sha256(line).hexdigest()

"""Everything a scenario needs: the pipeline on real components, workers behind proxies, a paced source.

A scenario runs between `open` and `settle`: faults in cycles while events are being sent. `settle` sends
the rest, waits until all of it is counted, ends the workers in good order and compares every row of every
view, the quarantine and the conservation law with the truth file.
"""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clickhouse_driver import Client

from runtime.settings import as_environment
from tests.faults.budget import minutes_of
from tests.faults.comparison import compare
from tests.faults.monitor import Monitor
from tests.faults.outcome import Outcome
from tests.faults.proxy import Proxy
from tests.faults.source import Source, simulation
from tests.faults.supervisor import Supervisor
from tests.support.pipeline import ROOT, Pipeline, wait_until

PARTITIONS = 12
SESSION_S = 6
HANG_S = 60
STILL_S = 15
DRAINED_S = 180


class HangError(AssertionError):
    """A worker is up and does nothing for longer than is allowed."""


class Run:
    """One scenario on one stack, in a database and topics of its own."""

    def __init__(
        self,
        stack,
        outcome,
        *,
        per_s,
        say,
        events=0,
        stream=None,
        copies=1,
        pack=None,
        watch_s=0.15,
        **sections,
    ):
        self.stack, self.outcome, self.say = stack, outcome, say
        self.until = time.monotonic() + outcome.minutes * 60
        self.rng = random.Random(outcome.seed)
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        self.database = f"faults_{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {self.database} ENGINE = Atomic")
        stream = stream or simulation(outcome.seed, events)
        sections.setdefault("partitions", PARTITIONS)
        self.partitions = range(sections["partitions"])
        sections["worker"] = {
            "checkpoint_s": 4.0,
            "playback_flush_s": 0.5,
            "paywall_flush_s": 0.5,
            **sections.get("worker", {}),
        }
        sections["fold"] = {"experiment": stream.experiment, **sections.get("fold", {})}
        self.pipeline = Pipeline(stack, self.database, self.folder, **sections)
        self.rules = self.pipeline.settings.fold
        self.supervisor = Supervisor(self.pipeline.settings, self.folder)
        self.proxies = {}
        self.monitor = Monitor(stack.clickhouse_port, self.database, every_s=watch_s)
        self.pack = {"pack": pack} if pack else {}
        sender = self.sender()
        self.source = Source(stream, self.folder / "truth.jsonl", sender, per_s, copies)

    def sender(self):
        """A producer that outlives any outage of the broker."""
        return self.pipeline.sender(delivery_timeout_s=300, buffer_mb=512, **self.pack)

    # Workers

    def start(self, name, *, instance_id=None, **options):
        """Start a worker behind a proxy of its own."""
        proxy = self.proxies.get(name)
        if proxy is None:
            proxy = self.proxies[name] = Proxy(self.stack.clickhouse_port)
        return self.supervisor.start(name, clickhouse_port=proxy.port, instance_id=instance_id, **options)

    def command(self, *arguments, **environment):
        """Run a command to its end, as a person would; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=os.environ | as_environment(self.pipeline.settings) | environment,
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def stop(self, name):
        """End a worker in good order; remember how long that took."""
        worker = self.supervisor.workers[name]
        took, code = self.supervisor.stop(name)
        self.outcome.stop_s.append(round(took, 2))
        self._count_exits([*worker.exits, code])
        return code

    def stop_all(self, names):
        """End some workers in good order, all at once."""
        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(self.stop, names))

    def _count_exits(self, codes):
        for code in codes:
            self.outcome.exits[str(code)] = self.outcome.exits.get(str(code), 0) + 1

    @property
    def workers(self):
        return list(self.supervisor.workers.values())

    def owned(self):
        """Partition sets by worker name, as the pages say."""
        return {worker.name: worker.partitions() for worker in self.workers}

    def shared_out(self):
        """Whether every worker has partitions and together they have each exactly once."""
        sets = list(self.owned().values())
        everything = sorted(p for some in sets for p in some)
        return all(sets) and everything == list(self.partitions)

    # Waiting

    def within(self, holds, what, limit_s=HANG_S):
        """Wait for a condition; a hang is told with what each worker says of itself."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > limit_s:
                pages = {worker.name: worker.health() for worker in self.workers}
                text = f"not {what} within {limit_s} s: {pages}"
                self.outcome.hangs.append(text)
                raise HangError(text)
            time.sleep(0.05)
        return time.monotonic() - began

    def flowing(self, mark=None, limit_s=HANG_S):
        """Wait until every partition has rows past the mark, of now by default."""
        mark = self.monitor.mark() if mark is None else mark
        return self.within(lambda: self.monitor.are_past(mark, self.partitions), "flowing", limit_s)

    def begin(self):
        """Send the first events and wait until all partitions are shared out and have rows."""
        self.source.allow(0.02)
        self.source.begin()
        self.within(self.shared_out, "shared out", 90)
        self.flowing({}, 90)

    def cycles(self, count):
        """Yield the number of each cycle; allow the source its share; say how it goes."""
        for number in range(count):
            if time.monotonic() > self.until:
                name, minutes = self.outcome.scenario, self.outcome.minutes
                self.say(f"{name}: its {minutes:g} minutes are over after {number} cycles")
                break
            self.source.allow((number + 2) / (count + 2))
            self.outcome.cycles += 1
            yield number
            if (number + 1) % max(count // 10, 1) == 0:
                last = self.outcome.recovery_s[-1:]
                self.say(f"{self.outcome.scenario}: cycle {number + 1} of {count}, last recovery {last} s")

    def grouped_cycles(self, sizes):
        """Yield how many cycles are over, and how many the next fault counts for."""
        sizes = list(sizes)
        over = 0
        for number in self.cycles(len(sizes)):
            yield over, sizes[number]
            over += sizes[number]
            self.outcome.cycles += sizes[number] - 1

    def jitter(self, most_s):
        """Let faults strike at any moment of a flush: part of the fault, not a wait for anything."""
        time.sleep(self.rng.random() * most_s)

    def hit(self):
        self.outcome.hits += 1

    def recovered(self, partitions, mark, since, others=()):
        """Wait until rows past the mark are there in all of the partitions; note the times."""
        self.within(lambda: self.monitor.are_past(mark, partitions), f"rows of {sorted(partitions)}")
        until = time.monotonic()
        self.outcome.recovery_s.append(
            round(max(self.monitor.first_past(p, mark, since) or 0.0 for p in partitions), 2)
        )
        if others:
            return max(self.monitor.longest_silence(p, since, until) for p in others)
        return None

    # The end

    def settle(self):
        """Send the rest, wait until it is counted, end the workers, compare."""
        self.settle_counting()
        self.conclude()

    def conclude(self):
        """End the workers in good order and compare."""
        for name in list(self.supervisor.workers):
            self.stop(name)
        self.compare(*self.source.expected(self.rules))

    def settle_counting(self, already=0):
        """Send the rest and wait until all of it is counted, beside what was `already`."""
        self.say(f"{self.outcome.scenario}: {self.source.sent} of {self.source.events} sent, now the rest")
        self.source.finish()
        self.outcome.events = already + self.source.events
        self.within(self._is_drained(), "drained", DRAINED_S)

    def _is_drained(self):
        """All is counted; or the workers believe so for a while, which the comparison will not."""
        last, since = -1, time.monotonic()

        def holds():
            nonlocal last, since
            counted = self._progress()
            if counted != last or any(self._lags()):
                last, since = counted, time.monotonic()
            return counted == self.outcome.events or time.monotonic() - since > STILL_S

        return holds

    def _lags(self):
        for worker in self.workers:
            health = worker.health()
            yield health is None or any(p["lag"] != 0 for p in health["partitions"])

    def _progress(self):
        with contextlib.suppress(Exception):
            return self.pipeline.progress()
        return -1

    def compare(self, expected, bad):
        compare(self.pipeline, self.outcome, expected, bad)

    def close(self):
        for worker in self.workers:
            self._count_exits(worker.exits)
        self.supervisor.close()
        self.monitor.close()
        for proxy in self.proxies.values():
            proxy.close()
        self.pipeline.close()
        mend(self.stack)
        self.source.abandon()
        self._execute(f"DROP DATABASE IF EXISTS {self.database} SYNC")
        if not (self.outcome.wrong or self.outcome.hangs or self.outcome.error):
            shutil.rmtree(self.folder, ignore_errors=True)  # of a failure, logs and truth are kept

    def _execute(self, sql):
        with Client("127.0.0.1", port=self.stack.clickhouse_port) as client:
            client.execute(sql)


def mend(stack):
    """Bring back whatever a scenario has left paused or dead."""
    for service in stack.services:
        service.resume()
    stack.up()


@contextlib.contextmanager
def scenario(stack, name, title, seed, say, **options):
    """A run whose outcome is complete whatever happens in it."""
    outcome = Outcome(name, title, seed, minutes=minutes_of(name))
    began = time.monotonic()
    run = Run(stack, outcome, say=say, **options)
    try:
        yield run
    except Exception as error:
        outcome.error = f"{type(error).__name__}: {error}"[:2000] + "\n" + run.pipeline.tail(12)
    finally:
        run.close()
        outcome.took_s = round(time.monotonic() - began, 1)


__all__ = ["HangError", "Run", "mend", "scenario", "wait_until"]

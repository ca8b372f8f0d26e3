"""Runs the demo from the first start to the last stop. It owns IO."""

import fcntl
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Never

from cliffhanger.demo.children import Child, Nursery
from cliffhanger.demo.numbers import Gatherer
from cliffhanger.demo.view import View, view
from cliffhanger.local import dev_stack, start
from cliffhanger.terminal import say
from devstack import DevStack, DevStackError
from devstack.ports import is_free
from producers.collector.development import development_settings
from producers.topics_admin import ensure_topics
from runtime.clock import Clock, SystemClock
from runtime.settings import Settings, load
from warehouse.migrate import migrate
from warehouse.reader import Reader

LOOK_EVERY_S = 1.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HISTORY_VIEWERS = 400
SIMULATOR_GRACE_S = 10.0


class Wishes(NamedTuple):
    """What the demo is to show, and for how long (None: until Ctrl-C)."""

    seconds: float | None
    rate: float
    workers: int
    history_minutes: int


def run(settings: Settings, wishes: Wishes) -> None:
    """Start everything, show the numbers, stop everything.

    Nothing that was started is left, whatever ends the demo: the time, Ctrl-C, SIGTERM or an error.
    What a SIGKILL leaves, workers and simulators notice by themselves, and the next demo the rest.
    """
    home = settings.devstack_home.resolve() / "demo"
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home), _interruptible():
        stack = dev_stack(settings, home)
        stack.down()
        stack.wipe()
        try:
            _prepare(stack, settings)
            _play(stack, settings, wishes, home)
        except KeyboardInterrupt:
            say("stopping")
        finally:
            _deaf()
            stack.down()
            say("nothing is left running")


def _prepare(stack: DevStack, settings: Settings) -> None:
    say("starting Kafka and ClickHouse")
    start(stack, timeout_s=90)
    ensure_topics(settings.kafka)
    migrate(settings.clickhouse)


def _play(stack: DevStack, settings: Settings, wishes: Wishes, home: Path) -> None:
    clock = SystemClock()
    pages = {f"worker-{n + 1}": free_port() for n in range(wishes.workers)}
    notes: list[str] = []
    with_front = _with_front(settings, home)
    servers = [_worker(name, port, with_front, home) for name, port in pages.items()]
    servers.append(Child("collector", ["collector"], with_front, home / "collector.log"))
    workers = Nursery(servers, clock, notes.append)
    simulators = Nursery(_simulators(with_front, wishes, clock, home), clock, notes.append)
    front = with_front.collector
    gatherer = Gatherer(
        f"{front.ops_bind}:{front.ops_port}",
        {name: f"127.0.0.1:{port}" for name, port in pages.items()},
        Reader(settings.clickhouse),
        clock,
    )
    addresses = (
        f"collector http://{front.bind}:{front.port}, "
        f"ClickHouse {stack.clickhouse_host}:{stack.clickhouse_port} (native), "
        f"{stack.clickhouse_http_url} (HTTP), database {settings.clickhouse.database}"
    )
    shown_on = view(addresses, example(stack.clickhouse_http_url, settings.clickhouse.database))
    try:
        workers.start()
        simulators.start()
        _show(stack, (workers, simulators), gatherer, shown_on, wishes.seconds, notes, clock)
    finally:
        _deaf()
        simulators.stop(SIMULATOR_GRACE_S)
        workers.stop(settings.worker.stop_deadline_s + 5)


def _with_front(settings: Settings, home: Path) -> Settings:
    """The settings with keys and secrets of the demo's own, and ports of its own where others are taken."""
    made = load(**development_settings(home))
    port = settings.collector.port
    collector = made.collector.model_copy(
        update={"port": port if port and is_free(port) else free_port(), "ops_port": free_port()}
    )
    return settings.model_copy(update={"collector": collector, "quarantine_key": made.quarantine_key})


def _worker(name: str, port: int, settings: Settings, home: Path) -> Child:
    """A worker that checkpoints often, so that histograms move while one looks."""
    worker = settings.worker.model_copy(
        update={"name": name, "web_port": port, "checkpoint_s": 10.0, "playback_flush_s": 2.0}
    )
    its_own = settings.model_copy(update={"worker": worker})
    return Child(name, ["worker"], its_own, home / f"{name}.log")


def _simulators(settings: Settings, wishes: Wishes, clock: Clock, home: Path) -> list[Child]:
    """The platform as it is, and what a smaller one did just before: so binges are there to be seen.

    What is sends through the collector. What was goes straight to the topic: a collector sets the time of
    receipt, and would make it happen at this moment.
    """
    live = ["simulate", "--rate", f"{wishes.rate:g}", "--via", "http"]
    children = [Child("simulator", live, settings, home / "simulator.log")]
    if wishes.history_minutes:
        now = datetime.fromtimestamp(clock.now_ms() / 1000, tz=UTC)
        began = now - timedelta(minutes=wishes.history_minutes)
        past = [
            "simulate", "--pace", "max", "--seed", "2", "--viewers", str(HISTORY_VIEWERS),
            "--minutes", str(wishes.history_minutes), "--start", f"{began:%Y-%m-%dT%H:%M:%S}",
        ]  # fmt: skip
        children.append(Child("history", past, settings, home / "history.log", ends=True))
    return children


def _show(
    stack: DevStack,
    nurseries: Sequence[Nursery],
    gatherer: Gatherer,
    shown_on: View,
    seconds: float | None,
    notes: list[str],
    clock: Clock,
) -> None:
    began = clock.monotonic_s()
    with shown_on:
        while seconds is None or clock.monotonic_s() - began < seconds:
            looked = clock.monotonic_s()
            for service in stack.services:
                service.check_alive()
            for nursery in nurseries:
                nursery.look()
            shown_on.show(gatherer.gather(), notes)
            clock.sleep(LOOK_EVERY_S - (clock.monotonic_s() - looked))


def example(url: str, database: str) -> str:
    """A query that any HTTP client can ask."""
    return (
        f"curl '{url}?database={database}' --data-binary \"SELECT series_id, sum(starts) AS starts, "
        "sum(completes) AS completes FROM episodes_by_hour GROUP BY series_id ORDER BY starts DESC "
        'LIMIT 5 FORMAT PrettyCompact"'
    )


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Be the only demo in this folder."""
    with (home / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DevStackError(f"another demo runs in {home}: stop it first") from None
        yield


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the demo in the same order as Ctrl-C."""
    before = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> Never:
    raise KeyboardInterrupt


def _deaf() -> None:
    """Hear no more signals: what stops now must not be stopped."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)

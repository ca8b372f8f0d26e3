"""Drives deliveries into the topic, through a collector or into a file, with a bar for whoever looks on."""

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO, NamedTuple, Never

from cliffhanger.front import Access, Front, front
from cliffhanger.terminal import progress_bar, say
from producers.driver import Sink, drive
from producers.http_sender import HttpSender, HttpSenderSettings
from producers.sender import Sender, SenderSettings
from producers.simulator import Delivery
from runtime.brokers import Brokers
from runtime.clock import Clock
from runtime.errors import SettingsError
from runtime.settings import Settings

TERMINATED = 128 + signal.SIGTERM
STDOUT = Path("-")
DELETION = b'"event_type":"viewer_deletion"'


class Topic(NamedTuple):
    """The topic of events at a broker, and how long to wait for one that is not up yet."""

    brokers: Brokers
    wait_s: float


Target = Topic | Front | Path
"""Where events go."""


class Lines:
    """Takes events as lines of a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def send(self, viewer_id: str, line: bytes) -> None:
        """Write one line."""
        del viewer_id
        self._file.write(line + b"\n")

    def flush(self, timeout_s: float | None = None) -> None:
        """Write out what is buffered."""
        del timeout_s
        self._file.flush()


class Doors:
    """Sends deletions with the key of the privacy backend, and everything else with that of a server.

    A deletion waits until all that was sent before it is acknowledged, so that it overtakes nothing.
    """

    def __init__(self, server: Sink, privacy: Sink) -> None:
        self._server = server
        self._privacy = privacy

    def send(self, viewer_id: str, line: bytes) -> None:
        """Take one event."""
        if DELETION in line:
            self._server.flush()
            self._privacy.send(viewer_id, line)
        else:
            self._server.send(viewer_id, line)

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until every event is answered for."""
        self._server.flush(timeout_s)
        self._privacy.flush(timeout_s)


def target(settings: Settings, via: str, wait_s: float) -> Topic | Front:
    """Return what `--via` names; raise SettingsError when it names nothing."""
    if via == "topic":
        return Topic(settings.kafka, wait_s)
    if via == "http" or via.startswith(("http://", "https://")):
        return front(settings, None if via == "http" else via, wait_s)
    raise SettingsError(f"--via {via}: say topic, http, or the address of a collector")


def send(
    deliveries: Iterable[Delivery],
    to: Target,
    *,
    speed: float | None,
    total: int | None,
    clock: Clock,
) -> None:
    """Send everything and say how much it was; returns once all of it is acknowledged."""
    with _sink(to) as sink, progress_bar(total) as bar:
        done = drive(deliveries, sink, clock, speed=speed, tell=bar.tell)
    say(f"{done.events:,} events ({done.bytes / 1e6:,.1f} MB) to {_name(to)} in {done.elapsed_s:.1f} s")


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM leave in order, as Ctrl-C does: what was taken is sent before the process ends."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, frame: FrameType | None) -> Never:
    del number, frame
    sys.exit(TERMINATED)


def _sink(target: Target) -> AbstractContextManager[Sink]:
    match target:
        case Topic():
            return Sender(SenderSettings(brokers=target.brokers, connect_s=target.wait_s))
        case Front():
            return _doors(target)
        case _:
            return _lines(target)


@contextmanager
def _doors(to: Front) -> Iterator[Sink]:
    def sender(access: Access) -> HttpSender:
        token, secret = access
        return HttpSender(HttpSenderSettings(url=to.url, token=token, secret=secret, connect_s=to.wait_s))

    with ExitStack() as open_doors:
        server = open_doors.enter_context(sender(to.server))
        privacy = open_doors.enter_context(sender(to.privacy)) if to.privacy else server
        yield Doors(server, privacy)


def _name(target: Target) -> str:
    match target:
        case Topic():
            return target.brokers.bootstrap
        case Front():
            return target.url
        case _:
            return str(target)


@contextmanager
def _lines(output: Path) -> Iterator[Lines]:
    if output == STDOUT:
        yield Lines(sys.stdout.buffer)
        return
    with output.open("wb") as file:
        yield Lines(file)

"""Send events to a collector over HTTP, as a backend would: in signed batches, each one answered for."""

import http.client
import queue
import secrets
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from producers.collector.signatures import NONCE, SIGNATURE, TIME, sign, text_to_sign
from runtime.clock import Clock, SystemClock
from runtime.errors import CollectorAwayError, DeliveryError

PATH = "/v1/events"
OK, REQUEST_TIMEOUT, TOO_MANY, SERVER_ERROR = 200, 408, 429, 500
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
CLOSE_SLACK_S = 10.0


class HttpSenderSettings(BaseModel):
    """Where to send, with which key, how much at once, how long to try."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field("http://127.0.0.1:19080", pattern=r"^https?://[^\s/]+$")
    token: str = Field(description="the write key of a server")
    secret: SecretStr = Field(description="what it signs with")
    connect_s: float = Field(60, gt=0, description="for a collector that is not up yet")
    request_timeout_s: float = Field(15, gt=0)
    delivery_timeout_s: float = Field(
        120, gt=0, description="no 200 within it: the events are reported as not delivered"
    )
    connections: int = Field(4, ge=1, le=64, description="requests under way at once")
    batch_events: int = Field(100, ge=1, le=500)
    batch_bytes: int = Field(512 * 1024, ge=1)
    batch_age_ms: int = Field(100, ge=0, le=60_000)
    waiting_batches: int = Field(64, ge=1, description="cut and not under way yet, at most")
    block_s: float = Field(60, ge=0, description="how long `send` waits while so many wait")


@dataclass(slots=True)
class _Batch:
    since_s: float
    lines: list[bytes] = field(default_factory=list)
    size: int = 0


class _Answer(NamedTuple):
    """What came back; status 0 is no answer."""

    status: int
    said: str
    retry_after_s: float = 0.0

    @property
    def is_final(self) -> bool:
        """Whether the same request would be refused again."""
        again = (0, REQUEST_TIMEOUT, TOO_MANY)
        return self.status not in again and self.status < SERVER_ERROR


class HttpSender:
    """Sends batches over a few connections; every event is acknowledged with a 200, or counted as an error.

    No answer, 408, 429 and 5xx: the same events again, after what `Retry-After` says or a pause that grows,
    with the same ids and a later `sent_at`, until the delivery timeout. So a crash of the collector makes
    copies and loses nothing. A crash of this process loses what was not flushed. `flush` and `close` raise
    DeliveryError, which counts, when events were given up. Requests overtake each other: order means nothing.
    """

    def __init__(self, settings: HttpSenderSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._cutting = threading.Lock()  # guards the open batch
        self._open: _Batch | None = None
        self._batches: queue.Queue[_Batch | None] = queue.Queue(settings.waiting_batches)
        self._answers = threading.Condition()  # guards the counts
        self._accepted = self._delivered = self._failed = self._reported = 0
        self._first_error = ""
        self._closed = threading.Event()
        self._wait_for_collector()
        self._ticker = threading.Thread(target=self._cut_due, name="http-batches", daemon=True)
        self._workers = [
            threading.Thread(target=self._work, name=f"http-{n}", daemon=True)
            for n in range(settings.connections)
        ]
        for thread in (self._ticker, *self._workers):
            thread.start()

    @property
    def delivered(self) -> int:
        """How many events were answered with 200."""
        return self._delivered

    @property
    def failed(self) -> int:
        """How many events were given up."""
        return self._failed

    def send(self, viewer_id: str, line: bytes) -> None:
        """Take one event, or raise and take nothing.

        Waits while too much waits; raises DeliveryError when that does not end, ValueError for a line with a
        newline inside (it would be two events).
        """
        del viewer_id
        if b"\n" in line:
            raise ValueError("a line holds no newline")
        with self._cutting:
            if self._closed.is_set():
                raise DeliveryError("the sender is closed")
            batch = self._open
            if batch is not None and batch.size + len(line) > self._settings.batch_bytes:
                self._cut()
            if self._open is None:
                self._open = _Batch(self._clock.monotonic_s())
            self._open.lines.append(line)
            self._open.size += len(line) + 1
            with self._answers:
                self._accepted += 1
            if len(self._open.lines) >= self._settings.batch_events:
                self._cut()

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until every event is answered for.

        Raises DeliveryError with the counts when events failed since the last flush, or are still under way
        at the end of the time (the delivery timeout and a little more by default).
        """
        with self._cutting:
            self._cut()
        if timeout_s is None:
            timeout_s = self._settings.delivery_timeout_s + CLOSE_SLACK_S
        with self._answers:
            self._answers.wait_for(lambda: self._under_way == 0, timeout_s)
            failed, under_way = self._failed - self._reported, self._under_way
            self._reported = self._failed
        if failed or under_way:
            raise DeliveryError(
                f"{failed} events were not delivered and {under_way} are not answered for yet, of "
                f"{self._accepted} accepted ({self._delivered} delivered); first error: {self._first_error}"
            )

    def close(self) -> None:
        """Flush, then end the connections, in this order even when the flush raises."""
        if self._closed.is_set():
            return
        try:
            self.flush()
        finally:
            self._closed.set()
            for _ in self._workers:
                self._batches.put(None)
            for thread in (self._ticker, *self._workers):
                thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _under_way(self) -> int:
        return self._accepted - self._delivered - self._failed

    def _wait_for_collector(self) -> None:
        """Return once something answers there, whatever it says."""
        deadline = self._clock.monotonic_s() + self._settings.connect_s
        while True:
            answer = self._ask(self._connection(), "GET", "/", {}, b"")
            if answer.status:
                return
            if self._clock.monotonic_s() >= deadline:
                raise CollectorAwayError(
                    f"the collector does not answer at {self._settings.url} ({answer.said}). Is it running?"
                )
            self._clock.sleep(FIRST_PAUSE_S)

    def _cut(self) -> None:
        """Hand the open batch to the workers. The caller holds the lock."""
        batch, self._open = self._open, None
        if batch is None:
            return
        try:
            self._batches.put(batch, timeout=self._settings.block_s)
        except queue.Full:
            self._settle(len(batch.lines), f"the collector did not keep up for {self._settings.block_s:g} s")

    def _cut_due(self) -> None:
        """Cut batches whose first event has waited long enough, whether or not anybody calls."""
        age_s = self._settings.batch_age_ms / 1000
        while not self._closed.wait(max(age_s / 2, 0.005)):
            with self._cutting:
                if self._open is not None and self._clock.monotonic_s() - self._open.since_s >= age_s:
                    self._cut()

    def _work(self) -> None:
        connection = self._connection()
        while (batch := self._batches.get()) is not None:
            self._settle(len(batch.lines), self._deliver(batch, connection))
        connection.close()

    def _deliver(self, batch: _Batch, connection: http.client.HTTPConnection) -> str:
        """Send a batch until it is answered with 200; return '', or why it was given up."""
        began_s = self._clock.monotonic_s()
        pause_s = FIRST_PAUSE_S
        lines = batch.lines
        while True:
            answer = self._post(connection, b"\n".join(lines))
            waited_s = self._clock.monotonic_s() - began_s
            if answer.status == OK:
                return ""
            if answer.is_final or waited_s >= self._settings.delivery_timeout_s:
                return answer.said
            self._clock.sleep(max(pause_s, answer.retry_after_s))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            later_ms = int((self._clock.monotonic_s() - began_s) * 1000)
            lines = [sent_later(line, later_ms) for line in batch.lines]

    def _post(self, connection: http.client.HTTPConnection, body: bytes) -> _Answer:
        time, nonce = str(self._clock.now_ms() // 1000), secrets.token_hex(16)
        headers = {
            "Authorization": f"Bearer {self._settings.token}",
            "Content-Type": "application/x-ndjson",
            TIME: time,
            NONCE: nonce,
            SIGNATURE: sign(
                self._settings.secret.get_secret_value(), text_to_sign("POST", PATH, time, nonce, body)
            ),
        }
        return self._ask(connection, "POST", PATH, headers, body)

    @staticmethod
    def _ask(
        connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> _Answer:
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            said = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            connection.close()  # the next request opens it again
            return _Answer(0, f"{type(error).__name__}: {error}")
        wait = response.headers.get("Retry-After", "")
        return _Answer(response.status, f"{response.status} {said}", float(wait) if wait.isdecimal() else 0.0)

    def _connection(self) -> http.client.HTTPConnection:
        url = urlsplit(self._settings.url)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        return kind(url.hostname or "", url.port, timeout=self._settings.request_timeout_s)

    def _settle(self, events: int, error: str) -> None:
        with self._answers:
            if error:
                self._failed += events
                self._first_error = self._first_error or error
            else:
                self._delivered += events
            self._answers.notify_all()


def sent_later(line: bytes, by_ms: int) -> bytes:
    """Return an event that is sent again after so much time, by the clock of its sender; all else stays.

    What cannot be read is sent as it was.
    """
    try:
        event = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return line
    if not isinstance(event, dict) or type(event.get("sent_at")) is not int:
        return line
    return msgspec.json.encode(event | {"sent_at": event["sent_at"] + by_ms})

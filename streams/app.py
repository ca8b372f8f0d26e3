"""The Faust app: one agent, one group, wired to the worker. The only page that knows Faust's life cycle."""

import asyncio
import gc
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import faust
from faust.types import TP
from mode.supervisors import CrashingSupervisor

from runtime.brokers import Brokers
from runtime.clock import SystemClock
from runtime.errors import CliffhangerError
from runtime.hugepages import use_huge_pages
from runtime.metrics import WorkerMetrics
from runtime.sealing import Seal
from runtime.settings import Settings
from schemas.topics import CONSUMER_GROUP, MAX_SEALED_MESSAGE_BYTES, PLAYER_EVENTS, QUARANTINE
from streams import compiled
from streams.draining import Drain
from streams.edges import Edges
from streams.health import Doctor, Pages
from streams.outbox import Outbox
from streams.position import checkpoint_consumer
from streams.sink import Sink
from streams.watchdog import Watchdog
from streams.worker import Worker
from warehouse.writer import QuarantinedLine, Writer

log = logging.getLogger(__name__)

TICK_S = 0.5
LOOK_BACK_S = 30.0
HUGE_PAGES_EVERY_S = 60.0
GC_THRESHOLDS = (20_000, 100, 100)
"""A state has millions of objects and no cycles: looking for garbage among them often is time lost, and
among many at once a stall."""
FAILED, STUCK = 70, 72
"""Exit codes: something unexpected, and no progress. The supervisor starts the worker again."""


class FaustGroup:
    """The consumer group as Faust knows it."""

    def __init__(self, app: faust.App) -> None:
        self._app = app

    def generation(self) -> int:
        """The generation of the current assignment."""
        return int(self._app.consumer_generation_id)

    def rebalancing(self) -> bool:
        """Whether a rebalance is under way."""
        app = self._app
        if not app.rebalancing_count:  # there is no consumer yet, and a thread must not make it
            return False
        return bool(app.rebalancing) or app.consumer.is_joining  # type: ignore[attr-defined]

    def acknowledge(self, offsets: Mapping[int, int]) -> None:
        """Have these offsets of the log committed, by partition."""
        self._app.consumer.acknowledge(  # type: ignore[attr-defined]
            {TP(PLAYER_EVENTS.name, number): offset for number, offset in offsets.items()}
        )


def credentials(brokers: Brokers) -> faust.auth.Credentials | None:
    """Return how Faust reaches the brokers; None for plaintext without a login."""
    context = brokers.tls()
    if brokers.uses_sasl:
        return faust.auth.SASLCredentials(
            username=brokers.user,
            password=brokers.password.get_secret_value(),
            ssl_context=context,
            mechanism=brokers.sasl_mechanism,
        )
    return faust.auth.SSLCredentials(context) if context is not None else None


def make_app(settings: Settings) -> faust.App:
    """Return the Faust app with the settings under which the protocol holds."""
    kafka = settings.kafka
    return faust.App(
        CONSUMER_GROUP,
        broker=[f"kafka://{address}" for address in kafka.addresses],
        broker_credentials=credentials(kafka),
        value_serializer="raw",
        key_serializer="raw",
        store="memory://",
        datadir=tempfile.mkdtemp(prefix="cliffhanger-"),  # Faust insists on one; nothing is kept in it
        web_enabled=False,
        web_tables_enabled=False,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=kafka.instance_id,
        agent_supervisor=CrashingSupervisor,
        stream_wait_empty=False,  # an outage of the warehouse must not block a rebalance
        stream_buffer_maxsize=1_000,  # fetches
        broker_max_poll_records=settings.worker.take_messages,
        table_standby_replicas=0,
        topic_disable_leader=True,
        topic_allow_declare=False,
        producer_max_request_size=MAX_SEALED_MESSAGE_BYTES,  # the longest line that is kept, sealed
        broker_commit_interval=1.0,
        broker_max_poll_interval=7 * 86_400.0,  # in an outage of the warehouse it keeps its partitions
        broker_session_timeout=kafka.session_timeout_s,
        broker_heartbeat_interval=kafka.heartbeat_interval_s,
        broker_request_timeout=20.0,
        broker_rebalance_timeout=20.0,
    )


class Engagement:
    """One worker process: the app, the worker, its pages, and what ends it.

    Nothing unexpected is survived: an exception that left the agent would leave its partitions unread, so
    the process ends at once and is started again. What it had not written is folded again.
    """

    def __init__(self, settings: Settings, *, drain: bool = False) -> None:
        self.settings = settings
        self.app = make_app(settings)
        self.clock = SystemClock()
        self.metrics = WorkerMetrics()
        self.group = FaustGroup(self.app)
        sink, paywall_sink = self._sink(), self._sink()
        self.outbox = Outbox(
            sink,
            paywall_sink,
            self.group,
            clock=self.clock,
            metrics=self.metrics,
            publish=self._publish,
        )
        self.worker = Worker(
            settings.worker,
            settings.fold,
            sink,
            self.outbox,
            self.group,
            clock=self.clock,
            metrics=self.metrics,
            seal=Seal.of(settings.quarantine_key) if settings.quarantine_key.get_secret_value() else None,
        )
        self.edges = Edges(self.app, self.group, self.worker, self.metrics)
        self.doctor = Doctor(self.worker, settings.worker, self.clock, self.edges.end_of)
        self.pages = Pages(self.doctor, self.worker)
        self._drain = Drain(self.worker, self.group, self.edges) if drain else None
        self._quarantine = self.app.topic(QUARANTINE.name, value_serializer="raw", key_serializer="raw")
        self._wire()

    def _sink(self) -> Sink:
        return Sink(Writer(self.settings.clickhouse), self.settings.worker, self.clock)

    def _wire(self) -> None:
        app, worker, settings = self.app, self.worker, self.settings.worker
        app.transport.Consumer = checkpoint_consumer(worker.positions)  # type: ignore[misc]
        events = app.topic(PLAYER_EVENTS.name, value_type=bytes, value_serializer="raw", key_serializer="raw")

        @app.on_rebalance_complete.connect(weak=False)
        async def load(app: Any, **_: Any) -> None:
            """Awaited before the flow resumes."""
            await self._or_die(self._load([tp.partition for tp in app.consumer.assignment()]))

        @app.agent(events, name="engagement", concurrency=1)
        async def engagement(stream: Any) -> None:
            app.consumer.feed(  # type: ignore[attr-defined]
                stream.channel.queue, enough=settings.take_messages, gather_s=settings.take_within_s
            )
            self.metrics.ahead.set_function(lambda: app.consumer.ahead_bytes)  # type: ignore[attr-defined]
            async for fetch in stream:
                await self._or_die(worker.take(fetch))

        @app.timer(TICK_S)  # type: ignore[untyped-decorator]
        async def tick() -> None:
            await self._or_die(self._tick())

        @app.timer(LOOK_BACK_S)  # type: ignore[untyped-decorator]
        async def look_back() -> None:
            await self._or_die(self.edges.look_back())

        @app.timer(HUGE_PAGES_EVERY_S)  # type: ignore[untyped-decorator]
        async def grow() -> None:
            await self._or_die(self._use_huge_pages())

        @app.on_before_shutdown.connect(weak=False)
        async def leave(app: Any, **_: Any) -> None:
            del app
            await self._leave()

        @app.task  # type: ignore[untyped-decorator]
        async def serve() -> None:
            port = await self.pages.open(settings.web_bind, settings.web_port)
            log.info("%s: health and metrics on port %d", settings.name, port)

    async def _load(self, numbers: Sequence[int]) -> None:
        """Load partitions, and keep the collector of garbage from looking at them, then and later."""
        gc.disable()
        try:
            await self.worker.load(numbers)
        finally:
            gc.enable()
        gc.collect()
        gc.freeze()
        self.app.add_future(self._use_huge_pages())

    async def _use_huge_pages(self) -> None:
        if self.settings.worker.huge_pages:
            await asyncio.to_thread(use_huge_pages)

    async def _or_die(self, work: Any) -> None:
        try:
            await work
        except asyncio.CancelledError:
            if self.app.should_stop:
                raise  # SIGTERM: leave in order
            log.critical("the agent was cancelled in mid-stream")
            os._exit(FAILED)
        except CliffhangerError as error:
            log.critical("%s: %s", type(error).__name__, error)
            os._exit(FAILED)
        except BaseException:  # the agent would not go on
            log.critical("unexpected", exc_info=True)
            os._exit(FAILED)

    async def _tick(self) -> None:
        await self.edges.look_after_holes()
        await self.edges.look_after_ends()
        await self.worker.tick()
        if self._drain is not None and await self._drain.is_over():
            self._drain = None
            if any(owned.stopped for owned in self.worker.partitions.values()):
                log.critical("the other partitions are drained: %s", self.worker.positions())
                os._exit(FAILED)
            log.info("drained: %s", self.worker.positions())
            os.kill(os.getpid(), signal.SIGTERM)

    async def _publish(self, lines: Sequence[QuarantinedLine]) -> None:
        """Send bad lines to the quarantine topic; returns once the broker has them."""
        sent = [
            await self._quarantine.send(
                value=line.line,
                headers={
                    "reason": str(line.reason).encode(),
                    "source_epoch": str(line.source_epoch).encode(),
                    "partition": str(line.partition).encode(),
                    "offset": str(line.offset).encode(),
                    "line_index": str(line.line_index).encode(),
                },
            )
            for line in lines
        ]
        await asyncio.gather(*sent)

    async def _leave(self) -> None:
        """Write what there is and leave; a broker or warehouse that is away does not hold the process."""
        deadline = threading.Timer(self.settings.worker.stop_deadline_s, os._exit, args=(0,))
        deadline.daemon = True
        deadline.start()
        await self._or_die(self.worker.finish())
        await self.pages.close()

    def is_rebalancing(self) -> bool:
        """Whether a rebalance is under way which does not wait for the warehouse."""
        return self.group.rebalancing() and not self.outbox.away_s


def run(settings: Settings, *, drain: bool = False) -> None:
    """Run a worker until SIGTERM or SIGINT, or, draining, until the log is read to its end.

    Raises SystemExit.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    log.info(
        "the fold runs %s", "compiled" if compiled.is_in_use() else "as Python; `make compiled` speeds it up"
    )
    engagement = Engagement(settings, drain=drain)
    worker = faust.Worker(engagement.app, quiet=True, override_logging=False, redirect_stdouts=False)
    Watchdog(
        worker.loop,
        engagement.is_rebalancing,
        lambda: engagement.worker.sink.loaded,
        limit_s=settings.worker.stuck_after_s,
        end=lambda: os._exit(STUCK),
    ).start()
    worker.execute_from_commandline()

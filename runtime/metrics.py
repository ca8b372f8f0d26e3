"""The Prometheus metrics of all processes, on one page: what each means, and what to do when it moves."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class WorkerMetrics:
    """What one worker tells Prometheus. One registry a worker, so that tests may run several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        made: dict[str, Any] = {"registry": self.registry, "namespace": "cliffhanger"}
        self.lines = Counter(
            "lines_total", "Lines folded, by outcome. No lines for minutes: ask the producers.",
            ["outcome"], **made,
        )  # fmt: skip
        self.quarantined = Counter(
            "quarantined_total", "Lines set aside, by reason. A jump: a sender changed.",
            ["reason"], **made,
        )  # fmt: skip
        self.messages = Counter("messages_total", "Messages folded.", **made)
        self.rows = Counter("rows_written_total", "Rows written, by table.", ["table"], **made)
        self.fold_seconds = Counter(
            "fold_seconds_total", "Spent folding; 1 a second is all of a core.", **made
        )
        self.flush = Histogram(
            "flush_seconds", "From count to acknowledgement. Rising: the warehouse is slow.",
            buckets=SECONDS, **made,
        )  # fmt: skip
        self.checkpoint = Histogram(
            "checkpoint_seconds", "CPU time to encode and pack one partition.", buckets=SECONDS, **made
        )
        self.assigned = Gauge(
            "assigned_partitions", "Partitions of this worker. 0 for minutes: restart it.", **made
        )
        self.lag = Gauge("lag_messages", "Messages in the log that are not folded.", ["partition"], **made)
        self.ahead = Gauge(
            "read_ahead_bytes",
            "Read from Kafka and not folded. At 32 MB for minutes: the warehouse is away, or add a worker.",
            **made,
        )
        self.watermark = Gauge(
            "watermark_seconds", "The partition's watermark, epoch seconds. Far behind now: it lags.",
            ["partition"], **made,
        )  # fmt: skip
        self.checkpoint_age = Gauge(
            "checkpoint_age_seconds", "Since the last checkpoint. Past minutes: a restart replays as much.",
            ["partition"], **made,
        )  # fmt: skip
        self.checkpoint_bytes = Gauge(
            "checkpoint_bytes", "Size of the last checkpoint.", ["partition"], **made
        )
        self.viewers = Gauge("state_viewers", "Viewers in the state.", ["partition"], **made)
        self.open_rows = Gauge("state_open_rows", "Hot rows in the state.", ["partition"], **made)
        self.stopped = Gauge(
            "stopped_partitions",
            "Partitions that cannot go on by themselves. Above 0: wake somebody.",
            **made,
        )
        self.unaccounted = Gauge(
            "unaccounted_lines", "received - applied - redundant - excluded - quarantined. Not 0: a defect.",
            ["partition"], **made,
        )  # fmt: skip
        self.offset_back = Gauge(
            "offset_back_messages",
            "How far the state loaded last ends before one that was stored. Not 0: the warehouse went back.",
            ["partition"], **made,
        )  # fmt: skip
        self.rows_past_checkpoint = Gauge(
            "rows_past_checkpoint_seconds",
            "How much newer rows are than the last checkpoint. Past minutes: checkpoints fail.",
            ["partition"], **made,
        )  # fmt: skip
        self.retention_left = Gauge(
            "retention_left_seconds",
            "Until Kafka may delete what no checkpoint covers. Below a day: wake somebody.",
            ["partition"], **made,
        )  # fmt: skip
        self.invariant_broken = Gauge(
            "invariant_broken", "1 while what must always hold does not. Read invariant_breaks.",
            ["invariant", "partition"], **made,
        )  # fmt: skip
        self.seeks = Counter("seeks_total", "Times the log had to be read again from the state.", **made)
        self.warehouse_away = Gauge(
            "warehouse_away_seconds", "How long the warehouse has not answered; 0 when it does.", **made
        )

    def forget_partitions(self) -> None:
        """Stop telling about partitions that are no longer this worker's."""
        for gauge in (
            self.lag, self.watermark, self.checkpoint_age, self.checkpoint_bytes,
            self.viewers, self.open_rows, self.unaccounted,
            self.rows_past_checkpoint, self.retention_left, self.invariant_broken,
        ):  # fmt: skip
            gauge.clear()


class CollectorMetrics:
    """What one collector tells Prometheus."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        made: dict[str, Any] = {"registry": self.registry, "namespace": "cliffhanger_collector"}
        self.requests = Counter(
            "requests_total", "Requests answered, by status. 503: Kafka is away or slow.",
            ["status"], **made,
        )  # fmt: skip
        self.refused = Counter(
            "refused_total", "Requests refused, by code. A jump: a sender changed, or somebody tries.",
            ["code"], **made,
        )  # fmt: skip
        self.events = Counter(
            "events_total", "Events acknowledged by the log, by outcome. None for minutes: ask the senders.",
            ["outcome"], **made,
        )  # fmt: skip
        self.quarantined = Counter(
            "quarantined_total", "Events set aside, by reason. A jump: a sender changed.", ["reason"], **made
        )
        self.seconds = Histogram(
            "request_seconds", "From the head of a request to its answer. Rising: Kafka is slow.",
            buckets=SECONDS, **made,
        )  # fmt: skip
        self.under_way = Gauge(
            "bytes_under_way", "Taken and not acknowledged. Near the limit: requests get 503.", **made
        )
        self.ready = Gauge("ready", "1 while events are taken. 0 for minutes: Kafka is away.", **made)
        self.keys_broken = Gauge(
            "keys_file_broken",
            "1: the keys file cannot be read, and a key revoked in it goes on. Mend it: the log says where.",
            **made,
        )
        self.broken = Counter("failures_total", "Requests that met a defect. Not 0: see the log.", **made)

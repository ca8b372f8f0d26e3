"""Waits, before a command works, until what it needs is there: Kafka, topics, ClickHouse, migrations."""

from collections.abc import Callable
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from cliffhanger.terminal import say
from producers.broker import BOOTSTRAP_MS, connect
from runtime.clock import SystemClock
from runtime.errors import MigrationError, TopicMismatchError, WarehouseAwayError
from runtime.settings import ClickHouseSettings, KafkaSettings
from schemas.topics import TOPICS
from warehouse.client import Connection
from warehouse.migrate import pending

T = TypeVar("T")


def wait_for_topics(kafka: KafkaSettings, *, within_s: float) -> None:
    """Return when Kafka answers and has the topics.

    Raises BrokerAwayError when it does not answer in time, TopicMismatchError when topics are absent.
    """

    def make() -> Any:
        return KafkaAdminClient(**kafka.client_options(), bootstrap_timeout_ms=BOOTSTRAP_MS)

    admin = connect(make, kafka, within_s=within_s, clock=SystemClock())
    try:
        there = set(admin.list_topics())
    finally:
        admin.close()
    absent = [topic.name for topic in TOPICS if topic.name not in there]
    if absent:
        raise TopicMismatchError(
            f"Kafka at {kafka.bootstrap} has no topic {' and no '.join(absent)}: "
            "create them with `cliffhanger topics`"
        )


def wait_for_warehouse(clickhouse: ClickHouseSettings, *, within_s: float) -> None:
    """Return when ClickHouse answers; raise WarehouseAwayError when it does not in time."""

    def ask() -> None:
        connection = Connection(clickhouse, database="")
        try:
            connection.query("SELECT 1")
        finally:
            connection.close()

    address = f"{clickhouse.host}:{clickhouse.port}"
    try:
        retrying(f"ClickHouse does not answer at {address} yet", within_s)(ask)
    except WarehouseAwayError as error:
        raise WarehouseAwayError(
            f"ClickHouse does not answer at {address} (tried for {within_s:g} s, last: {error}). "
            "Is it running, and is the address right?"
        ) from error


def need_migrations(clickhouse: ClickHouseSettings) -> None:
    """Raise MigrationError, which names them, while migrations are pending."""
    waiting = pending(clickhouse)
    if waiting:
        names = ", ".join(waiting[:3]) + (f" and {len(waiting) - 3} more" if len(waiting) > 3 else "")  # noqa: PLR2004
        raise MigrationError(
            f"the database {clickhouse.database} lacks {names}: apply them with `cliffhanger migrate`"
        )


def retrying(complaint: str, within_s: float) -> Callable[[Callable[[], T]], T]:
    """Call something again with backoff while the warehouse is away; complain now and then."""

    def complain(state: RetryCallState) -> None:
        if state.attempt_number == 1:
            say(f"{complaint}; trying again for up to {within_s:g} s")

    return Retrying(
        retry=retry_if_exception_type(WarehouseAwayError),
        stop=stop_after_delay(within_s),
        wait=wait_exponential(multiplier=0.2, max=3),
        before_sleep=complain,
        reraise=True,
    )

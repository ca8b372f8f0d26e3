"""Reach a broker that may not be up yet."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from kafka import KafkaProducer
from kafka.errors import KafkaError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_exponential,
)

from runtime.brokers import Brokers
from runtime.clock import Clock
from runtime.errors import BrokerAwayError
from runtime.reaching import Heard, reaching

BOOTSTRAP_MS = 5_000
"""One attempt. A client that missed the broker's start does not see it later: a fresh one does."""

METADATA_MS = 15_000
DISCARD_S = 5.0
MAX_REQUEST_BYTES = 2 * 1024 * 1024

_log = logging.getLogger(__name__)
T = TypeVar("T")


def connect(make: Callable[[], T], brokers: Brokers, *, within_s: float, clock: Clock) -> T:
    """Make a client, again and again with backoff.

    Raises BrokerAwayError when the time is over, LoginError at once when Kafka refuses the user.
    """
    with reaching(brokers, f"tried for {within_s:g} s, ") as heard:
        return _retrying(brokers, heard, within_s, clock)(make)


def _retrying(brokers: Brokers, heard: Heard, within_s: float, clock: Clock) -> Retrying:
    return Retrying(
        retry=retry_if_exception(
            lambda error: isinstance(error, KafkaError | OSError) and not heard.refuses_login
        ),
        stop=stop_after_delay(within_s),
        wait=wait_exponential(multiplier=0.2, max=3),
        sleep=clock.sleep,
        before_sleep=_say_so(brokers.bootstrap),
        reraise=True,
    )


def new_producer(
    brokers: Brokers,
    *,
    delivery_timeout_s: float,
    request_timeout_s: float,
    batch_bytes: int,
    bootstrap_ms: int = BOOTSTRAP_MS,
    metadata_ms: int = METADATA_MS,
) -> Any:
    """Return a producer whose messages all in-sync replicas acknowledge, without copies or disorder."""
    return KafkaProducer(
        **brokers.client_options(),
        bootstrap_timeout_ms=bootstrap_ms,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        delivery_timeout_ms=int(delivery_timeout_s * 1000),
        request_timeout_ms=int(min(request_timeout_s, delivery_timeout_s) * 1000),
        reconnect_backoff_max_ms=1_000,
        max_block_ms=metadata_ms,
        max_request_size=MAX_REQUEST_BYTES,
        batch_size=batch_bytes,
        allow_auto_create_topics=False,
    )


def count_partitions(producer: Any, topic: str, bootstrap: str) -> int:
    """Return how many partitions a topic has. BrokerAwayError: none, and the producer is closed."""
    try:
        found = producer.partitions_for(topic)
    except KafkaError as error:
        producer.close(timeout=0)
        raise BrokerAwayError(
            f"topic {topic} is not known at {bootstrap}: {error}. Create the topics first"
        ) from error
    return len(found)


def discard(producer: Any) -> None:
    """Close a producer at once; what it holds fails. `close` alone would wait, raise, and leave it open."""
    producer._sender.force_close()
    producer._sender.join(DISCARD_S)
    producer.close(timeout=0)


def _say_so(bootstrap: str) -> Callable[[RetryCallState], None]:
    def say(state: RetryCallState) -> None:
        if state.attempt_number == 1:
            _log.warning("Kafka does not answer at %s yet; trying again", bootstrap)

    return say

"""Reach a broker that may not be up yet."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from kafka import KafkaProducer
from kafka.errors import KafkaError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_exponential,
)

from runtime.clock import Clock
from runtime.errors import BrokerAwayError

BOOTSTRAP_MS = 5_000
"""One attempt. A client that missed the broker's start does not see it later: a fresh one does."""

METADATA_MS = 15_000
DISCARD_S = 5.0
MAX_REQUEST_BYTES = 2 * 1024 * 1024

_log = logging.getLogger(__name__)
T = TypeVar("T")


def connect(make: Callable[[], T], bootstrap: str, *, within_s: float, clock: Clock) -> T:
    """Make a client, again and again with backoff; raise BrokerAwayError when the time is over."""
    retrying = Retrying(
        retry=retry_if_exception_type((KafkaError, OSError)),
        stop=stop_after_delay(within_s),
        wait=wait_exponential(multiplier=0.2, max=3),
        sleep=clock.sleep,
        before_sleep=_say_so(bootstrap),
        reraise=True,
    )
    try:
        return retrying(make)
    except (KafkaError, OSError) as error:
        raise BrokerAwayError(
            f"Kafka does not answer at {bootstrap} (tried for {within_s:g} s, "
            f"last: {type(error).__name__}: {error}). Is it running, and is the address right?"
        ) from error


def new_producer(
    bootstrap: str,
    *,
    delivery_timeout_s: float,
    request_timeout_s: float,
    batch_bytes: int,
    bootstrap_ms: int = BOOTSTRAP_MS,
    metadata_ms: int = METADATA_MS,
) -> Any:
    """Return a producer whose messages all in-sync replicas acknowledge, without copies or disorder."""
    return KafkaProducer(
        bootstrap_servers=bootstrap.split(","),
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

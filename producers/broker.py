"""Reach a broker that may not be up yet."""

import logging
from collections.abc import Callable
from typing import TypeVar

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


def _say_so(bootstrap: str) -> Callable[[RetryCallState], None]:
    def say(state: RetryCallState) -> None:
        if state.attempt_number == 1:
            _log.warning("Kafka does not answer at %s yet; trying again", bootstrap)

    return say

"""Why a client could not reach Kafka: kafka-python raises a timeout, and says why in its log only."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import KafkaError, SaslAuthenticationFailedError

from runtime.brokers import Brokers
from runtime.errors import BrokerAwayError, LoginError

_IT_GAVE_UP = "Bootstrap failed: %s"
_LOGGER = logging.getLogger("kafka.net.manager")


class Heard(logging.Handler):
    """What was last said of a connection that failed. It keeps the text: the error holds sockets.

    Attributes:
        last: the failure, or "" while none was heard.
        refuses_login: whether a broker answered that it does not know this user or password.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        self.refuses_login = False

    def emit(self, record: logging.LogRecord) -> None:
        """Note the error that a line tells of."""
        for told in record.args if isinstance(record.args, tuple) and record.msg != _IT_GAVE_UP else ():
            if isinstance(told, Exception):
                self._note(told)

    def _note(self, error: Exception) -> None:
        if not self.refuses_login:
            self.last = str(error)
            self.refuses_login = isinstance(error, SaslAuthenticationFailedError)


class _Ears:
    """Opens the logger while anybody listens. A command may have silenced it: for others it stays silent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._before = (logging.NOTSET, True)

    def add(self, heard: Heard) -> None:
        with self._lock:
            if not self._open:
                self._before = _LOGGER.level, _LOGGER.propagate
                if not _LOGGER.isEnabledFor(logging.WARNING):
                    _LOGGER.propagate = False
                    _LOGGER.setLevel(logging.WARNING)
            self._open += 1
            _LOGGER.addHandler(heard)

    def remove(self, heard: Heard) -> None:
        with self._lock:
            _LOGGER.removeHandler(heard)
            self._open -= 1
            if not self._open:
                level, _LOGGER.propagate = self._before
                _LOGGER.setLevel(level)


_EARS = _Ears()


@contextmanager
def _listening() -> Iterator[Heard]:
    """Listen to what kafka-python says of its connections: of all that this process makes at once."""
    heard = Heard()
    _EARS.add(heard)
    try:
        yield heard
    finally:
        _EARS.remove(heard)


@contextmanager
def reaching(brokers: Brokers, tried: str = "") -> Iterator[Heard]:
    """Raise LoginError or BrokerAwayError, which say why, for what a client raises that is not let in."""
    with _listening() as heard:
        try:
            yield heard
        except (KafkaError, OSError) as error:
            if heard.refuses_login:
                raise LoginError(
                    f"Kafka at {brokers.bootstrap} refuses the user {brokers.user}: {heard.last}"
                ) from error
            raise BrokerAwayError(
                f"Kafka does not answer at {brokers.bootstrap} ({tried}last: {heard.last or error}). Is it "
                f"running, are the address and the security protocol right ({brokers.security_protocol})?"
            ) from error

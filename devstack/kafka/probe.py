"""Asks a broker, in its own protocol, whether it serves clients yet."""

import socket
import struct

from devstack.ports import LOOPBACK

_METADATA = 3
_VERSION = 1  # the oldest with "no topics, only brokers"; brokers of today still speak it
_CLIENT = b"devstack"
_TIMEOUT_S = 5

_REQUEST = struct.pack(f">hhih{len(_CLIENT)}si", _METADATA, _VERSION, 1, len(_CLIENT), _CLIENT, 0)
_ANSWER = struct.Struct(">iii")  # length, correlation id, count of brokers


def live_broker_count(port: int) -> int:
    """Return how many brokers the cluster has according to the broker on this port of 127.0.0.1.

    Zero when there is no answer, and also while the broker answers but has not joined the cluster
    yet: at that time a topic cannot be made.
    """
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(_REQUEST)) + _REQUEST)
            with connection.makefile("rb") as answer:
                head = answer.read(_ANSWER.size)
    except OSError:
        return 0
    if len(head) < _ANSWER.size:
        return 0
    count: int = _ANSWER.unpack(head)[2]
    return count

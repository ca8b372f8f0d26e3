"""The loopback ports of a stack: which there are, whether they are free, how tests get some."""

import random
import socket
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"

# Below the range from which the kernel takes the client ends of connections. Inside it, a client
# that retries while the server is down can take the server's port, or even connect to itself.
_FREE_FROM, _FREE_TO = 20_000, 32_000


@dataclass(frozen=True)
class StackPorts:
    """Where the services of a stack listen, all on 127.0.0.1."""

    kafka: int = 19092
    kafka_controller: int = 19093
    clickhouse: int = 19000
    clickhouse_http: int = 18123


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of 127.0.0.1 at this moment."""
    with socket.socket() as probe:
        # Without it the remains of closed connections count as taken; a listener still does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def accepts(port: int) -> bool:
    """Whether somebody accepts connections on the port of 127.0.0.1."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def free_ports() -> StackPorts:
    """Pick four ports that are free, at random so that two test runs do not meet."""
    chosen: list[int] = []
    while len(chosen) < 4:  # noqa: PLR2004 -- as many as StackPorts has fields
        port = random.SystemRandom().randrange(_FREE_FROM, _FREE_TO)
        if port not in chosen and is_free(port):
            chosen.append(port)
    return StackPorts(*chosen)

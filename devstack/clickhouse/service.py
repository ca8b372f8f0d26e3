"""Runs the development ClickHouse as one process and asks it whether it answers."""

import http.client
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from devstack.errors import MissingToolError
from devstack.ports import LOOPBACK, StackPorts, accepts

_TIMEOUT_S = 5


class ClickHouseProgram:
    """The development ClickHouse, its data in one folder.

    What was acknowledged survives a kill of the process (it is in the page cache), not a power cut.
    """

    name = "clickhouse"

    def __init__(self, folder: Path, ports: StackPorts) -> None:
        self._folder = folder.resolve()
        self._ports = ports

    @property
    def address(self) -> str:
        """The address of the native protocol."""
        return f"{LOOPBACK}:{self._ports.clickhouse}"

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports of the native protocol and of HTTP."""
        return {
            "clickhouse": self._ports.clickhouse,
            "clickhouse_http": self._ports.clickhouse_http,
        }

    def prepare(self) -> Sequence[str]:
        """Check that the engine is installed and make the folder for its data."""
        if find_spec("chdb") is None:
            message = "the development ClickHouse needs its engine: install the extra `devstack`"
            raise MissingToolError(message)
        self._folder.mkdir(parents=True, exist_ok=True)
        return [
            *("env", "TZ=UTC"),  # as on a server: DateTime without a zone of its own is in UTC
            *(sys.executable, "-m", "devstack.clickhouse"),
            *("--path", str(self._folder)),
            *("--port", str(self._ports.clickhouse)),
            *("--http-port", str(self._ports.clickhouse_http)),
        ]

    def answers(self) -> bool:
        """Whether both protocols answer a query."""
        if not accepts(self._ports.clickhouse):
            return False
        return self._answers_native() and self._answers_http()

    def _answers_native(self) -> bool:
        client = Client(
            LOOPBACK,
            port=self._ports.clickhouse,
            connect_timeout=_TIMEOUT_S,
            send_receive_timeout=_TIMEOUT_S,
        )
        try:
            return bool(client.execute("SELECT 1") == [(1,)])
        except (Error, OSError, EOFError):
            return False
        finally:
            client.disconnect()

    def _answers_http(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self._ports.clickhouse_http, timeout=_TIMEOUT_S)
        try:
            connection.request("GET", "/?query=SELECT%201")
            return connection.getresponse().read() == b"1\n"
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

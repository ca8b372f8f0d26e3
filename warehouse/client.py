"""Opens connections to ClickHouse over its native protocol and says what a failure means.

It owns IO. The driver is blocking and not thread-safe: a `Connection` belongs to one thread.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from clickhouse_driver import Client, errors

from runtime.errors import CliffhangerError, WarehouseAwayError, WarehouseRefusedError
from runtime.settings import ClickHouseSettings

QUERIES: Final = Path(__file__).parent / "queries"


INSERT_SETTINGS: Final[Mapping[str, object]] = {
    "async_insert": 0,  # an acknowledgement must mean that the rows are there
    "insert_deduplicate": 0,  # rows carry a version; deduplication of blocks can drop acknowledged rows
    "insert_quorum": "auto",  # on a replicated table; elsewhere it says nothing
}
"""How every INSERT of the project is made."""

AWAY_CODES: Final = frozenset(
    {
        errors.ErrorCodes.ATTEMPT_TO_READ_AFTER_EOF,
        errors.ErrorCodes.CANNOT_READ_ALL_DATA,
        errors.ErrorCodes.CHECKSUM_DOESNT_MATCH,
        errors.ErrorCodes.CANNOT_READ_FROM_FILE_DESCRIPTOR,
        errors.ErrorCodes.CANNOT_WRITE_TO_FILE_DESCRIPTOR,
        errors.ErrorCodes.TIMEOUT_EXCEEDED,
        errors.ErrorCodes.CANNOT_ALLOCATE_MEMORY,
        errors.ErrorCodes.DNS_ERROR,
        errors.ErrorCodes.QUOTA_EXPIRED,
        errors.ErrorCodes.TOO_MANY_SIMULTANEOUS_QUERIES,
        errors.ErrorCodes.SOCKET_TIMEOUT,
        errors.ErrorCodes.NETWORK_ERROR,
        errors.ErrorCodes.NO_ZOOKEEPER,
        errors.ErrorCodes.ABORTED,  # also what a server that shuts down answers
        errors.ErrorCodes.MEMORY_LIMIT_EXCEEDED,
        errors.ErrorCodes.TABLE_IS_READ_ONLY,  # a replica that lost its Keeper
        errors.ErrorCodes.NOT_ENOUGH_SPACE,
        errors.ErrorCodes.TOO_MANY_PARTS,
        errors.ErrorCodes.ALL_CONNECTION_TRIES_FAILED,
        errors.ErrorCodes.TOO_LESS_LIVE_REPLICAS,
        errors.ErrorCodes.UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE,
        errors.ErrorCodes.UNKNOWN_STATUS_OF_INSERT,
        errors.ErrorCodes.RECEIVED_ERROR_TOO_MANY_REQUESTS,
        errors.ErrorCodes.QUERY_WAS_CANCELLED,
        439,  # CANNOT_SCHEDULE_TASK
        473,  # DEADLOCK_AVOIDED
        722,  # ASYNC_LOAD_WAIT_FAILED: the server is starting
        723,  # ASYNC_LOAD_CANCELED
        745,  # SERVER_OVERLOADED
        errors.ErrorCodes.KEEPER_EXCEPTION,
        errors.ErrorCodes.POCO_EXCEPTION,
    }
)
"""Codes of the server that pass: the same statement can succeed later."""

AWAY_EXCEPTIONS: Final = (
    OSError,
    EOFError,
    errors.NetworkError,  # neither of these two is an OSError
    errors.SocketTimeoutError,
    errors.ChecksumDoesntMatchError,
    errors.UnexpectedPacketFromServerError,
    errors.UnknownPacketFromServerError,
    errors.PartiallyConsumedQueryError,
)


def explain(failure: Exception) -> WarehouseAwayError | WarehouseRefusedError:
    """Say what a failure of the driver means: away (retry) or refused (stop).

    What is not known to pass counts as refused: a process that stops is seen, one that retries for
    ever is not.
    """
    if isinstance(failure, errors.ServerException):
        text = f"ClickHouse answered with code {failure.code}: {first_line(failure.message)}"
        if failure.code in AWAY_CODES:
            return WarehouseAwayError(text)
        return WarehouseRefusedError(text)
    text = f"{type(failure).__name__}: {first_line(str(failure))}"
    if isinstance(failure, AWAY_EXCEPTIONS):
        return WarehouseAwayError(f"ClickHouse does not answer ({text})")
    return WarehouseRefusedError(f"the driver cannot send this ({text})")


def first_line(text: object) -> str:
    """Cut a server's message, stack trace and all, to the part a person reads."""
    return str(text).partition("Stack trace:")[0].strip().partition("\n")[0][:500]


class Connection:
    """One client of the native protocol, opened when it is first used.

    After any failure the client is closed, and the next call opens another. A call that timed out
    may have happened all the same: what is sent twice must be harmless. No call retries.
    """

    def __init__(
        self,
        settings: ClickHouseSettings,
        *,
        strings_as_bytes: bool = False,
        database: str | None = None,
    ) -> None:
        self._settings = settings
        self._strings_as_bytes = strings_as_bytes
        self._database = settings.database if database is None else database
        self._client: Client | None = None

    def query(self, sql: str, parameters: Mapping[str, int | str] | None = None) -> list[Any]:
        """Run a statement and return its rows; `{name:Type}` in it is filled in by the server.

        Raises:
            WarehouseAwayError: retry.
            WarehouseRefusedError: the statement will never work.
        """
        return list(self._execute(sql, dict(parameters or {})) or ())

    def insert(self, table: str, columns: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
        """Insert columns of values, all of one length, as one INSERT.

        Raises:
            WarehouseAwayError: some, all or none of the rows are there; send them again.
            WarehouseRefusedError: the rows do not fit the table.
        """
        self._execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES",
            values,
            columnar=True,
            settings=dict(INSERT_SETTINGS),
        )

    def close(self) -> None:
        """Close the client; the next call opens another."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()

    def _execute(self, *arguments: Any, **options: Any) -> Any:
        try:
            if self._client is None:
                self._client = self._open()
            return self._client.execute(*arguments, **options)
        except CliffhangerError:
            raise
        except Exception as failure:
            self.close()
            raise explain(failure) from failure
        except BaseException:
            self.close()
            raise

    def _open(self) -> Client:
        settings = self._settings
        return Client(
            settings.host,
            port=settings.port,
            database=self._database,
            user=settings.user,
            password=settings.password.get_secret_value(),
            secure=settings.secure,
            client_name="cliffhanger",
            compression="lz4",
            connect_timeout=settings.connect_timeout_s,
            send_receive_timeout=settings.send_receive_timeout_s,
            sync_request_timeout=settings.connect_timeout_s,
            settings={"server_side_params": True, "strings_as_bytes": self._strings_as_bytes},
        )

import socket

import pytest
from clickhouse_driver import errors

from runtime.errors import WarehouseAwayError, WarehouseRefusedError
from warehouse.client import AWAY_CODES, explain

AWAY = [
    EOFError("Unexpected EOF while reading bytes"),
    ConnectionRefusedError(111, "Connection refused"),
    ConnectionResetError(104, "Connection reset by peer"),
    TimeoutError("timed out"),
    socket.gaierror(-2, "Name or service not known"),
    errors.NetworkError("Connection refused (127.0.0.1:19000)"),
    errors.SocketTimeoutError("Timeout exceeded"),
    errors.ChecksumDoesntMatchError("corrupted"),
    errors.UnexpectedPacketFromServerError("Unexpected packet"),
    *(errors.ServerException("DB::Exception: ...", code) for code in sorted(AWAY_CODES)),
]
REFUSED = [
    errors.ServerException("DB::Exception: no such column", errors.ErrorCodes.NO_SUCH_COLUMN_IN_TABLE),
    errors.ServerException("DB::Exception: unknown", errors.ErrorCodes.UNKNOWN_IDENTIFIER),
    errors.ServerException("DB::Exception: no table", errors.ErrorCodes.UNKNOWN_TABLE),
    errors.ServerException("DB::Exception: no database", errors.ErrorCodes.UNKNOWN_DATABASE),
    errors.ServerException("DB::Exception: type", errors.ErrorCodes.TYPE_MISMATCH),
    errors.ServerException("DB::Exception: syntax", errors.ErrorCodes.SYNTAX_ERROR),
    errors.ServerException("DB::Exception: access", 497),
    errors.ServerException("DB::Exception: Authentication failed", 516),
    errors.ServerException("DB::Exception: of tomorrow", 99_999),
    errors.TypeMismatchError("expected int"),
    errors.UnknownTypeError("Variant"),
    ValueError("different rows length"),
    AttributeError("'int' object has no attribute 'encode'"),
]  # fmt: skip


@pytest.mark.parametrize("failure", AWAY, ids=lambda failure: f"{type(failure).__name__} {failure}"[:60])
def test_what_passes_is_away(failure):
    assert isinstance(explain(failure), WarehouseAwayError)


@pytest.mark.parametrize("failure", REFUSED, ids=lambda failure: f"{type(failure).__name__} {failure}"[:60])
def test_what_will_never_work_is_refused(failure):
    assert isinstance(explain(failure), WarehouseRefusedError)


def test_the_text_is_one_line_with_the_code_and_no_stack_trace():
    failure = errors.ServerException("DB::Exception: Table w.x is gone. Stack trace:\n\n0. DB::f()", 60)
    text = str(explain(failure))
    assert text.startswith("ClickHouse answered with code 60: DB::Exception: Table w.x is gone.")
    assert "\n" not in text

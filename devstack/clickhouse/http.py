"""ClickHouse's HTTP protocol in front of the embedded engine, for curl and BI tools.

A result is built as a whole before it is sent, so an error always has a status of its own.
"""

import asyncio
import base64
import binascii
import json
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import lz4.frame
from aiohttp import web

from devstack.clickhouse import sql as text
from devstack.clickhouse.abort import kill_until_done
from devstack.clickhouse.blocks import Columns, header_block, wire_blocks
from devstack.clickhouse.errors import Code, QueryError
from devstack.clickhouse.packets import DISPLAY_NAME
from devstack.clickhouse.statement import Kind, Statement

if TYPE_CHECKING:  # importing the engine takes long
    from devstack.clickhouse.engine import Engine, Session

_T = TypeVar("_T")

_BODY_BYTES = 1 << 30
_CLOSE_S = 5

# Parameters of the protocol itself; all others but param_* are settings. A session_id is taken and
# not kept: each request is a session of its own.
_OF_THE_PROTOCOL = {
    "query",
    "database",
    "default_format",
    "query_id",
    "user",
    "password",
    "session_id",
    "session_timeout",
    "session_check",
    "close_session",
    "wait_end_of_query",
    "compress",
    "decompress",
    "buffer_size",
    "role",
    "quota_key",
    "stacktrace",
    "client_protocol_version",
    "enable_http_compression",
    "send_progress_in_http_headers",
    "http_headers_progress_interval_ms",
}
_PARAMETER = "param_"

_STATUS = {
    **dict.fromkeys((6, 27, 36, 43, 53, 62, 456, 457), 400),
    **dict.fromkeys((497, 516), 403),
    **dict.fromkeys((46, 47, 60, 81, 115), 404),
    **{159: 408, 241: 507},
}
_BINARY = {"Native", "RowBinary", "RowBinaryWithNamesAndTypes", "Parquet", "Arrow", "ArrowStream"}

# From these revisions on a block has a head, and a byte for each column.
_WITH_BLOCK_INFO = 51903
_WITH_COLUMN_FLAGS = 54454


@dataclass(frozen=True)
class _Result:
    """What the engine `told`; the columns are known for blocks only."""

    output: str
    told: Any
    columns: Columns | None = None


class HttpFront:
    """Answers requests; each runs in an engine session of its own.

    A client that goes away takes its statement with it.
    """

    def __init__(self, engine: "Engine", pool: Executor) -> None:
        self._engine = engine
        self._pool = pool

    async def _call(self, work: Callable[..., _T], *args: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args))

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request, or describe the error as a server does."""
        headers = {
            "X-ClickHouse-Query-Id": request.query.get("query_id") or str(uuid.uuid4()),
            "X-ClickHouse-Server-Display-Name": DISPLAY_NAME,
            "X-ClickHouse-Timezone": self._engine.timezone,
        }
        try:
            _refuse_browsers(request)
            response = await self._run(request)
        except QueryError as error:
            headers["X-ClickHouse-Exception-Code"] = str(error.code)
            message = f"Code: {error.code}. {error.message} (version {self._engine.version})\n"
            response = web.Response(status=_STATUS.get(error.code, 500), text=message)
        response.headers.update(headers)
        return response

    async def _run(self, request: web.Request) -> web.Response:
        options = dict(self._engine.log_in(*_credentials(request)))
        if request.method == "GET":
            options.setdefault("readonly", "2")
        sql, body = request.query.get("query", ""), await _body(request)
        if not sql and not body:
            return web.Response(text="Ok.\n")
        settings = {
            name: value
            for name, value in request.query.items()
            if name not in _OF_THE_PROTOCOL and not name.startswith(_PARAMETER)
        }
        self._engine.check_settings(settings)
        database = request.query.get("database") or request.headers.get("X-ClickHouse-Database", "")
        session = await self._call(self._engine.open_session, options, database)
        try:
            await self._call(session.apply, settings)
            work = asyncio.ensure_future(self._call(_execute, session, request, sql, body))
            try:
                revision = int(request.query.get("client_protocol_version", "0"))
                return await _respond(await asyncio.shield(work), revision)
            except asyncio.CancelledError:
                await asyncio.shield(kill_until_done(work, partial(self._call, session.kill)))
                work.exception()  # told to nobody
                raise
        finally:
            await asyncio.shield(self._call(session.close))


def _refuse_browsers(request: web.Request) -> None:
    """Refuse what a web page sends on behalf of a stranger: there is no password to stop it."""
    host = request.host.rpartition(":")[0] or request.host
    if "Origin" in request.headers or host not in {"127.0.0.1", "localhost"}:
        sentence = "Requests of web pages, and to other names than 127.0.0.1, are refused"
        raise QueryError.of(Code.ACCESS_DENIED, sentence)


def _credentials(request: web.Request) -> tuple[str, str]:
    headers, query = request.headers, request.query
    if "X-ClickHouse-User" in headers:
        return headers["X-ClickHouse-User"], headers.get("X-ClickHouse-Key", "")
    authorization = headers.get("Authorization", "")
    if authorization.startswith("Basic "):
        try:
            user, _, password = base64.b64decode(authorization[6:]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise QueryError.of(Code.AUTHENTICATION_FAILED, "Invalid authorization") from None
        return user, password
    return query.get("user", "default"), query.get("password", "")


async def _body(request: web.Request) -> bytes:
    if request.content_type == "multipart/form-data":
        raise QueryError.of(Code.NOT_IMPLEMENTED, "External tables are not supported")
    body = await request.read()
    if request.headers.get("Content-Encoding") == "lz4":
        unpacked: bytes = lz4.frame.decompress(body)
        return unpacked
    return body


def _execute(session: "Session", request: web.Request, sql: str, body: bytes) -> _Result:
    """Run a request's statement; blocks."""
    statement, data = _read(session, sql, body)
    if statement.kind is Kind.INSERT:
        return _insert(session, statement, data)
    output = (
        statement.output_format
        or request.headers.get("X-ClickHouse-Format")
        or request.query.get("default_format", "TabSeparated")
    )
    parameters = {
        name.removeprefix(_PARAMETER): value
        for name, value in request.query.items()
        if name.startswith(_PARAMETER)
    }
    columns = None
    if output == "Native" and statement.kind is Kind.QUERY:
        columns = session.columns_of(statement.sql, parameters)
    return _Result(output, session.run(statement.sql, output, parameters), columns)


def _insert(session: "Session", statement: Statement, data: bytes) -> _Result:
    data_format = statement.output_format or "Values"
    if data_format == "Values":
        text.judge(data.decode(errors="replace"))
    with session.spool() as file:
        file.write(data)
        return _Result(data_format, session.insert_file(statement.sql, file, data_format))


def _read(session: "Session", sql: str, body: bytes) -> tuple[Statement, bytes]:
    """Tell the statement from its data: the two may come in the address, the body, or both."""
    if sql:
        statement = session.read(sql)
        if statement.kind is Kind.INSERT or not body:
            return statement, body
        return session.read(f"{sql}\n{body.decode()}"), b""
    first, _, rest = body.partition(b"\n")
    if text.begins_as_insert(first.decode(errors="replace")):
        statement = session.read(first.decode())
        if statement.kind is Kind.INSERT:
            return statement, rest
    return session.read(body.decode()), b""


async def _respond(result: _Result, revision: int) -> web.Response:
    told, body = result.told, result.told.bytes()
    if result.output == "Native" and revision >= _WITH_BLOCK_INFO:
        body = await _blocks(body, result.columns, flags=revision >= _WITH_COLUMN_FLAGS)
    summary = {
        "read_rows": told.storage_rows_read(),
        "read_bytes": told.bytes_read(),
        "written_rows": told.rows_written(),
        "written_bytes": told.bytes_written(),
        "result_rows": told.rows_read(),
        "elapsed_ns": int(told.elapsed() * 1e9),
    }
    headers = {
        "X-ClickHouse-Format": result.output,
        "X-ClickHouse-Summary": json.dumps({name: str(value) for name, value in summary.items()}),
        "Content-Type": _content_type(result.output),
    }
    return web.Response(body=body, headers=headers)


async def _blocks(plain: bytes, columns: Columns | None, *, flags: bool) -> bytes:
    if not plain and columns:
        return header_block(columns, flags=flags)
    return b"".join(block for _, block in await wire_blocks(plain, columns, flags=flags))


def _content_type(output: str) -> str:
    if output in _BINARY:
        return "application/octet-stream"
    if output.startswith("JSON"):
        return "application/json; charset=UTF-8"
    if output.startswith("CSV"):
        return "text/csv; charset=UTF-8"
    if output.startswith(("TabSeparated", "TSV")):
        return "text/tab-separated-values; charset=UTF-8"
    return "text/plain; charset=UTF-8"


async def _ping(_request: web.Request) -> web.Response:
    return web.Response(text="Ok.\n")


async def serve_http(engine: "Engine", pool: Executor, *, host: str, port: int) -> web.AppRunner:
    """Listen for clients."""
    front = HttpFront(engine, pool)
    app = web.Application(client_max_size=_BODY_BYTES)
    app.router.add_get("/ping", _ping)
    app.router.add_get("/", front.answer)
    app.router.add_post("/", front.answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_CLOSE_S)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner

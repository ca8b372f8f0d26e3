"""ClickHouse's native protocol over TCP in front of the embedded engine."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from devstack.clickhouse import packets
from devstack.clickhouse.abort import Abort
from devstack.clickhouse.blocks import (
    EMPTY_BLOCK,
    Block,
    Columns,
    header_block,
    read_block,
    wire_blocks,
)
from devstack.clickhouse.errors import Code, QueryError
from devstack.clickhouse.frames import compress, read_frame
from devstack.clickhouse.packets import FromClient, Query
from devstack.clickhouse.statement import Kind
from devstack.clickhouse.wire import Reader

if TYPE_CHECKING:  # importing the engine takes long
    from devstack.clickhouse.engine import Engine, Session

_T = TypeVar("_T")

_CHUNK_BYTES = 1 << 20
_CLOSE_S = 5


class NativeConnection:
    """One client: its login, then its statements one after the other.

    An INSERT is one statement for the engine however many blocks its client sends: it is collected
    in a file first and acknowledged when the engine has written it.
    """

    def __init__(
        self,
        engine: "Engine",
        pool: Executor,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._engine = engine
        self._pool = pool
        self._writer = writer
        self._wire = Reader(partial(reader.read, _CHUNK_BYTES))
        self._frames = Reader(partial(read_frame, self._wire))

    async def serve(self) -> None:
        """Serve the client until it goes."""
        with suppress(EOFError, ConnectionError):
            try:
                await self._serve_session()
            except QueryError as error:  # the two sides no longer agree on where a packet begins
                self._writer.write(packets.exception(error))
        self._writer.close()

    async def _serve_session(self) -> None:
        login = await packets.read_login(self._wire)
        options = self._engine.log_in(login.user or "default", login.password)
        session = await self.call(self._engine.open_session, options, login.database)
        try:
            self._writer.write(packets.hello(self._engine.version, self._engine.timezone))
            await self._wire.string()  # quota key
            while True:
                await self._serve_packet(session)
                await self._writer.drain()
        finally:
            await self.call(session.close)

    async def _serve_packet(self, session: "Session") -> None:
        self._wire.drop()
        match await self._wire.varint():
            case FromClient.QUERY:
                query = await packets.read_query(self._wire)
                await self._serve_query(session, query)
            case FromClient.PING:
                self._writer.write(packets.PONG)
            case FromClient.CANCEL:
                pass  # of a statement that has ended meanwhile
            case packet:
                sentence = f"Unknown packet {packet} from client"
                raise QueryError.of(Code.UNKNOWN_PACKET_FROM_CLIENT, sentence)

    async def _serve_query(self, session: "Session", query: Query) -> None:
        abort = Abort(self._wire, partial(self.call, session.kill))
        run = _Run(self, session, query, abort)
        try:
            await run.execute()
            self._writer.write(packets.END_OF_STREAM)
        except QueryError as error:
            cancelled = abort.aborted and error.code == Code.QUERY_WAS_CANCELLED
            self._writer.write(packets.END_OF_STREAM if cancelled else packets.exception(error))
        finally:
            await abort.close()

    # What a running statement needs of its connection:

    async def call(self, work: Callable[..., _T], *args: Any) -> _T:
        """Do blocking work in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args))

    async def send(self, packet: bytes) -> None:
        """Send a packet and wait while the client is slow."""
        self._writer.write(packet)
        await self._writer.drain()

    async def next_block(self, *, compressed: bool) -> Block:
        """Read a DATA packet, answering pings before it."""
        while True:
            self._wire.drop()
            match await self._wire.varint():
                case FromClient.DATA:
                    break
                case FromClient.PING:
                    self._writer.write(packets.PONG)
                case FromClient.CANCEL:
                    raise QueryError.of(Code.QUERY_WAS_CANCELLED, "Query was cancelled")
                case packet:
                    sentence = f"Unexpected packet {packet}"
                    raise QueryError.of(Code.UNEXPECTED_PACKET_FROM_CLIENT, sentence)
        await self._wire.string()  # table
        source = self._frames if compressed else self._wire
        if compressed:
            self._frames.drop()
        return await read_block(source)


class _Run:
    """One statement from its packet to the last one before the end of the stream."""

    def __init__(self, connection: NativeConnection, session: "Session", query: Query, abort: Abort) -> None:
        self._connection = connection
        self._session = session
        self._query = query
        self._abort = abort

    async def execute(self) -> None:
        """Run the statement and send its result; raise QueryError when it fails."""
        block = await self._connection.next_block(compressed=self._query.compressed)
        if block.columns:
            await self._connection.next_block(compressed=self._query.compressed)
            raise QueryError.of(Code.NOT_IMPLEMENTED, "External tables are not supported")
        await self._call(self._session.apply, self._known_settings())
        statement = await self._call(self._session.read, self._query.sql)
        match statement.kind:
            case Kind.QUERY:
                await self._stream(statement.sql)
            case Kind.INSERT:
                await self._insert(statement.sql)
            case Kind.OTHER:
                await self._whole(statement.sql)

    def _known_settings(self) -> dict[str, str]:
        """Drop unknown settings, as a server does, unless the client called them important."""
        settings, known = self._query.settings, self._session.engine.settings
        self._session.engine.check_settings({name: settings[name] for name in self._query.important})
        return {name: value for name, value in settings.items() if name in known}

    async def _call(self, work: Callable[..., _T], *args: Any) -> _T:
        return await self._connection.call(work, *args)

    async def _guarded(self, work: Callable[..., _T], *args: Any) -> _T:
        """Do blocking work that ends with the client; begin none once the client was heard."""
        if self._abort.aborted:
            raise QueryError.of(Code.QUERY_WAS_CANCELLED, "Query was cancelled")
        return await self._abort.guard(self._call(work, *args))

    async def _send_block(self, block: bytes) -> None:
        packed = compress(block) if self._query.compressed else block
        await self._connection.send(packets.data(packed))

    async def _stream(self, sql: str) -> None:
        session, parameters = self._session, self._query.parameters
        columns = await self._guarded(session.columns_of, sql, parameters)
        stream = await self._guarded(session.open_stream, sql, parameters)
        rows = blocks = size = 0
        try:
            await self._send_block(header_block(columns))
            while (chunk := await self._guarded(session.fetch, stream)) is not None:
                plain = chunk.bytes()
                await self._send_blocks(plain, columns)
                rows, blocks, size = rows + chunk.rows_read(), blocks + 1, size + len(plain)
                if read := chunk.storage_rows_read():
                    await self._connection.send(packets.progress(rows=read, size=chunk.bytes_read()))
        finally:
            await self._call(stream.close)
        await self._connection.send(packets.profile(rows=rows, blocks=blocks, size=size))
        await self._send_block(EMPTY_BLOCK)

    async def _send_blocks(self, plain: bytes, columns: Columns) -> None:
        for _, block in await wire_blocks(plain, columns):
            await self._send_block(block)

    async def _whole(self, sql: str) -> None:
        """Run what the engine does not stream: SHOW, EXPLAIN, DDL, INSERT ... SELECT."""
        parameters = self._query.parameters
        result = await self._guarded(self._session.run, sql, "Native", parameters)
        blocks = await wire_blocks(result.bytes())
        columns = blocks[0][0] if blocks else []
        if not blocks and not result.rows_written():
            columns = await self._call(self._session.columns_of_nothing, sql, parameters)
        if columns:
            await self._send_block(header_block(columns))
        for _, block in blocks:
            await self._send_block(block)
        if blocks:
            size = len(result.bytes())
            await self._connection.send(
                packets.profile(rows=result.rows_read(), blocks=len(blocks), size=size)
            )
            await self._send_block(EMPTY_BLOCK)
        await self._report_written(result)

    async def _insert(self, head: str) -> None:
        columns = await self._call(self._session.columns_to_insert, head)
        await self._send_block(header_block(columns))
        with self._session.spool() as file:
            rows = 0
            while (block := await self._next_block()).columns:
                rows += block.rows
                await self._call(file.write, block.plain)
                await self._connection.send(packets.no_profile_events())
            if rows:
                result = await self._guarded(self._session.insert_file, head, file)
                await self._report_written(result)
            await self._connection.send(packets.no_profile_events())

    async def _next_block(self) -> Block:
        return await self._connection.next_block(compressed=self._query.compressed)

    async def _report_written(self, result: Any) -> None:
        if rows := result.rows_written():
            await self._connection.send(
                packets.progress(written_rows=rows, written_size=result.bytes_written())
            )


class NativeServer:
    """Listens for clients and knows those that are connected."""

    def __init__(self, engine: "Engine", pool: Executor) -> None:
        self._engine = engine
        self._pool = pool
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def listen(self, host: str, port: int) -> None:
        """Begin to accept clients."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=_CHUNK_BYTES)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = NativeConnection(self._engine, self._pool, reader, writer)
        serving = asyncio.ensure_future(connection.serve())
        self._connections[serving] = writer
        serving.add_done_callback(self._connections.pop)

    async def close(self) -> None:
        """Accept nobody any more, hang up on everybody, and wait until what they ran has ended."""
        if self._server is not None:
            self._server.close()
        for writer in self._connections.values():
            writer.transport.abort()
        if self._connections:
            await asyncio.wait(list(self._connections), timeout=_CLOSE_S)

"""ClickHouse native TCP protocol in front of chdb."""

import asyncio
import re
import struct
from concurrent.futures import ThreadPoolExecutor

from devstack.clickhouse.engine import EngineError, backtick
from devstack.clickhouse.wire import (
    BLOCK_INFO,
    Unwalkable,
    Wire,
    header_block,
    read_block,
    split_blocks,
    string,
    varint,
)

SERVER_REVISION = 54459
VARINT_SETTING = re.compile(r"(NonZero)?U?Int64(Auto)?$|Bool(Auto)?$|Seconds$|Milliseconds$|MaxThreads$")
POOL = ThreadPoolExecutor(64, "chdb")
EMPTY_EVENTS = header_block(
    [
        ("host_name", "String"),
        ("current_time", "DateTime"),
        ("thread_id", "UInt64"),
        ("type", "Enum8('increment' = 1, 'gauge' = 2)"),
        ("name", "String"),
        ("value", "Int64"),
    ],
    True,
)


def hello(engine, rev, server_rev):
    major, minor, patch = (engine.version + (0, 0))[:3]
    out = varint(0) + string("ClickHouse") + varint(major) + varint(minor) + varint(server_rev)
    if rev >= 54058:
        out += string(engine.timezone)
    if rev >= 54372:
        out += string("chdb")
    if rev >= 54401:
        out += varint(patch)
    if rev >= 54461:
        out += varint(0)
    if rev >= 54462:
        out += struct.pack("<Q", 0)
    return out


def exception(err):
    if not isinstance(err, EngineError):
        err = EngineError(1000, f"DB::Exception: {type(err).__name__}: {err}")
    return (
        varint(2)
        + struct.pack("<i", err.code)
        + string("DB::Exception")
        + string(err.message)
        + string("")
        + b"\0"
    )


class NativeConnection:
    def __init__(self, engine, reader, writer, server_rev=SERVER_REVISION):
        self.engine, self.reader, self.writer, self.server_rev = engine, reader, writer, server_rev
        self.wire = Wire(lambda: reader.read(1 << 20))
        self.session = None
        self.loop = asyncio.get_running_loop()

    async def call(self, fn, *args):
        return await self.loop.run_in_executor(POOL, fn, *args)

    async def serve(self):
        try:
            await self.handshake()
            while True:
                self.wire.drop()
                packet = await self.wire.varint()
                if packet == 1:
                    await self.on_query()
                elif packet == 4:
                    self.writer.write(varint(4))
                elif packet == 3:
                    pass  # Cancel that arrived after EndOfStream
                elif packet == 2:
                    await self.read_data(False)
                else:
                    raise EngineError(
                        99,
                        f"DB::Exception: Unknown packet {packet} from client. (UNKNOWN_PACKET_FROM_CLIENT)",
                    )
                await self.writer.drain()
        except (EOFError, ConnectionError, asyncio.CancelledError):
            pass
        except EngineError as e:
            self.writer.write(exception(e))
        finally:
            if self.session:
                await self.call(self.session.close)
            self.writer.close()

    async def handshake(self):
        w = self.wire
        if await w.varint() != 0:
            raise EOFError("not a native client")
        await w.string(), await w.varint(), await w.varint()
        self.rev = min(await w.varint(), self.server_rev)
        database, user, password = await w.string(), await w.string(), await w.string()
        self.custom = self.rev >= 54454
        options = self.engine.authenticate(user or "default", password)
        self.session = await self.call(self.engine.session, options, database)
        self.writer.write(hello(self.engine, self.rev, self.server_rev))
        if self.rev >= 54458:
            await w.string()  # addendum: quota key

    # ---- packets in
    async def read_settings(self, as_strings=True):
        w, out, important = self.wire, {}, set()
        while name := await w.string():
            if as_strings:
                if await w.varint() & 1:
                    important.add(name)
                out[name] = await w.string()
            elif VARINT_SETTING.match(self.engine.settings.get(name, "")):
                out[name] = str(await w.varint())
            else:
                out[name] = await w.string()
        return out, important

    async def read_query(self):
        w, rev = self.wire, self.rev
        query_id = await w.string()
        if rev >= 54032 and await w.unpack("B"):  # ClientInfo, query_kind != 0
            await w.string(), await w.string(), await w.string()
            if rev >= 54449:
                await w.skip(8)
            interface = await w.unpack("B")
            if interface == 1:
                await w.string(), await w.string(), await w.string()
                await w.varint(), await w.varint(), await w.varint()
            elif interface == 2:
                await w.skip(1), await w.string()
            if rev >= 54060:
                await w.string()
            if rev >= 54448:
                await w.varint()
            if interface == 1 and rev >= 54401:
                await w.varint()
            if rev >= 54442 and await w.unpack("B"):
                await w.skip(24), await w.string(), await w.skip(1)
            if rev >= 54453:
                await w.varint(), await w.varint(), await w.varint()
        settings, important = await self.read_settings(rev >= 54429)
        if rev >= 54441:
            await w.string()
        await w.varint()  # stage
        self.compressed = bool(await w.varint())
        self.blocks = Wire(self.read_frame) if self.compressed else w
        sql, params = await w.string(), {}
        if rev >= 54459:
            raw, _ = await self.read_settings()
            params = {k: unquote(v) for k, v in raw.items()}
        return query_id, settings, important, sql, params

    async def read_frame(self):
        import lz4.block
        from clickhouse_cityhash.cityhash import CityHash128

        w = self.wire
        w.drop()
        checksum, method, size, raw_size = struct.unpack("<16sBII", await w.take(25))
        data = await w.take(size - 9)
        if pack128(CityHash128(struct.pack("<BII", method, size, raw_size) + data)) != checksum:
            raise EngineError(
                40, "DB::Exception: Checksum doesn't match: corrupted data. (CHECKSUM_DOESNT_MATCH)"
            )
        if method == 0x82:
            return lz4.block.decompress(data, uncompressed_size=raw_size)
        if method == 0x90:
            import zstd

            return zstd.decompress(data)
        if method == 0x02:
            return data
        raise EngineError(
            89, f"DB::Exception: Unknown compression method {method}. (UNKNOWN_COMPRESSION_METHOD)"
        )

    async def read_data(self, may_be_compressed=True):
        """Body of a Data packet (type already consumed) -> (table name, Block)."""
        name = await self.wire.string()
        w = self.blocks if may_be_compressed else self.wire
        if w is not self.wire:
            w.drop()
        while field := await w.varint():  # BlockInfo
            await w.skip(1 if field == 1 else 4)
        return name, await read_block(w, self.custom)

    async def next_data(self):
        while True:
            self.wire.drop()
            packet = await self.wire.varint()
            if packet == 2:
                return await self.read_data()
            if packet == 3:
                raise EngineError(394, "DB::Exception: Query was cancelled. (QUERY_WAS_CANCELLED)")
            if packet == 4:
                self.writer.write(varint(4))
            else:
                raise EngineError(
                    101, f"DB::Exception: Unexpected packet {packet}. (UNEXPECTED_PACKET_FROM_CLIENT)"
                )

    # ---- packets out
    def send_block(self, native, packet=1, compress=True):
        data = (BLOCK_INFO if self.rev >= 51903 else b"") + native
        if self.compressed and compress:
            import lz4.block
            from clickhouse_cityhash.cityhash import CityHash128

            view, frames = memoryview(data), []
            for i in range(0, len(data), 1 << 20):
                chunk = view[i : i + (1 << 20)]
                z = lz4.block.compress(chunk, store_size=False)
                body = struct.pack("<BII", 0x82, len(z) + 9, len(chunk)) + z
                frames += pack128(CityHash128(body)), body
            data = b"".join(frames)
        self.writer.write(varint(packet) + b"\0" + data)

    def send_progress(self, rows=0, nbytes=0, written=(0, 0), elapsed=0.0):
        out = varint(3) + varint(rows) + varint(nbytes)
        if self.rev >= 51554:
            out += varint(rows)
        if self.rev >= 54463:
            out += varint(nbytes)
        if self.rev >= 54420:
            out += varint(written[0]) + varint(written[1])
        if self.rev >= 54460:
            out += varint(int(elapsed * 1e9))
        self.writer.write(out)

    def send_profile(self, rows, blocks, nbytes):
        self.writer.write(varint(6) + varint(rows) + varint(blocks) + varint(nbytes) + b"\0\0\0")

    # ---- query execution
    async def cancellable(self, fn, *args):
        """Run fn in the pool while watching the socket: a Cancel packet or EOF kills the query."""
        job = asyncio.ensure_future(self.call(fn, *args))
        if not self.cancelled:
            if self.watch is None:
                self.wire.drop()
                self.watch = asyncio.ensure_future(self.wire.need(1))
            await asyncio.wait({job, self.watch}, return_when=asyncio.FIRST_COMPLETED)
            if not job.done():
                self.cancelled = True
                while not job.done():
                    await self.call(self.session.kill)
                    await asyncio.wait({job}, timeout=0.2)
                self.watch.exception()
        return await job

    async def on_query(self):
        self.cancelled, self.watch, self.compressed, self.blocks, temp = False, None, False, self.wire, []
        try:
            query_id, settings, important, sql, params = await self.read_query()
            deferred = None
            try:
                for name in list(settings):
                    if name not in self.engine.settings:
                        if name in important:
                            raise EngineError(
                                115, f"DB::Exception: Unknown setting '{name}'. (UNKNOWN_SETTING)"
                            )
                        del settings[name]
                await self.call(self.session.apply, settings)
            except EngineError as e:
                deferred = e
            while True:  # external tables, ended by an empty block
                name, block = await self.next_data()
                if not block.columns:
                    break
                if not deferred:
                    try:
                        await self.call(self.make_temp, name, block)
                        temp.append(name)
                    except EngineError as e:
                        deferred = e
            if deferred:
                raise deferred
            kind, sql, fmt = await self.call(self.session.classify, sql)
            if kind == "insert":
                await self.run_insert(sql)
            elif kind == "select":
                await self.run_select(sql, params)
            else:
                await self.run_other(sql, params)
            self.writer.write(varint(5))
        except (EngineError, Unwalkable) as e:
            if self.cancelled and getattr(e, "code", 0) == 394:
                self.writer.write(varint(5))
            else:
                self.writer.write(exception(e))
        finally:
            if self.watch and not self.watch.done():
                self.watch.cancel()
                await asyncio.wait({self.watch})
            for name in temp:
                await self.call(self.session.query, f"DROP TEMPORARY TABLE IF EXISTS {backtick(name)}")

    def make_temp(self, name, block):
        cols = ", ".join(f"{backtick(n)} {t}" for n, t in block.columns)
        self.session.query(f"CREATE TEMPORARY TABLE {backtick(name)} ({cols})")
        if block.rows:
            with self.session.spool() as file:
                file.write(block.native)
                self.session.insert_file(f"INSERT INTO {backtick(name)}", file)

    async def run_select(self, sql, params):
        s = self.session
        # DESCRIBE first: no other statement may run on a chdb connection while it streams
        columns = await self.cancellable(s.header, sql, params)
        stream = await self.cancellable(s.stream, sql, "Native", params)
        rows = blocks = nbytes = 0
        self.send_block(header_block(columns, self.custom))
        try:
            while not self.cancelled:
                chunk = await self.cancellable(s.fetch, stream)
                if chunk is None or self.cancelled:
                    break
                data = chunk.bytes()
                for _, native in await result_blocks(data, columns, self.custom):
                    self.send_block(native)
                rows, blocks, nbytes = rows + chunk.rows_read(), blocks + 1, nbytes + len(data)
                if chunk.storage_rows_read():
                    self.send_progress(chunk.storage_rows_read(), chunk.bytes_read(), elapsed=chunk.elapsed())
                await self.writer.drain()
        finally:
            await self.call(stream.close)
        self.send_profile(rows, blocks, nbytes)
        self.send_block(b"\0\0")

    async def run_other(self, sql, params):
        """SHOW, DESCRIBE, DDL, INSERT SELECT, ... : chdb does not stream these."""
        result = await self.cancellable(self.session.query, sql, "Native", params)
        data = result.bytes()
        if data:
            for i, (columns, native) in enumerate(await result_blocks(data, None, self.custom)):
                if not i:
                    self.send_block(header_block(columns, self.custom))
                self.send_block(native)
            self.send_profile(result.rows_read(), 1, len(data))
            self.send_block(b"\0\0")
        elif not result.rows_written() and self.session.read_only(sql):
            self.send_block(header_block(await self.call(self.session.header, sql, params), self.custom))
        if result.rows_written():
            self.send_progress(
                written=(result.rows_written(), result.bytes_written()), elapsed=result.elapsed()
            )

    async def run_insert(self, head):
        s = self.session
        self.send_block(header_block(await self.call(s.insert_columns, head), self.custom))
        await self.writer.drain()
        with s.spool() as file:
            rows = 0
            while True:
                _, block = await self.next_data()
                if block.rows:
                    rows += block.rows
                    await self.call(file.write, block.native)
                if not block.columns:
                    break
                if self.rev >= 54456:
                    self.send_block(EMPTY_EVENTS, 14, compress=False)
                    await self.writer.drain()
            if rows:
                res = await self.cancellable(s.insert_file, head, file)
                if self.rev >= 54420:
                    self.send_progress(
                        written=(res.rows_written(), res.bytes_written()), elapsed=res.elapsed()
                    )
            if self.rev >= 54456:
                self.send_block(EMPTY_EVENTS, 14, compress=False)


async def result_blocks(data, columns, custom):
    """chdb Native bytes -> [(columns, wire bytes)], with true DateTime types and has_custom flags.

    ``columns`` comes from DESCRIBE; the bytes are passed through untouched unless something must be added."""
    if columns and not custom and not any(t.startswith("DateTime(") for _, t in columns):
        return [(columns, data)]
    try:
        blocks = await split_blocks(data, custom, [t for _, t in columns] if columns else None)
    except Unwalkable as e:
        if custom or not columns:
            raise EngineError(
                48, f"DB::Exception: type {e} is not supported over this protocol revision. (NOT_IMPLEMENTED)"
            )
        return [(columns, data)]
    return [(c, native) for c, _, native in blocks]


def unquote(v):
    if len(v) > 1 and v[0] == v[-1] == "'":
        out, it = [], iter(v[1:-1])
        for ch in it:
            out.append(next(it, "") if ch == "\\" else ch)
        return "".join(out)
    return v


def pack128(n):
    return struct.pack("<QQ", n >> 64, n & (1 << 64) - 1)


async def serve_native(engine, host="127.0.0.1", port=9000, revision=SERVER_REVISION):
    async def handle(reader, writer):
        await NativeConnection(engine, reader, writer, revision).serve()

    return await asyncio.start_server(handle, host, port, limit=1 << 20)

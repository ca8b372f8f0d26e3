"""ClickHouse HTTP interface in front of chdb."""

import asyncio
import base64
import json
import re
import time
import uuid

from aiohttp import web

from devstack.clickhouse.engine import EngineError, Session
from devstack.clickhouse.native import POOL, result_blocks
from devstack.clickhouse.wire import BLOCK_INFO, header_block

RESERVED = {
    "query",
    "database",
    "default_format",
    "query_id",
    "user",
    "password",
    "session_id",
    "session_timeout",
    "session_check",
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
    "close_session",
}
STREAM_SAFE = {
    "Native",
    "TabSeparated",
    "TSV",
    "TabSeparatedRaw",
    "TSVRaw",
    "CSV",
    "RowBinary",
    "JSONEachRow",
    "JSONCompactEachRow",
    "LineAsString",
    "Values",
}
TYPES = {
    "JSON": "application/json; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
    "Parquet": "application/octet-stream",
    "Arrow": "application/octet-stream",
    "ArrowStream": "application/octet-stream",
}
STATUS = {
    60: 404,
    81: 404,
    47: 404,
    46: 404,
    62: 400,
    36: 400,
    27: 400,
    6: 400,
    115: 404,
    516: 403,
    497: 403,
    164: 500,
    159: 408,
    241: 507,
    456: 400,
    457: 400,
    53: 400,
    43: 400,
}
BODY_INSERT = re.compile(
    rb"^((?:\s|--[^\n]*\n|/\*.*?\*/)*INSERT\b.*?\bFORMAT\s+(\w+))[ \t\f]*\r?\n?", re.I | re.S
)


def credentials(request):
    h, q = request.headers, request.query
    if "X-ClickHouse-User" in h:
        return h["X-ClickHouse-User"], h.get("X-ClickHouse-Key", "")
    if h.get("Authorization", "").startswith("Basic "):
        user, _, password = base64.b64decode(h["Authorization"][6:]).decode().partition(":")
        return user, password
    return q.get("user", "default"), q.get("password", "")


class Http:
    def __init__(self, engine):
        self.engine, self.sessions = engine, {}

    async def call(self, fn, *args):
        return await asyncio.get_running_loop().run_in_executor(POOL, fn, *args)

    async def handle(self, request):
        query_id = request.query.get("query_id") or str(uuid.uuid4())
        headers = {
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Server-Display-Name": "chdb",
            "X-ClickHouse-Timezone": self.engine.timezone,
        }
        try:
            return await self.run(request, headers)
        except EngineError as e:
            message = f"Code: {e.code}. {e.message}"
            message = (
                re.sub(r" \(version [^)]*\)$", "", message)
                + f" (version {'.'.join(map(str, self.engine.version))})\n"
            )
            headers["X-ClickHouse-Exception-Code"] = str(e.code)
            return web.Response(status=STATUS.get(e.code, 500), text=message, headers=headers)

    async def run(self, request, headers):
        q = request.query
        body = await request.read() if request.can_read_body else b""
        if request.headers.get("Content-Encoding") == "lz4":
            import lz4.frame

            body = lz4.frame.decompress(body)
        sql = q.get("query", "")
        if request.content_type == "multipart/form-data":
            raise EngineError(48, "DB::Exception: external data is not supported. (NOT_IMPLEMENTED)")
        if not sql and not body:
            return web.Response(text="Ok.\n", headers=headers)
        options = dict(self.engine.authenticate(*credentials(request)))
        if request.method == "GET":
            options.setdefault("readonly", 2)
        database = q.get("database") or request.headers.get("X-ClickHouse-Database", "")
        settings = {k: v for k, v in q.items() if k not in RESERVED and not k.startswith("param_")}
        params = {k[6:]: v for k, v in q.items() if k.startswith("param_")}
        unknown = next((k for k in settings if k not in self.engine.settings), None)
        if unknown:
            raise EngineError(115, f"DB::Exception: Unknown setting '{unknown}'. (UNKNOWN_SETTING)")
        sid = q.get("session_id")
        entry = self.sessions.get(sid) if sid else None
        if entry is None:
            entry = [await self.call(self.engine.session, options, database), asyncio.Lock(), 0]
            if sid:
                self.sessions[sid] = entry
        elif database:
            await self.call(entry[0].query, f"USE `{database}`")
        if entry[1].locked():
            raise EngineError(
                373, f"DB::Exception: Session {sid} is locked by a concurrent client. (SESSION_IS_LOCKED)"
            )
        try:
            async with entry[1]:
                await self.call(entry[0].apply, settings)
                return await self.execute(request, entry[0], sql, body, params, headers)
        finally:
            if sid:
                entry[2] = time.monotonic() + float(q.get("session_timeout", 60))
            else:
                await self.call(entry[0].close)

    async def execute(self, request, s: Session, sql, body, params, headers):
        data = None
        if sql:
            kind, text, fmt = await self.call(s.classify, sql)
            if kind == "insert":
                data = body
            else:
                sql = sql + ("\n" + body.decode() if body else "")
                if body:
                    kind, text, fmt = await self.call(s.classify, sql)
        else:
            m = BODY_INSERT.match(body[: 1 << 18])
            if m:
                kind, text, fmt = await self.call(s.classify, m[1].decode())
                data = body[m.end() :]
            if not m or kind != "insert":
                sql, data = body.decode(), None
                kind, text, fmt = await self.call(s.classify, sql)
        if kind == "insert":
            if data is None:
                data = b""
            with s.spool() as file:
                await self.call(file.write, data)
                res = await self.call(s.insert_file, text, file, fmt)
            return web.Response(
                headers=self.summary(
                    headers, written=(res.rows_written(), res.bytes_written()), elapsed=res.elapsed()
                )
            )
        fmt = (
            fmt
            or request.headers.get("X-ClickHouse-Format")
            or request.query.get("default_format")
            or "TabSeparated"
        )
        headers["X-ClickHouse-Format"] = fmt
        headers["Content-Type"] = TYPES.get(
            fmt, TYPES["JSON"] if fmt.startswith("JSON") else "text/plain; charset=UTF-8"
        )
        revision = int(request.query.get("client_protocol_version", 0))
        if kind == "select" and fmt in STREAM_SAFE:
            return await self.stream(request, s, text, params, fmt, revision, headers)
        res = await self.call(s.query, text, fmt, params)
        out = res.bytes()
        if fmt == "Native" and revision and out:
            out = await self.native(out, None, revision)
        self.summary(
            headers,
            res.storage_rows_read(),
            res.bytes_read(),
            (res.rows_written(), res.bytes_written()),
            res.rows_read(),
            res.elapsed(),
        )
        return web.Response(body=out, headers=headers)

    async def native(self, data, columns, revision):
        info = BLOCK_INFO if revision >= 51903 else b""
        return b"".join(info + b for _, b in await result_blocks(data, columns, revision >= 54454))

    async def stream(self, request, s, sql, params, fmt, revision, headers):
        response, loop = None, asyncio.get_running_loop()
        columns = await self.call(s.header, sql, params) if fmt == "Native" and revision else None
        stream = await self.call(s.stream, sql, fmt, params)
        try:
            chunk = await self.call(s.fetch, stream)  # first chunk decides between an error status and 200
            self.summary(headers, *((chunk.storage_rows_read(), chunk.bytes_read()) if chunk else (0, 0)))
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            if chunk is None and columns:
                await response.write(
                    (BLOCK_INFO if revision >= 51903 else b"") + header_block(columns, revision >= 54454)
                )
            while chunk is not None:
                data = chunk.bytes()
                if fmt == "Native" and revision:
                    data = await self.native(data, columns, revision)
                await response.write(data)
                chunk = await self.call(s.fetch, stream)
            await response.write_eof()
        except EngineError as e:
            if response is None:
                raise
            await response.write(f"\nCode: {e.code}. {e.message}\n".encode())
            request.transport.close()  # broken chunked stream, as ClickHouse does
        except (asyncio.CancelledError, ConnectionError):
            await asyncio.shield(loop.run_in_executor(POOL, s.kill))
            raise
        finally:
            await asyncio.shield(loop.run_in_executor(POOL, stream.close))
        return response

    @staticmethod
    def summary(headers, rows=0, nbytes=0, written=(0, 0), result=0, elapsed=0.0):
        headers["X-ClickHouse-Summary"] = json.dumps(
            {
                k: str(v)
                for k, v in dict(
                    read_rows=rows,
                    read_bytes=nbytes,
                    written_rows=written[0],
                    written_bytes=written[1],
                    total_rows_to_read=0,
                    result_rows=result or written[0],
                    result_bytes=written[1],
                    elapsed_ns=int(elapsed * 1e9),
                ).items()
            },
            separators=(",", ":"),
        )
        return headers

    async def reap(self, app):
        async def loop():
            while True:
                await asyncio.sleep(5)
                for sid, (s, lock, expires) in list(self.sessions.items()):
                    if not lock.locked() and expires and expires < time.monotonic():
                        del self.sessions[sid]
                        await self.call(s.close)

        task = asyncio.create_task(loop())
        yield
        task.cancel()
        for s, *_ in self.sessions.values():
            s.close()


async def serve_http(engine, host="127.0.0.1", port=8123):
    h, app = Http(engine), web.Application(client_max_size=1 << 30)
    app.cleanup_ctx.append(h.reap)
    app.router.add_get("/ping", lambda r: web.Response(text="Ok.\n"))
    app.router.add_route("*", "/", h.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner

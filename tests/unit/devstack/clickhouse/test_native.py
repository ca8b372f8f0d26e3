"""The native protocol byte for byte: a recorded conversation, replayed on an engine of canned answers."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from devstack.clickhouse.errors import QueryError
from devstack.clickhouse.native import NativeConnection
from devstack.clickhouse.statement import Kind, Statement
from devstack.clickhouse.wire import string, varint

GOLDEN = Path(__file__).parents[1] / "golden" / "native.txt"
PATIENCE_S = 5


@dataclass(frozen=True)
class Answer:
    """What the engine says to one statement: a plain block and its counters."""

    block: bytes = b""
    rows: int = 0
    read: tuple[int, int] = (0, 0)
    written: tuple[int, int] = (0, 0)

    def bytes(self):
        return self.block

    def rows_read(self):
        return self.rows

    def storage_rows_read(self):
        return self.read[0]

    def bytes_read(self):
        return self.read[1]

    def rows_written(self):
        return self.written[0]

    def bytes_written(self):
        return self.written[1]


ONE = bytes.fromhex("0201") + b"\x03one\x05UInt8\x01" + b"\x05epoch\x08DateTime" + bytes(4)
TABLE = b"\x02\x03\x01a\x05UInt8\x07\x08\x09\x01b\x16LowCardinality(String)" + bytes.fromhex(
    "01000000000000000006000000000000030000000000000000017801790300000000000000010201"
)
SENT = b"\x02\x03\x01a\x05UInt8\x07\x08\x09\x01b\x16LowCardinality(String)" + bytes.fromhex(
    "01000000000000000006000000000000020000000000000001780179030000000000000000" + "0100"
)
RESULTS = {
    "SELECT toUInt8(1) AS one, toDateTime(0, 'UTC') AS epoch": Answer(ONE, 1, (1, 42)),
    "SELECT a, b FROM golden.t": Answer(TABLE, 3, (3, 40)),
    "EXISTS TABLE golden.t": Answer(b"\x01\x01\x06result\x05UInt8\x01", 1),
    "INSERT INTO golden.t": Answer(written=(3, 32)),
}
COLUMNS = {
    "SELECT toUInt8(1) AS one, toDateTime(0, 'UTC') AS epoch": [
        ("one", "UInt8"),
        ("epoch", "DateTime('UTC')"),
    ],
    "SELECT number FROM system.numbers WHERE number < 0 LIMIT 0": [("number", "UInt64")],
    "SELECT a, b FROM golden.t": [("a", "UInt8"), ("b", "LowCardinality(String)")],
}
NO_SUCH_NAME = QueryError(
    47,
    "DB::Exception: Unknown expression identifier `nope`. In scope SELECT nope FROM golden.t. "
    "(UNKNOWN_IDENTIFIER)",
)


class CannedStream:
    def __init__(self, answers):
        self.answers = answers

    def close(self):
        self.answers = []


class CannedEngine:
    """An engine, and its one session, that knows the statements of the recording by heart."""

    version = "26.9.2.1"
    timezone = "UTC"
    settings = frozenset({"max_threads"})

    def __init__(self):
        self.engine = self
        self.inserted = []
        self.closed = False

    def log_in(self, user, password):
        assert (user, password) == ("default", "")
        return {}

    def open_session(self, options, database):
        assert (options, database) == ({}, "")
        return self

    def check_settings(self, names):
        assert not names

    def apply(self, settings):
        assert not settings

    def read(self, sql):
        if sql.startswith("INSERT"):
            return Statement(Kind.INSERT, sql.removesuffix(" VALUES"), "Values")
        return Statement(Kind.QUERY if sql.startswith("SELECT") else Kind.OTHER, sql)

    def columns_of(self, sql, parameters):
        assert parameters == {}
        if sql not in COLUMNS:
            raise NO_SUCH_NAME
        return COLUMNS[sql]

    def columns_of_nothing(self, sql, parameters):
        return []

    def columns_to_insert(self, head):
        return COLUMNS["SELECT a, b FROM golden.t"]

    def open_stream(self, sql, parameters):
        return CannedStream([RESULTS[sql]] if sql in RESULTS else [])

    def fetch(self, stream):
        return stream.answers.pop() if stream.answers else None

    def run(self, sql, output, parameters):
        return RESULTS.get(sql, Answer())

    def spool(self):
        return io.BytesIO()

    def insert_file(self, head, file):
        self.inserted.append(file.getvalue())
        return RESULTS[head]

    def kill(self):
        pass

    def close(self):
        self.closed = True


class Writer:
    """Collects what the server sends."""

    def __init__(self):
        self.sent = bytearray()
        self.grown = asyncio.Event()

    def write(self, chunk):
        self.sent += chunk
        self.grown.set()

    async def drain(self):
        pass

    def close(self):
        self.grown.set()

    async def next(self, count):
        """Take the next bytes, as soon as there are so many."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.sent) < count:
                self.grown.clear()
                await self.grown.wait()
        taken = bytes(self.sent)
        self.sent.clear()
        return taken


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


async def converse(pool, engine, lines):
    """Send the client's lines of a recording and hold the server's against what comes back."""
    reader, writer = asyncio.StreamReader(), Writer()
    serving = asyncio.ensure_future(NativeConnection(engine, pool, reader, writer).serve())
    for who, recorded in lines:
        if who == "C":
            reader.feed_data(recorded)
        else:
            assert await writer.next(len(recorded)) == recorded
    reader.feed_eof()
    await serving


def recording():
    spoken = [line.split(" ", 1) for line in GOLDEN.read_text().splitlines() if not line.startswith("==")]
    return [(who, bytes.fromhex(spoken_bytes)) for who, spoken_bytes in spoken]


async def test_the_server_says_what_was_recorded_byte_for_byte(pool):
    engine = CannedEngine()
    await converse(pool, engine, recording())
    assert engine.inserted == [SENT]
    assert engine.closed


async def test_a_client_may_be_cut_into_single_bytes(pool):
    """A packet may arrive in any pieces; the recording is replayed one byte at a time."""
    engine = CannedEngine()
    pieces = []
    for who, spoken in recording():
        pieces += [(who, bytes([byte])) for byte in spoken] if who == "C" else [(who, spoken)]
    await converse(pool, engine, pieces)
    assert engine.inserted == [SENT]


async def test_a_client_of_another_protocol_is_hung_up_on(pool):
    writer = Writer()
    reader = asyncio.StreamReader()
    reader.feed_data(b"GET / HTTP/1.1\r\n\r\n")
    await NativeConnection(CannedEngine(), pool, reader, writer).serve()
    assert writer.sent == b""


async def test_an_old_client_is_told_that_it_is_too_old(pool):
    writer = Writer()
    reader = asyncio.StreamReader()
    reader.feed_data(varint(0) + string("old") + varint(1) + varint(1) + varint(54_058) + string("") * 3)
    await NativeConnection(CannedEngine(), pool, reader, writer).serve()
    assert b"Clients below revision 54459" in writer.sent

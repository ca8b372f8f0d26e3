"""The packets of ClickHouse's native protocol, at the one revision that is spoken here.

The revision is the lowest with query parameters. It is announced in the first packet and clients
come down to it, so neither side ever sends what a later one added.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from devstack.clickhouse.blocks import header_block
from devstack.clickhouse.errors import Code, QueryError
from devstack.clickhouse.sql import unquote_parameter
from devstack.clickhouse.wire import Reader, string, varint

REVISION = 54459
DISPLAY_NAME = "development engine (not a ClickHouse server)"

_TCP = 1
_HTTP = 2
_IMPORTANT = 1


class FromClient(IntEnum):
    """What a client sends."""

    HELLO = 0
    QUERY = 1
    DATA = 2
    CANCEL = 3
    PING = 4


class FromServer(IntEnum):
    """What this server sends."""

    HELLO = 0
    DATA = 1
    EXCEPTION = 2
    PROGRESS = 3
    PONG = 4
    END_OF_STREAM = 5
    PROFILE = 6
    PROFILE_EVENTS = 14


@dataclass(frozen=True)
class Login:
    """Who connects, and to which database."""

    database: str
    user: str
    password: str


@dataclass(frozen=True)
class Query:
    """A statement with what belongs to it; its data come in packets of their own."""

    sql: str
    settings: Mapping[str, str]
    important: frozenset[str]
    parameters: Mapping[str, str]
    compressed: bool


async def read_login(reader: Reader) -> Login:
    """Read a client's first packet; EOFError when it is no client of this protocol."""
    if await reader.varint() != FromClient.HELLO:
        raise EOFError
    await reader.string()  # name of the client
    await reader.varint()  # its version
    await reader.varint()
    revision = await reader.varint()
    login = Login(await reader.string(), await reader.string(), await reader.string())
    if revision < REVISION:
        sentence = f"Clients below revision {REVISION} of the protocol are not supported"
        raise QueryError.of(Code.NOT_IMPLEMENTED, sentence)
    return login


async def read_query(reader: Reader) -> Query:
    """Read the body of a QUERY packet."""
    await reader.string()  # query id: the engine gives out its own
    if await reader.byte():
        await _skip_client_info(reader)
    settings, important = await _read_settings(reader)
    await reader.string()  # secret between servers
    await reader.varint()  # stage
    compressed = bool(await reader.varint())
    sql = await reader.string()
    parameters, _ = await _read_settings(reader)
    unquoted = {name: unquote_parameter(value) for name, value in parameters.items()}
    return Query(sql, settings, important, unquoted, compressed)


async def _skip_client_info(reader: Reader) -> None:
    for _ in range(3):  # initial user, query id, address
        await reader.string()
    await reader.skip(8)  # initial time
    interface = await reader.byte()
    if interface == _TCP:
        for _ in range(3):  # user of the system, host, name of the client
            await reader.string()
        for _ in range(3):  # version, revision
            await reader.varint()
    elif interface == _HTTP:
        await reader.skip(1)
        await reader.string()
    await reader.string()  # quota
    await reader.varint()  # depth of distribution
    if interface == _TCP:
        await reader.varint()  # patch
    if await reader.byte():  # tracing
        await reader.skip(24)
        await reader.string()
        await reader.skip(1)
    for _ in range(3):  # parallel replicas
        await reader.varint()


async def _read_settings(reader: Reader) -> tuple[dict[str, str], frozenset[str]]:
    settings, important = {}, set()
    while name := await reader.string():
        if await reader.varint() & _IMPORTANT:
            important.add(name)
        settings[name] = await reader.string()
    return settings, frozenset(important)


def hello(version: str, timezone: str) -> bytes:
    """The answer to a login."""
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    return (
        varint(FromServer.HELLO)
        + string("ClickHouse")
        + b"".join(varint(number) for number in (major, minor, REVISION))
        + string(timezone)
        + string(DISPLAY_NAME)
        + varint(patch)
    )


def exception(error: QueryError) -> bytes:
    """The end of a statement that failed."""
    message = re.sub(r" \(version [^)]*\)$", "", error.message)
    return (
        varint(FromServer.EXCEPTION)
        + struct.pack("<i", error.code)
        + string("DB::Exception")
        + string(message)
        + string("")  # stack
        + b"\x00"  # nothing nested
    )


def data(block: bytes, kind: FromServer = FromServer.DATA) -> bytes:
    """A block, compressed or not, of no table."""
    return varint(kind) + string("") + block


def progress(*, rows: int = 0, size: int = 0, written_rows: int = 0, written_size: int = 0) -> bytes:
    """What was read and written since the last packet of this kind."""
    numbers = (rows, size, rows, written_rows, written_size)
    return varint(FromServer.PROGRESS) + b"".join(varint(number) for number in numbers)


def profile(*, rows: int, blocks: int, size: int) -> bytes:
    """What a result amounted to; limits are not told."""
    numbers = (rows, blocks, size)
    return varint(FromServer.PROFILE) + b"".join(varint(number) for number in numbers) + b"\x00" * 3


def no_profile_events() -> bytes:
    """What follows each block of an INSERT: counters, of which there are none here."""
    columns = [
        ("host_name", "String"),
        ("current_time", "DateTime"),
        ("thread_id", "UInt64"),
        ("type", "Enum8('increment' = 1, 'gauge' = 2)"),
        ("name", "String"),
        ("value", "Int64"),
    ]
    return data(header_block(columns), FromServer.PROFILE_EVENTS)


PONG = varint(FromServer.PONG)
END_OF_STREAM = varint(FromServer.END_OF_STREAM)

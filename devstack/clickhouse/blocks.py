"""Blocks of columns: between how the engine writes them and how the protocol carries them.

The engine writes plain blocks. On the wire a byte per column is added (whether its serialization is
a custom one: never), and the engine's DateTime columns get their time zone back, which plain blocks
lose.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from devstack.clickhouse.errors import Code, QueryError
from devstack.clickhouse.shapes import shape_of, skip_column
from devstack.clickhouse.wire import Reader, string, varint

Columns = Sequence[tuple[str, str]]  # names and types

BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"
EMPTY_BLOCK = BLOCK_INFO + b"\x00\x00"

_ORDINARY = b"\x00"


@dataclass(frozen=True)
class Block:
    """A block that a client sent; `plain` is what the engine reads."""

    columns: Columns
    rows: int
    plain: bytes


def header_block(columns: Columns, *, flags: bool = True) -> bytes:
    """Write the block of no rows that announces names and types."""
    flag = _ORDINARY if flags else b""
    described = b"".join(string(name) + string(kind) + flag for name, kind in columns)
    return BLOCK_INFO + varint(len(columns)) + varint(0) + described


async def read_block(reader: Reader) -> Block:
    """Read a block from the wire."""
    while field := await reader.varint():  # BlockInfo
        await reader.skip(1 if field == 1 else 4)
    start, parts, columns = reader.position, [], []
    column_count, rows = await reader.varint(), await reader.varint()
    for _ in range(column_count):
        name, kind = await reader.string(), await reader.string()
        columns.append((name, kind))
        parts.append(reader.since(start))
        if await reader.take(1) != _ORDINARY:
            raise QueryError.of(Code.NOT_IMPLEMENTED, "Custom serialization is not supported")
        start = reader.position
        if rows:
            await skip_column(reader, shape_of(kind), rows)
    parts.append(reader.since(start))
    return Block(columns, rows, b"".join(parts))


async def wire_blocks(
    plain: bytes, columns: Columns | None = None, *, flags: bool = True
) -> list[tuple[Columns, bytes]]:
    """Write the engine's blocks, one or several in a row, as the wire carries them.

    `columns` corrects the types. Clients of the HTTP protocol may want to do without the `flags`, the
    byte per column.
    """
    reader = Reader(start=plain)
    blocks: list[tuple[Columns, bytes]] = []
    while not reader.exhausted:
        start = reader.position
        column_count, rows = await reader.varint(), await reader.varint()
        parts = [BLOCK_INFO, reader.since(start)]
        shown: list[tuple[str, str]] = []
        for index in range(column_count):
            name, kind = await reader.string(), await reader.string()
            shown.append((name, columns[index][1] if columns else kind))
            parts += [string(name), string(shown[-1][1]), _ORDINARY if flags else b""]
            start = reader.position
            if rows:
                await skip_column(reader, shape_of(kind), rows)
            parts.append(reader.since(start))
        blocks.append((shown, b"".join(parts)))
    return blocks

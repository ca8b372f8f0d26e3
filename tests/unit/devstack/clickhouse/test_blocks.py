"""Blocks between the engine's plain form and the wire."""

import pytest

from devstack.clickhouse.blocks import BLOCK_INFO, EMPTY_BLOCK, header_block, read_block, wire_blocks
from devstack.clickhouse.errors import QueryError
from devstack.clickhouse.wire import Reader

PLAIN = b"\x02\x01\x01a\x05UInt8\x07\x01t\x08DateTime\x00\x00\x00\x00"
WIRE = BLOCK_INFO + b"\x02\x01\x01a\x05UInt8\x00\x07\x01t\x08DateTime\x00\x00\x00\x00\x00"


async def test_a_block_from_the_wire_becomes_plain():
    block = await read_block(Reader(start=WIRE))
    assert (block.columns, block.rows, block.plain) == ([("a", "UInt8"), ("t", "DateTime")], 1, PLAIN)


async def test_an_empty_block_has_no_columns():
    block = await read_block(Reader(start=EMPTY_BLOCK))
    assert (block.columns, block.rows) == ([], 0)


async def test_a_custom_serialization_is_refused():
    with pytest.raises(QueryError, match="Custom serialization"):
        await read_block(Reader(start=WIRE.replace(b"UInt8\x00", b"UInt8\x01")))


async def test_plain_blocks_become_blocks_of_the_wire():
    columns = [("a", "UInt8"), ("t", "DateTime")]
    assert await wire_blocks(PLAIN + PLAIN) == [(columns, WIRE)] * 2
    assert await wire_blocks(b"") == []


async def test_a_time_gets_its_zone_back():
    columns = [("a", "UInt8"), ("t", "DateTime('UTC')")]
    [(shown, block)] = await wire_blocks(PLAIN, columns, flags=False)
    assert shown == columns
    assert block == BLOCK_INFO + PLAIN.replace(b"\x08DateTime", b"\x0fDateTime('UTC')")


def test_a_header_has_names_and_types_and_no_rows():
    assert header_block([("a", "UInt8")]) == BLOCK_INFO + b"\x01\x00\x01a\x05UInt8\x00"
    assert header_block([("a", "UInt8")], flags=False) == BLOCK_INFO + b"\x01\x00\x01a\x05UInt8"

"""Where a column ends, for every type that is in use."""

import struct

import pytest

from devstack.clickhouse.errors import QueryError
from devstack.clickhouse.shapes import (
    Array,
    Fixed,
    LowCardinality,
    Nullable,
    Strings,
    Tuple,
    shape_of,
    skip_column,
    split_arguments,
    without_name,
)
from devstack.clickhouse.wire import Reader, string

LC_VERSION = struct.pack("<Q", 1)


def uint64s(*numbers):
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def dictionary(keys, indexes):
    return uint64s(0x600, len(keys)) + b"".join(map(string, keys)) + uint64s(len(indexes)) + bytes(indexes)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("UInt64", Fixed(8)),
        ("DateTime64(3, 'UTC')", Fixed(8)),
        ("Enum8('a, (b' = 1, 'c\\'' = 2)", Fixed(1)),
        ("FixedString(16)", Fixed(16)),
        ("Decimal(18, 4)", Fixed(8)),
        ("Decimal(19, 4)", Fixed(16)),
        ("Nullable(String)", Nullable(Strings())),
        ("Map(UInt16, Int64)", Array(Tuple((Fixed(2), Fixed(8))))),
        ("Tuple(minute UInt16, `odd name(` String)", Tuple((Fixed(2), Strings()))),
        ("Nested(a UInt8, b Array(String))", Array(Tuple((Fixed(1), Array(Strings()))))),
        ("LowCardinality(Nullable(String))", LowCardinality(Strings())),
        ("SimpleAggregateFunction(max, UInt32)", Fixed(4)),
    ],
)
def test_a_type_has_a_shape(name, shape):
    assert shape_of(name) == shape


@pytest.mark.parametrize(
    "name", ["AggregateFunction(sum, UInt64)", "JSON", "Dynamic", "Variant(UInt8, String)"]
)
def test_a_type_that_nobody_uses_is_refused(name):
    with pytest.raises(QueryError, match="not supported") as caught:
        shape_of(name)
    assert caught.value.code == 48


@pytest.mark.parametrize(
    ("name", "rows", "values"),
    [
        ("UInt16", 3, bytes(6)),
        ("String", 2, string("") + string("x" * 200)),
        ("Nullable(UInt32)", 2, b"\x01\x00" + bytes(8)),
        ("Array(String)", 2, uint64s(1, 3) + string("a") * 3),
        ("Array(Array(UInt8))", 2, uint64s(0, 2) + uint64s(1, 3) + bytes(3)),
        ("Array(UInt8)", 2, uint64s(0, 0)),
        ("Map(UInt16, Int64)", 1, uint64s(2) + bytes(4) + bytes(16)),
        ("Tuple(UInt8, String)", 2, bytes(2) + string("a") * 2),
        ("LowCardinality(String)", 4, LC_VERSION + dictionary(["", "tv"], [0, 1, 1, 0])),
        ("Array(LowCardinality(String))", 1, LC_VERSION + uint64s(2) + dictionary(["", "tv"], [1, 1])),
        ("Array(LowCardinality(String))", 1, LC_VERSION + uint64s(0)),
    ],
)
async def test_a_column_ends_where_its_values_end(name, rows, values):
    reader = Reader(start=values + b"next")
    await skip_column(reader, shape_of(name), rows)
    assert reader.since(0) == values


def test_arguments_are_split_at_outer_commas():
    assert split_arguments("'a,(' = 1, Map(A, B), `c,`") == ["'a,(' = 1", "Map(A, B)", "`c,`"]
    assert split_arguments("") == []


def test_an_element_may_have_a_name():
    assert without_name("UInt8") == "UInt8"
    assert without_name("minute UInt8") == "UInt8"
    assert without_name("`odd (name` Array(UInt8)") == "Array(UInt8)"
    assert without_name("Map(A, B)") == "Map(A, B)"

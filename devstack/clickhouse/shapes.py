"""What the values of a ClickHouse type look like in a block: enough to find where a column ends."""

from dataclasses import dataclass
from functools import lru_cache

from devstack.clickhouse.errors import Code, QueryError
from devstack.clickhouse.wire import Reader


@dataclass(frozen=True)
class Fixed:
    """Values of so many bytes each."""

    width: int


@dataclass(frozen=True)
class Strings:
    """Values behind their length."""


@dataclass(frozen=True)
class Nullable:
    """A byte for each value, then the values."""

    of: "Shape"


@dataclass(frozen=True)
class Array:
    """Where each array ends, then the elements of all."""

    of: "Shape"


@dataclass(frozen=True)
class Tuple:
    """One column after the other."""

    of: tuple["Shape", ...]


@dataclass(frozen=True)
class LowCardinality:
    """A dictionary, then an index into it for each value."""

    of: "Shape"


Shape = Fixed | Strings | Nullable | Array | Tuple | LowCardinality

_WIDTHS = {
    **{f"{sign}Int{bits}": bits // 8 for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)},
    **{"Bool": 1, "Enum8": 1, "Enum16": 2, "Nothing": 1, "UUID": 16, "IPv4": 4, "IPv6": 16},
    **{"Date": 2, "Date32": 4, "DateTime": 4, "DateTime64": 8, "Float32": 4, "Float64": 8},
}
_DECIMAL_WIDTHS = ((9, 4), (18, 8), (38, 16), (76, 32))  # digits at most, bytes


@lru_cache(4096)
def shape_of(type_name: str) -> Shape:
    """Return the shape of a type, or raise QueryError for the types that nobody here uses."""
    base, _, rest = type_name.partition("(")
    arguments = split_arguments(rest[:-1])
    width = _width_of(base, arguments)
    return _nested_shape_of(base, arguments) if width is None else Fixed(width)


def _width_of(base: str, arguments: list[str]) -> int | None:
    match base:
        case "FixedString":
            return int(arguments[0])
        case "Decimal":
            digits = int(arguments[0])
            return next(width for most, width in _DECIMAL_WIDTHS if digits <= most)
    return _WIDTHS.get(base)


def _nested_shape_of(base: str, arguments: list[str]) -> Shape:
    shape: Shape
    match base:
        case "String":
            shape = Strings()
        case "Nullable":
            shape = Nullable(shape_of(arguments[0]))
        case "Array":
            shape = Array(shape_of(arguments[0]))
        case "Map":
            shape = Array(Tuple(tuple(shape_of(argument) for argument in arguments)))
        case "Tuple":
            shape = _tuple_of(arguments)
        case "Nested":
            shape = Array(_tuple_of(arguments))
        case "LowCardinality":  # the dictionary holds null as an entry, not as a byte for each
            inner = shape_of(arguments[0])
            shape = LowCardinality(inner.of if isinstance(inner, Nullable) else inner)
        case "SimpleAggregateFunction":
            shape = shape_of(arguments[1])
        case _:
            sentence = f"Type {base} is not supported by the development server"
            raise QueryError.of(Code.NOT_IMPLEMENTED, sentence)
    return shape


def _tuple_of(elements: list[str]) -> Tuple:
    return Tuple(tuple(shape_of(without_name(element)) for element in elements))


def split_arguments(text: str) -> list[str]:
    """Split `a, b(c, 'd,e')` at its outer commas."""
    arguments, depth, quote, start, position = [], 0, "", 0, 0
    while position < len(text):
        char = text[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "'`\"":
            quote = char
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "," and not depth:
            arguments.append(text[start:position].strip())
            start = position + 1
        position += 1
    arguments.append(text[start:].strip())
    return [argument for argument in arguments if argument]


def without_name(element: str) -> str:
    """Return the type of a tuple's element, which may have a name: `minute UInt16`."""
    quoted = False
    for position, char in enumerate(element):
        if char == "`":
            quoted = not quoted
        elif not quoted and char == "(":
            break
        elif not quoted and char == " ":
            return element[position + 1 :]
    return element


async def skip_column(reader: Reader, shape: Shape, rows: int) -> None:
    """Read over the values of a column of `rows` rows, at least one."""
    await _skip_prefix(reader, shape)
    await _skip_values(reader, shape, rows)


async def _skip_prefix(reader: Reader, shape: Shape) -> None:
    match shape:
        case LowCardinality():
            await reader.skip(8)  # the version of the encoding
        case Nullable(of) | Array(of):
            await _skip_prefix(reader, of)
        case Tuple(elements):
            for element in elements:
                await _skip_prefix(reader, element)
        case _:
            pass


async def _skip_values(reader: Reader, shape: Shape, rows: int) -> None:
    if not rows:
        return
    match shape:
        case Fixed(width):
            await reader.skip(width * rows)
        case Strings():
            await reader.skip_strings(rows)
        case Nullable(of):
            await reader.skip(rows)
            await _skip_values(reader, of, rows)
        case Array(of):
            await reader.skip(8 * (rows - 1))
            await _skip_values(reader, of, await reader.uint64())
        case Tuple(elements):
            for element in elements:
                await _skip_values(reader, element, rows)
        case LowCardinality(of):
            flags = await reader.uint64()
            await _skip_values(reader, of, await reader.uint64())
            index_width = 1 << (flags & 0xFF)
            await reader.skip(index_width * await reader.uint64())

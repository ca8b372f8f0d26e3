"""Numbers, texts and ids as bytes, one after the other, and back. Pure.

A number takes as many bytes as it needs, seven bits in each (LEB128), its sign in the lowest bit. An id
that is a UUID or 32 hexadecimal digits, in lower case, takes 17 bytes; any other one is a text.
"""

from typing import Final, final

from librt.strings import BytesWriter, read_i64_be, write_i64_be
from mypy_extensions import i64, mypyc_attr, u8

from streams.ids import are_digits, digits, parse_uuid, spell, uuid

_TEXT: Final = 0
_UUID: Final = 1
_HEX: Final = 2
_HEX_CHARS: Final = 32
_MORE: Final = 128
_MOST_BITS: Final = 63


@final
@mypyc_attr(acyclic=True)
class Source:
    """Bytes that are read from the front. Reading past their end raises IndexError."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at: i64 = 0


def write_number(out: BytesWriter, number: i64) -> None:
    """Write a number of at most 62 bits and a sign."""
    left = (number << 1) ^ (number >> _MOST_BITS)
    while left >= _MORE:
        out.append(u8(left & (_MORE - 1) | _MORE))
        left >>= 7
    out.append(u8(left))


def read_number(source: Source) -> i64:
    """Read what `write_number` wrote."""
    data, at = source.data, source.at
    found: i64 = 0
    shift: i64 = 0
    byte: i64 = _MORE
    while byte >= _MORE and shift <= _MOST_BITS:
        byte = data[at]
        at += 1
        found |= (byte & (_MORE - 1)) << shift
        shift += 7
    source.at = at
    return (found >> 1) ^ -(found & 1)


def write_bytes(out: BytesWriter, value: bytes) -> None:
    """Write bytes with their length."""
    write_number(out, len(value))
    out.write(value)


def read_bytes(source: Source) -> bytes:
    """Read what `write_bytes` wrote."""
    size = read_number(source)
    begin, end = source.at, source.at + size
    if size < 0 or end > len(source.data):
        raise IndexError("it ends too early")
    source.at = end
    return source.data[begin:end]


def write_text(out: BytesWriter, text: str) -> None:
    """Write a text."""
    write_bytes(out, text.encode())


def read_text(source: Source) -> str:
    """Read what `write_text` wrote."""
    return read_bytes(source).decode()


def write_half(out: BytesWriter, half: i64) -> None:
    """Write 64 bits."""
    write_i64_be(out, half)


def read_half(source: Source) -> i64:
    """Read what `write_half` wrote."""
    at = source.at
    source.at = at + 8
    return read_i64_be(source.data, at)


def write_id(out: BytesWriter, text: str) -> None:
    """Write an id."""
    data = text.encode()
    is_uuid, first, last = parse_uuid(data)
    if is_uuid:
        write_uuid(out, first, last)
    elif len(data) == _HEX_CHARS and are_digits(data, 0, _HEX_CHARS):
        out.append(u8(_HEX))
        write_i64_be(out, digits(data, 0, 16))
        write_i64_be(out, digits(data, 16, _HEX_CHARS))
    else:
        out.append(u8(_TEXT))
        write_bytes(out, data)


def write_uuid(out: BytesWriter, first: i64, last: i64) -> None:
    """Write the id that a UUID of these halves is, as `write_id` does."""
    out.append(u8(_UUID))
    write_i64_be(out, first)
    write_i64_be(out, last)


def next_is_uuid(source: Source) -> bool:
    """Whether the id that follows is a UUID: then `read_uuid` may read it."""
    return i64(source.data[source.at]) == _UUID


def read_uuid(source: Source) -> tuple[i64, i64]:
    """Read the halves of an id that is a UUID."""
    source.at += 1
    return read_half(source), read_half(source)


def read_id(source: Source) -> str:
    """Read what `write_id` wrote. Raises ValueError when it is no id."""
    kind: i64 = source.data[source.at]
    source.at += 1
    if kind == _TEXT:
        return read_text(source)
    first, last = read_half(source), read_half(source)
    if kind == _UUID:
        return uuid(first, last)
    if kind != _HEX:
        raise ValueError(f"no id begins with {kind}")
    out = BytesWriter()
    spell(out, first, 16)
    spell(out, last, 16)
    return out.getvalue().decode("ascii")


def id_bytes(text: str) -> bytes:
    """Return bytes that are found wherever the id was written; other ids may hold them too."""
    out = BytesWriter()
    write_id(out, text)
    return out.getvalue()[1:]

"""Event ids as numbers: they order first events, and take 16 bytes where their text takes 100. Pure.

An event id is a UUID, whose 32 digits are one number of 128 bits: letters in upper or lower case are
the same id. A pair of signed 64-bit halves, shifted so that they sort alike, stands for it.
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, u8

UUID_CHARS: Final = 36
_DASH: Final = 45
_SIGN: Final = -(1 << 63)
_NONE: Final = 255
_LOWER: Final = bytes([b"0123456789abcdef".find(char) & _NONE for char in range(256)])
"""What a hexadecimal digit is worth, by its code; _NONE where there is none."""
_ANY: Final = bytes([b"0123456789abcdef".find(bytes([char]).lower()) & _NONE for char in range(256)])
"""The same, in upper case too."""


def are_digits(data: bytes, begin: i64, end: i64) -> bool:
    """Whether these bytes are hexadecimal digits in lower case."""
    values = _LOWER
    for at in range(begin, end):  # noqa: SIM110 -- a generator would be an object
        if values[data[at]] == _NONE:
            return False
    return True


def digits(data: bytes, begin: i64, end: i64) -> i64:
    """Return the signed 64 bits that 16 hexadecimal digits are: the first of these bytes, and those after it.

    What is no digit is passed over.
    """
    values = _ANY
    found: i64 = values[data[begin]]
    if found >= 8:  # noqa: PLR2004 -- the highest bit is the sign
        found -= 16
    for at in range(begin + 1, end):
        value: i64 = values[data[at]]
        if value != _NONE:
            found = found << 4 | value
    return found


def high(event_id: str) -> i64:
    """Return the first 64 bits of a UUID, less 2^63."""
    return digits(event_id.encode(), 0, 18) ^ _SIGN


def low(event_id: str) -> i64:
    """Return the last 64 bits of a UUID, less 2^63."""
    return digits(event_id.encode(), 19, UUID_CHARS) ^ _SIGN


def as_bytes(event_id: str) -> bytes:
    """Return a UUID as its 16 bytes: they sort as the numbers do."""
    return bytes.fromhex(event_id.replace("-", ""))


def parse_uuid(data: bytes) -> tuple[bool, i64, i64]:
    """Return whether a text in UTF-8 is a UUID in lower case, and its two signed halves, which say it all."""
    values = _LOWER
    first: i64 = 0
    last: i64 = 0
    if len(data) != UUID_CHARS:
        return False, first, last
    for at in range(UUID_CHARS):
        value: i64 = values[data[at]]
        if value == _NONE:
            if data[at] != _DASH or not (at == 8 or at == 13 or at == 18 or at == 23):  # noqa: PLR1714, PLR2004
                return False, first, last
        elif at < 18:  # noqa: PLR2004
            first = value - 16 if at == 0 and value >= 8 else first << 4 | value  # noqa: PLR2004
        else:
            last = value - 16 if at == 19 and value >= 8 else last << 4 | value  # noqa: PLR2004
    return data[8] == data[13] == data[18] == data[23] == _DASH, first, last


def spell(out: BytesWriter, bits: i64, digits: i64) -> None:
    """Write the last hexadecimal digits of a number."""
    shift = 4 * digits - 4
    while shift >= 0:
        value = bits >> shift & 15
        out.append(u8(value + 48 if value < 10 else value + 87))  # noqa: PLR2004
        shift -= 4


def uuid(first: i64, last: i64) -> str:
    """Return the UUID of two halves, unshifted."""
    dash = u8(_DASH)
    out = BytesWriter()
    spell(out, first >> 32, 8)
    out.append(dash)
    spell(out, first >> 16, 4)
    out.append(dash)
    spell(out, first, 4)
    out.append(dash)
    spell(out, last >> 48, 4)
    out.append(dash)
    spell(out, last, 12)
    return out.getvalue().decode("ascii")


def exact(packed: bytes) -> bytes:
    """Return a copy that takes no more memory than it needs: an encoder's result keeps its buffer."""
    return memoryview(packed).tobytes()

"""Cut the lines that are too long to be kept: what they began with, how long they were, their SHA-256. Pure.

No sender of this project sends one: the broker bounds what it stores, and 60 MB of one letter are small
when compressed. What is left is enough to find the sender, and fits where lines go. It is no event of the
contract:

    {"event_type":"cut","schema_version":1,"bytes":20000000,"sha256":"...","began":"..."}
"""

import hashlib
from typing import Final

import msgspec

from schemas.topics import MAX_KEPT_LINE_BYTES

CUT: Final = "cut"
"""The `event_type` of what is left of a line."""
BEGINNING_BYTES: Final = 1024


class CutLine(msgspec.Struct, frozen=True, tag_field="event_type", tag=CUT, kw_only=True):
    """What is left of a line.

    Attributes:
        bytes: how long the line was.
        sha256: of the whole line, in hex.
        began: its first `BEGINNING_BYTES`; what is not UTF-8 as replacement characters.
    """

    schema_version: int
    bytes: int
    sha256: str
    began: str


_READER = msgspec.json.Decoder(CutLine)
_WRITER = msgspec.json.Encoder()


def as_kept(line: bytes) -> bytes:
    """Return a line as quarantine keeps it, whole or cut. The same line gives the same bytes.

    What holds a newline is a message of too many lines (streams/decode.py), and is always cut.
    """
    return line if len(line) <= MAX_KEPT_LINE_BYTES and b"\n" not in line else _cut(line)


def read_cut(line: bytes) -> CutLine | None:
    """Return what is left of a line that was cut, or None when this is none."""
    try:
        return _READER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _cut(line: bytes) -> bytes:
    left = CutLine(
        schema_version=1,
        bytes=len(line),
        sha256=hashlib.sha256(line).hexdigest(),
        began=line[:BEGINNING_BYTES].decode(errors="replace"),
    )
    return _WRITER.encode(left)

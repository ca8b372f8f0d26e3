"""The state of a partition as bytes, and back. Pure.

A packed state is one zstd frame around chunks, each with its length (4 bytes, big-endian): first a `Header`
as msgpack, then who was forgotten, then hot rows, then viewers, a slice at a time, as flat.py has them: a
change there, in binary.py, packed_plays.py, or of a struct of paywall_state.py, is another `STATE_FORMAT`.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
import zstandard
from msgspec import Struct

from runtime.errors import CheckpointError
from schemas.rules import FoldRules
from streams.flat import flat_rows, pack_deleted, pack_viewers, rows_from, unpack_deleted, unpack_viewers
from streams.partition import Partition
from streams.tally import Tally

STATE_FORMAT = 4
ROWS_A_SLICE = 5_000
VIEWERS_A_SLICE = 2_000
DELETED_A_SLICE = 20_000
LENGTH_BYTES = 4
ZSTD_LEVEL = -3
"""Most of a state are ids, which do not compress: a higher level takes more time than it saves room."""


class Header(Struct, array_like=True):
    """What is known before the first row: where in the log the state stands."""

    next_offset: int
    watermark: int
    generation: int
    tally: Tally
    rows: int
    viewers: int
    deleted: int


_ENCODER = msgspec.msgpack.Encoder()
_HEADER = msgspec.msgpack.Decoder(Header)
_SLICE = msgspec.msgpack.Decoder(list[Any])


def encode(partition: Partition) -> Iterator[bytes]:
    """Yield the chunks of a partition's state, each in a few milliseconds, and before each its length.

    Everything must have been counted, and the state must not change before the last chunk.
    """
    rows = list(partition.book.open_rows())
    viewers = partition.viewers
    header = Header(
        partition.next_offset,
        partition.watermark,
        partition.book.generation,
        partition.tally,
        len(rows),
        len(viewers),
        len(partition.deleted),
    )
    yield from _chunk(_ENCODER.encode(header))
    deleted = iter(partition.deleted.items())
    while pairs := list(islice(deleted, DELETED_A_SLICE)):
        yield from _chunk(pack_deleted(pairs))
    for at in range(0, len(rows), ROWS_A_SLICE):
        yield from _chunk(_ENCODER.encode(flat_rows(rows[at : at + ROWS_A_SLICE])))
    items = iter(viewers.items())
    while some := list(islice(items, VIEWERS_A_SLICE)):
        yield from _chunk(pack_viewers(some))


def compress(chunks: list[bytes]) -> bytes:
    """Return the chunks as one packed state. Long work that needs no lock: do it in a thread."""
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_content_size=True)
    stream = compressor.compressobj(size=sum(map(len, chunks)))
    return b"".join([*map(stream.compress, chunks), stream.flush()])


def decode(packed: bytes, rules: FoldRules) -> Partition:
    """Return the partition that a packed state holds.

    Raises CheckpointError when the bytes are no state of this format.
    """
    try:
        first, *chunks = _chunks(zstandard.ZstdDecompressor().decompress(packed))
        header = _HEADER.decode(first)
        partition = Partition(rules)
        partition.next_offset = header.next_offset
        partition.enter_slot(header.watermark)
        partition.tally = header.tally
        rows_at = -(-header.deleted // DELETED_A_SLICE)
        viewers_at = rows_at - (-header.rows // ROWS_A_SLICE)
        for chunk in chunks[:rows_at]:
            partition.deleted.update(unpack_deleted(bytes(chunk)))
        rows = [row for chunk in chunks[rows_at:viewers_at] for row in rows_from(_SLICE.decode(chunk))]
        partition.book.restore(header.generation, rows)
        for chunk in chunks[viewers_at:]:
            unpack_viewers(bytes(chunk), partition)
    except (zstandard.ZstdError, msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
        raise CheckpointError(f"the state is not one of format {STATE_FORMAT}: {error}") from error
    found = (len(rows), len(partition.viewers), len(partition.deleted))
    if found != (header.rows, header.viewers, header.deleted):
        raise CheckpointError("the state holds fewer rows or viewers than its header says")
    return partition


def _chunk(packed: bytes) -> tuple[bytes, bytes]:
    """A chunk and its length before it, which is not put together with it: it is long."""
    return len(packed).to_bytes(LENGTH_BYTES, "big"), packed


def _chunks(raw: bytes) -> Iterator[memoryview]:
    view, at = memoryview(raw), 0
    while at < len(view):
        begin = at + LENGTH_BYTES
        at = begin + int.from_bytes(view[at:begin], "big")
        yield view[begin:at]

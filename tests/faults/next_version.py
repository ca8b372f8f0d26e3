"""A worker of a next version, with another format of the state. Run as `... next_version worker`."""

import msgspec

from cliffhanger.__main__ import main
from streams import checkpoint, sink

NEXT_FORMAT = checkpoint.STATE_FORMAT + 1


class NextHeader(msgspec.Struct, array_like=True):
    """The header with a field that the version before did not have."""

    next_offset: int
    made_by: str
    watermark: int
    generation: int
    tally: checkpoint.Tally
    rows: int
    viewers: int


def migrate():
    """Make this process write and read format 2."""

    def next_header(next_offset, *rest):
        return NextHeader(next_offset, "next", *rest)

    checkpoint.Header = next_header
    checkpoint._HEADER = msgspec.msgpack.Decoder(NextHeader)
    checkpoint.STATE_FORMAT = sink.STATE_FORMAT = NEXT_FORMAT


if __name__ == "__main__":
    migrate()
    main()

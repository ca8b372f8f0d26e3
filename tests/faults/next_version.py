"""A worker of a next version, with another format of the state. Run as `... next_version worker`."""

import msgspec

from cliffhanger.__main__ import main
from streams import checkpoint, sink, takeover

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
    deleted: int


_FORMAT_1, _FORMAT_2 = checkpoint._HEADER, msgspec.msgpack.Decoder(NextHeader)


def migrate():
    """Make this process write and read format 2, and go on from states of format 1."""

    def read_format_1(packed, rules):
        checkpoint._HEADER = _FORMAT_1
        try:
            return checkpoint.decode(packed, rules)
        finally:
            checkpoint._HEADER = _FORMAT_2

    def next_header(next_offset, *rest):
        return NextHeader(next_offset, "next", *rest)

    checkpoint.Header = next_header
    checkpoint._HEADER = _FORMAT_2
    takeover.OLDER_FORMATS[NEXT_FORMAT - 1] = read_format_1
    checkpoint.STATE_FORMAT = sink.STATE_FORMAT = NEXT_FORMAT


if __name__ == "__main__":
    migrate()
    main()

"""Unpack a body: one layer of gzip or zstd, to a limit. Pure.

The limit is the decoder's, not a check afterwards: a bomb costs what the limit costs, whatever it would
have unpacked to.
"""

import zlib

import zstandard

from producers.collector.answers import Refused

GZIP_WINDOW = 16 + zlib.MAX_WBITS
ZSTD_WINDOW = 8 * 1024 * 1024
"""What a zstd frame may ask for: RFC 8878 recommends that decoders support no less."""
BLOCK_HEADER, RLE_BLOCK = 3, 1
PLAIN = ("", "identity")


def unpack(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return the plain body.

    Refuses with 415 an encoding that is none of gzip, zstd and identity, or more than one; with 413 what is
    longer than `max_bytes` unpacked; with 400 what is cut off or not what it says.
    """
    encoding = encoding.strip().lower()
    if encoding in PLAIN:
        plain = body
    elif encoding in ("gzip", "x-gzip"):
        plain = _gunzip(body, max_bytes)
    elif encoding == "zstd":
        plain = _unzstd(body, max_bytes)
    else:
        raise Refused(415, "unsupported_encoding")
    if len(plain) > max_bytes:
        raise Refused(413, "too_large")
    return plain


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    """Unpack one member. What follows it is refused: a million empty members would cost a million passes."""
    decoder = zlib.decompressobj(GZIP_WINDOW)
    try:
        plain = decoder.decompress(body, max_bytes + 1)
    except zlib.error:
        raise Refused(400, "malformed_gzip") from None
    if len(plain) > max_bytes:
        return plain
    if not decoder.eof:
        raise Refused(400, "truncated_gzip")
    if decoder.unused_data:
        raise Refused(400, "malformed_gzip")
    return plain


def _unzstd(body: bytes, max_bytes: int) -> bytes:
    """Unpack one frame."""
    decoder = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    try:
        end = _end_of_frame(body)
        with decoder.stream_reader(body) as reader:
            plain = reader.read(max_bytes + 1)
    except zstandard.ZstdError:
        raise Refused(400, "malformed_zstd") from None
    if len(plain) > max_bytes:
        return plain
    if end > len(body):
        raise Refused(400, "truncated_zstd")
    if end < len(body):
        raise Refused(400, "malformed_zstd")
    return plain


def _end_of_frame(body: bytes) -> int:
    """Where the first frame ends by its own account (RFC 8878, 3.1.1): past the body when it is cut off.

    The decoder does not tell a frame that is cut off from one that is complete.
    """
    checksum = 4 * zstandard.get_frame_parameters(body).has_checksum
    at = zstandard.frame_header_size(body)
    last = False
    while not last:
        if at + BLOCK_HEADER > len(body):
            return len(body) + 1
        header = int.from_bytes(body[at : at + BLOCK_HEADER], "little")
        last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        at += BLOCK_HEADER + (1 if kind == RLE_BLOCK else size)
    return at + checksum

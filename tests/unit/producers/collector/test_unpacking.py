"""One layer, to a limit: whatever a body would unpack to, it costs what the limit costs."""

import gzip
import time
import tracemalloc
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from producers.collector.answers import Refused
from producers.collector.unpacking import unpack

MB = 1024 * 1024
PACK = {"gzip": gzip.compress, "zstd": lambda plain: zstandard.ZstdCompressor().compress(plain)}


def zstd_of_a_stream(plain):
    """A frame as a sender makes it who does not know the length beforehand."""
    packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return packer.compress(plain) + packer.flush()


def refusal(body, encoding, limit=MB):
    with pytest.raises(Refused) as refused:
        unpack(body, encoding, limit)
    return refused.value.status, refused.value.code


@given(plain=st.binary(max_size=2_000), encoding=st.sampled_from(["gzip", "zstd"]))
def test_what_was_packed_comes_back(plain, encoding):
    assert unpack(PACK[encoding](plain), encoding, MB) == plain


@pytest.mark.parametrize("size", [0, 1, 100, 200_000, MB])
def test_a_frame_of_unknown_length_and_many_blocks_comes_back(size):
    plain = bytes(range(251)) * (size // 251 + 1)
    assert unpack(zstd_of_a_stream(plain[:size]), "zstd", MB) == plain[:size]


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_plain_body_is_left_alone(encoding):
    assert unpack(b"plain", encoding, 5) == b"plain"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,zstd", "br", "deflate", "compress", "zip"])
def test_one_known_layer_and_no_other(encoding):
    assert refusal(b"x", encoding) == (415, "unsupported_encoding")


def test_a_layer_that_is_not_announced_is_not_looked_for():
    twice = gzip.compress(gzip.compress(b"{}"))
    assert unpack(twice, "gzip", MB) == gzip.compress(b"{}", mtime=gzip_time(twice))


def gzip_time(twice):
    return int.from_bytes(zlib.decompress(twice, 31)[4:8], "little")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_body_that_is_cut_off_is_told_from_one_that_is_none(encoding, stream):
    plain = b"".join(b"%d" % (number * 7919) for number in range(3_000))
    packed = zstd_of_a_stream(plain) if stream and encoding == "zstd" else PACK[encoding](plain)
    for cut in range(20, len(packed), 97):
        assert refusal(packed[:cut], encoding) == (400, f"truncated_{encoding}")
    assert refusal(packed[:-1], encoding) == (400, f"truncated_{encoding}")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_what_is_not_packed_is_malformed(encoding):
    assert refusal(b'{"event_type":"play_start"}', encoding) == (400, f"malformed_{encoding}")
    packed = bytearray(PACK[encoding](b"x" * 1000 + bytes(range(256))))
    packed[-6 if encoding == "gzip" else 2] ^= 0xFF
    assert refusal(bytes(packed), encoding) == (400, f"malformed_{encoding}")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_nothing_may_follow(encoding):
    packed = PACK[encoding](b"x")
    assert refusal(packed + packed, encoding) == (400, f"malformed_{encoding}")
    assert refusal(packed + b"tail", encoding) == (400, f"malformed_{encoding}")


@pytest.mark.parametrize("encoding", ["gzip", "zstd", ""])
def test_the_limit_is_inside(encoding):
    pack = PACK.get(encoding, bytes)
    assert len(unpack(pack(b"x" * 1000), encoding, 1000)) == 1000
    assert refusal(pack(b"x" * 1001), encoding, 1000) == (413, "too_large")


@given(body=st.binary(max_size=300), encoding=st.sampled_from(["gzip", "zstd"]))
def test_any_bytes_are_unpacked_or_refused(body, encoding):
    magic = {"gzip": b"\x1f\x8b\x08\x00", "zstd": b"\x28\xb5\x2f\xfd"}[encoding]
    for some in (body, magic + body):
        assert status_of(some, encoding) in (200, 400, 413)


def status_of(body, encoding):
    try:
        unpack(body, encoding, 1000)
    except Refused as refused:
        return refused.status
    return 200


@pytest.fixture(scope="module")
def bombs():
    """500 MB of nothing: 486 KB as gzip, 15 KB as zstd."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = bytes(MB)
    gzipped = b"".join(packer.compress(chunk) for _ in range(500)) + packer.flush()
    zstd = zstandard.ZstdCompressor(level=3).compressobj()
    return {
        "gzip": gzipped,
        "zstd": b"".join(zstd.compress(chunk) for _ in range(500)) + zstd.flush(),
    }


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_costs_no_more_than_the_limit(bombs, encoding):
    costs = []
    for _ in range(5):
        began = time.process_time()
        assert refusal(bombs[encoding], encoding) == (413, "too_large")
        costs.append(time.process_time() - began)
    tracemalloc.start()
    refusal(bombs[encoding], encoding)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert min(costs) < 0.020
    assert peak < 5 * MB

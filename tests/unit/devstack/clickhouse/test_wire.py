"""The reader of the wire: values arrive in any pieces, and what is cut off is an error."""

import pytest

from devstack.clickhouse.wire import Reader, string, varint


def source(*chunks):
    left = list(chunks)

    async def read():
        return left.pop(0) if left else b""

    return read


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**63, "80808080808080808001")],
)
async def test_integers_take_seven_bits_a_byte(number, encoded):
    assert varint(number).hex() == encoded
    assert await Reader(start=bytes.fromhex(encoded)).varint() == number


async def test_a_value_is_put_together_from_its_pieces():
    text = "a long string " * 20
    reader = Reader(source(*(bytes([byte]) for byte in string(text))))
    assert await reader.string() == text
    assert reader.exhausted


@pytest.mark.parametrize("cut", [b"", b"\x80", b"\x05abc"])
async def test_what_never_becomes_complete_is_the_end(cut):
    with pytest.raises(EOFError):
        await Reader(source(cut)).string()


@pytest.mark.parametrize("size", [1, 2, 3, 100, 10_000])
async def test_strings_are_skipped_whatever_the_pieces(size):
    encoded = b"".join(string("x" * length) for length in (0, 1, 127, 128, 300, 20_000)) + b"rest"
    pieces = [encoded[start : start + size] for start in range(0, len(encoded), size)]
    reader = Reader(source(*pieces))
    await reader.skip_strings(6)
    assert await reader.take(4) == b"rest"


async def test_what_was_read_can_be_copied_until_it_is_dropped():
    reader = Reader(start=b"abcdef")
    await reader.skip(4)
    assert reader.since(1) == b"bcd"
    reader.drop()
    assert reader.since(0) == b""
    assert await reader.take(2) == b"ef"

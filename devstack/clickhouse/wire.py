"""The alphabet of the native protocol: variable-length integers, strings, a reader that pulls."""

import struct
from collections.abc import Awaitable, Callable

Source = Callable[[], Awaitable[bytes]]

_LOW = 0x7F
_MORE = 0x80


def varint(number: int) -> bytes:
    """Encode a non-negative integer, seven bits a byte, the lowest first."""
    out = bytearray()
    while number > _LOW:
        out.append(number & _LOW | _MORE)
        number >>= 7
    out.append(number)
    return bytes(out)


def string(text: str | bytes) -> bytes:
    """Encode a string behind its length in bytes."""
    raw = text.encode() if isinstance(text, str) else text
    return varint(len(raw)) + raw


class Reader:
    """Reads values from bytes that may not have arrived yet.

    `source` returns what comes next and b"" at the end; a value that never becomes complete is an
    EOFError. What was read stays in the buffer until `drop`, so that a caller can copy a stretch
    that it has walked through.
    """

    def __init__(self, source: Source | None = None, start: bytes = b"") -> None:
        self.buffer = bytearray(start)
        self.position = 0
        self._source = source

    @property
    def exhausted(self) -> bool:
        """Whether everything that has arrived was read."""
        return self.position == len(self.buffer)

    def since(self, position: int) -> bytes:
        """Return the bytes read from `position` on."""
        return bytes(self.buffer[position : self.position])

    def drop(self) -> None:
        """Forget what was read."""
        del self.buffer[: self.position]
        self.position = 0

    async def need(self, count: int) -> None:
        """Wait until `count` bytes can be read."""
        while len(self.buffer) - self.position < count:
            await self._more()

    async def _more(self) -> None:
        chunk = await self._source() if self._source else b""
        if not chunk:
            raise EOFError
        self.buffer += chunk

    async def skip(self, count: int) -> None:
        """Read over `count` bytes."""
        await self.need(count)
        self.position += count

    async def take(self, count: int) -> bytes:
        """Read `count` bytes."""
        await self.skip(count)
        return bytes(self.buffer[self.position - count : self.position])

    async def byte(self) -> int:
        """Read one byte."""
        await self.skip(1)
        return self.buffer[self.position - 1]

    async def uint64(self) -> int:
        """Read eight bytes, the lowest first."""
        number: int = struct.unpack("<Q", await self.take(8))[0]
        return number

    async def varint(self) -> int:
        """Read an integer of variable length."""
        number = shift = 0
        while True:
            byte = await self.byte()
            number |= (byte & _LOW) << shift
            if byte < _MORE:
                return number
            shift += 7

    async def string(self) -> str:
        """Read a string."""
        return (await self.take(await self.varint())).decode("utf-8", "replace")

    async def skip_strings(self, count: int) -> None:
        """Read over `count` strings, as many at a time as have arrived."""
        while count:
            count = self._skip_strings_here(count)
            if count:
                await self._more()

    def _skip_strings_here(self, count: int) -> int:
        """Read over up to `count` whole strings; return how many are left. Inlined for speed."""
        buffer, position, end = self.buffer, self.position, len(self.buffer)
        try:
            while count:
                size, after = buffer[position], position + 1
                if size > _LOW:
                    size, shift = size & _LOW, 7
                    while buffer[after] > _LOW:
                        size |= (buffer[after] & _LOW) << shift
                        shift += 7
                        after += 1
                    size |= buffer[after] << shift
                    after += 1
                if after + size > end:
                    break
                position = after + size
                count -= 1
        except IndexError:
            pass  # the length itself has not arrived yet
        self.position = position
        return count

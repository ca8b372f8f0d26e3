"""Read the body of a request: so much, so long, and no more. It owns IO."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from producers.collector.answers import Refused
from runtime.settings import CollectorSettings


def refuse_declared_length(request: Request, max_bytes: int) -> None:
    """Refuse a body that says itself that it is too long, before a byte of it is read."""
    declared = request.headers.get("content-length")
    if declared is not None and declared.isascii() and declared.isdigit() and int(declared[:20]) > max_bytes:
        raise Refused(413, "too_large")


class Reader:
    """Reads bodies, and bounds what all of them together take in memory while they come in.

    Without the bound thousands of slow senders could each fill memory with almost a whole body.
    """

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings
        self._room = int(settings.buffer_mb * 1024 * 1024)

    async def read(self, request: Request) -> bytes:
        """Return the body as it was sent, still packed.

        Refuses with 413 once more than the limit came, with 408 when it takes longer than the time limit,
        with 400 when the sender hangs up, with 503 while too much is being read.
        """
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(self._settings.read_timeout_s):
                await self._take(request, chunks)
        except TimeoutError:
            raise Refused(408, "read_timeout") from None
        except ClientDisconnect:
            raise Refused(400, "client_gone") from None
        finally:
            self._room += sum(map(len, chunks))
        return b"".join(chunks)

    async def _take(self, request: Request, chunks: list[bytes]) -> None:
        left = self._settings.max_body_bytes
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                raise Refused(413, "too_large")
            if len(chunk) > self._room:
                raise Refused(503, "busy", retry_after_s=self._settings.retry_after_s)
            self._room -= len(chunk)
            chunks.append(chunk)

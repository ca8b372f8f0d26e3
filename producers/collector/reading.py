"""Read the body of a request: so much, so long, and no more. It owns IO."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from producers.collector.answers import Refused


def refuse_declared_length(request: Request, max_bytes: int) -> None:
    """Refuse a body that says itself that it is too long, before a byte of it is read."""
    declared = request.headers.get("content-length")
    if declared is not None and declared.isascii() and declared.isdigit() and int(declared[:20]) > max_bytes:
        raise Refused(413, "too_large")


async def read_body(request: Request, *, max_bytes: int, timeout_s: float) -> bytes:
    """Return the body as it was sent, still packed.

    Refuses with 413 once more than `max_bytes` came, with 408 when it takes longer than the time limit,
    with 400 when the sender hangs up.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _read(request, max_bytes)
    except TimeoutError:
        raise Refused(408, "read_timeout") from None
    except ClientDisconnect:
        raise Refused(400, "client_gone") from None


async def _read(request: Request, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise Refused(413, "too_large")
        chunks.append(chunk)
    return b"".join(chunks)

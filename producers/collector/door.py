"""Who may come in: the checks before the body is read, and those that need it, in the order of their cost."""

from typing import Protocol

from starlette.requests import Request

from producers.collector.admission import Sender
from producers.collector.answers import Refused
from producers.collector.keys import WriteKey


class Keys(Protocol):
    """Where write keys are looked up."""

    def find(self, presented: str) -> WriteKey:
        """Return the key that was presented; raise Refused (401) when there is none or it was revoked."""


class Door:
    """Admits requests, or refuses them."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def enter(self, request: Request) -> WriteKey:
        """Check what a request says before its body: its key."""
        return self._keys.find(presented_key(request))

    def admit(self, request: Request, key: WriteKey, body: bytes) -> Sender:
        """Check what needs the body as it was sent; return as whom the sender speaks."""
        del request, body
        return Sender(key)


def presented_key(request: Request) -> str:
    """Return the write key of a request: `Authorization: Bearer`, else `X-Write-Key`, else `?key=`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    presented = request.headers.get("x-write-key") or request.query_params.get("key")
    if not presented:
        raise Refused(401, "missing_key")
    return presented

"""Who may come in: the checks before the body is read and the one that needs it, cheapest first."""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from typing import Protocol

from starlette.requests import Request

from producers.collector import signatures, tokens
from producers.collector.admission import Sender
from producers.collector.answers import Refused
from producers.collector.keys import WriteKey
from producers.collector.limits import RateLimits
from producers.collector.network import Network, check_origin, client_address
from runtime.clock import Clock

MS = 1000


class Keys(Protocol):
    """Where write keys are looked up."""

    def find(self, presented: str) -> WriteKey:
        """Return the key that was presented; raise Refused (401) when there is none or it was revoked."""

    @property
    def origins(self) -> frozenset[str]:
        """The origins that any key in force allows."""


class Door:
    """Admits requests, or refuses them."""

    def __init__(self, keys: Keys, limits: RateLimits, trusted: Sequence[Network], clock: Clock) -> None:
        self._keys = keys
        self._limits = limits
        self._trusted = trusted
        self._clock = clock
        self._nonces = signatures.NonceCache()

    @property
    def origins(self) -> frozenset[str]:
        """The origins that any key in force allows."""
        return self._keys.origins

    def enter(self, request: Request) -> Sender:
        """Return the sender of a request that may be read.

        Raises Refused: 401 for the key or the session token, 403 for the origin, 429 for the rate.
        """
        headers = request.headers
        key = self._keys.find(presented_key(request))
        check_origin(key, headers.get("origin"))
        forwarded_for = ",".join(headers.getlist("x-forwarded-for"))
        peer = request.client.host if request.client else None
        address = client_address(peer, forwarded_for, self._trusted)
        self._limits.admit(key, address, self._clock.monotonic_s())
        return Sender(key, self._session(request, key), address)

    def check_signature(self, request: Request, sender: Sender, body: bytes) -> None:
        """Return when a request needs no signature or has one, over the body as it was sent."""
        if not sender.key.signs:
            return
        scope = request.scope
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        signatures.verify(
            sender.key,
            request.method,
            target.decode("ascii", "replace"),
            request.headers,
            body,
            now_s=self._clock.now_ms() / MS,
            nonces=self._nonces,
        )

    def _session(self, request: Request, key: WriteKey) -> tokens.Session | None:
        token = request.headers.get("x-session-token") or request.query_params.get("session")
        if token:
            return tokens.verify(token, key, self._clock.now_ms() / MS)
        if key.requires_session:
            raise Refused(401, "missing_session")
        return None


def presented_key(request: Request) -> str:
    """Return the write key of a request, or ''.

    `Authorization: Bearer`, or Basic with the key as the user's name (Segment), or alone (webhooks); else
    `X-Write-Key`; else `?key=`, for what can set no header (`sendBeacon`), or `?api_secret=` (GA4).
    """
    authorization = request.headers.get("authorization", "").strip()
    if authorization:
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "basic":
            return _user_name(credentials)
        return credentials.strip() if scheme.lower() == "bearer" else authorization
    query = request.query_params
    return request.headers.get("x-write-key") or query.get("key") or query.get("api_secret") or ""


def _user_name(credentials: str) -> str:
    try:
        return b64decode(credentials.strip(), validate=True).partition(b":")[0].decode("ascii", "replace")
    except (binascii.Error, ValueError):
        return ""

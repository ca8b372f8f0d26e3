"""Read the session token of a player: who it is and in which session, signed by the platform. Pure.

A token is a JWT signed with HMAC-SHA256, which any backend can make with any library:
`{"sub": viewer_id, "sid": app_session_id, "exp": seconds}`, signed with a secret of the player's write key.
No other algorithm exists here, whatever a header says.
"""

import binascii
import hmac
import re
from base64 import urlsafe_b64decode
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from producers.collector.answers import Refused
from producers.collector.keys import WriteKey
from schemas.fields import MAX_ID_CHARS
from schemas.printable import is_printable

MAX_TOKEN_CHARS: Final = 2048
MAX_LIFE_S: Final = 7 * 86_400
"""A token that is good for longer is refused: what was stolen must end."""

_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")
_Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS)]


class Session(NamedTuple):
    """What a token vouches for. Without `app_session_id` it vouches for the viewer in any session."""

    viewer_id: str
    app_session_id: str | None

    def contradicts(self, viewer_id: str, app_session_id: str) -> bool:
        """Whether an event is another viewer's, or of another session than the one that is vouched for."""
        return viewer_id != self.viewer_id or self.app_session_id not in {None, app_session_id}


class _Header(Struct):
    alg: str
    crit: Any = None


class _Claims(Struct):
    sub: _Id
    exp: Annotated[float, Meta(ge=0)]
    sid: _Id | None = None


_HEADER = msgspec.json.Decoder(_Header)
_CLAIMS = msgspec.json.Decoder(_Claims)


def verify(token: str, key: WriteKey, now_s: float) -> Session:
    """Return the session that a token of this key vouches for.

    Raises:
        Refused: 401 `wrong_token` (not signed with a secret of this key, or no token at all), or
            `expired_token`: get a new one and send the same events again.
    """
    parts = _PARTS.fullmatch(token) if len(token) <= MAX_TOKEN_CHARS else None
    if parts is None:
        raise Refused(401, "wrong_token")
    header, claims, signature = parts.groups()
    try:
        head = _HEADER.decode(_decoded(header))
        presented = _decoded(signature)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, binascii.Error):
        raise Refused(401, "wrong_token") from None
    if head.alg != "HS256" or head.crit is not None or not _is_signed(f"{header}.{claims}", presented, key):
        raise Refused(401, "wrong_token")
    return _session(claims, now_s)


def _session(claims: str, now_s: float) -> Session:
    """What signed claims say. Their author is trusted; their form is not."""
    try:
        said = _CLAIMS.decode(_decoded(claims))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, binascii.Error):
        raise Refused(401, "wrong_token") from None
    if said.exp <= now_s:
        raise Refused(401, "expired_token")
    if said.exp > now_s + MAX_LIFE_S or not is_printable(said.sub + (said.sid or "")):
        raise Refused(401, "wrong_token")
    return Session(said.sub, said.sid)


def _is_signed(text: str, presented: bytes, key: WriteKey) -> bool:
    """Compares with every secret, in constant time, and stops at none."""
    signed = False
    for secret in key.secrets:
        expected = hmac.digest(secret.get_secret_value().encode(), text.encode(), "sha256")
        signed |= hmac.compare_digest(expected, presented)
    return signed


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""What the OpenAPI description says of who may send: write keys, session tokens, signatures. Pure."""

from typing import Any, Final

from producers.collector.signatures import NONCE, SIGNATURE, TIME

SECURITY_SCHEMES: Final[dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The write key."},
    "basic": {"type": "http", "scheme": "basic", "description": "The write key as the user's name."},
    "header": {"type": "apiKey", "in": "header", "name": "X-Write-Key", "description": "The write key."},
    "query": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "The write key, for what can set no header (`sendBeacon`).",
    },
}
SECURITY: Final[list[dict[str, list[str]]]] = [{name: []} for name in SECURITY_SCHEMES]


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name.title(),
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
    }


PARAMETERS: Final[list[dict[str, Any]]] = [
    _header("content-encoding", "One layer.", enum=["identity", "gzip", "zstd"]),
    _header("x-session-token", "A JWT (HS256) that says who the player is; needed where the key says so."),
    _header(SIGNATURE, "Servers sign every request; see docs/security.md.", pattern="^[0-9a-f]{64}$"),
    _header(TIME, "Seconds since the epoch when it was signed.", pattern="^[0-9]{1,12}$"),
    _header(NONCE, "Never twice within ten minutes.", pattern="^[A-Za-z0-9_.~-]{16,64}$"),
]
"""What a request may carry besides its key and body."""

"""What the collector answers: how it went, or why not. One place turns a refusal into HTTP."""

from typing import Any

import msgspec
from pydantic import BaseModel, Field
from starlette.responses import Response

from schemas.reasons import Reason

JSON = "application/json"
TIMEOUT = 408


class Refused(Exception):  # noqa: N818 -- an answer, not a fault
    """A request that is not taken: nothing of it counts as received.

    Attributes:
        status: the HTTP status.
        code: one word for programs, of the closed list `CODES`.
        detail: a sentence for people. It quotes nothing of what was sent.
        retry_after_s: when to come again, for 429 and 503.
    """

    def __init__(self, status: int, code: str, detail: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail or CODES[code]
        self.retry_after_s = retry_after_s

    def response(self) -> Response:
        """The refusal as HTTP."""
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        if self.status == TIMEOUT:
            headers["Connection"] = "close"
        body = msgspec.json.encode({"error": self.code, "detail": self.detail})
        return Response(body, self.status, headers, JSON)


CODES = {
    "missing_key": "Present a write key: Authorization: Bearer, X-Write-Key, or ?key=.",
    "unknown_key": "No such write key.",
    "revoked_key": "This write key was revoked.",
    "wrong_key_kind": "This path is not for write keys of this kind.",
    "wrong_origin": "This write key is not for pages of this origin.",
    "missing_session": "This write key needs a session token: X-Session-Token.",
    "wrong_token": "The session token is not signed with a secret of this write key, or is no token.",
    "expired_token": "The session token has expired. Get another and send the same events again.",
    "missing_signature": "Sign the request: X-Signature, X-Signature-Time and X-Signature-Nonce.",
    "wrong_signature": "The signature is not that of this request under a secret of this write key.",
    "stale_signature": "The request was signed more than five minutes ago, or a clock is wrong.",
    "replayed_nonce": "A request with this nonce was taken. Sign again, with another nonce.",
    "rate_limited": "More than this write key or network may send. Come back later with the same events.",
    "not_found": "There is nothing at this path.",
    "method_not_allowed": "This path does not know that method.",
    "bad_request": "The request is not understood.",
    "client_gone": "The connection ended before the body did.",
    "read_timeout": "The body did not arrive in time.",
    "too_large": "The body is larger than this collector takes.",
    "too_many_events": "The request holds more events than this collector takes at once.",
    "unsupported_media_type": "Send application/json, application/x-ndjson or text/plain.",
    "unsupported_encoding": "Send the body plain, or once compressed with gzip or zstd.",
    "truncated_gzip": "The gzip body ends before its end.",
    "truncated_zstd": "The zstd body ends before its end.",
    "malformed_gzip": "The body is not gzip.",
    "malformed_zstd": "The body is not zstd.",
    "no_events": "The body holds no event.",
    "not_json": "The body is not JSON.",
    "busy": "Too much is under way. Send the same events again, with the same ids.",
    "broker_away": "The log does not acknowledge. Send the same events again, with the same ids.",
    "stopping": "This collector is going down. Send the same events again, with the same ids.",
    "internal": "Something is wrong here. Send the same events again, with the same ids.",
}
"""The codes of refusals, and what each says unless a refusal says more."""


class Quarantined(BaseModel):
    """An event that was set aside."""

    index: int = Field(ge=0, description="its place among the events of the request, from 0")
    reason: Reason


class Accepted(BaseModel):
    """Every event of the request is in the log: as an event, or set aside with its reason."""

    accepted: int = Field(ge=0)
    quarantined: list[Quarantined] = Field(description="none of these needs to be sent again as it is")
    ignored: int = Field(0, ge=0, description="events of a known vocabulary that mean nothing here")


class Refusal(BaseModel):
    """Nothing of the request counts as received."""

    error: str = Field(description="one word for programs")
    detail: str = Field(description="a sentence for people")


def accepted(count: int, quarantined: list[tuple[int, Reason]], ignored: int = 0) -> Response:
    """The answer to a request whose events are all acknowledged."""
    body: dict[str, Any] = {
        "accepted": count,
        "quarantined": [{"index": index, "reason": reason} for index, reason in quarantined],
        "ignored": ignored,
    }
    return Response(msgspec.json.encode(body), media_type=JSON)

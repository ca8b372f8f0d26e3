"""The route of canonical events, as its visible steps; the description of its request and answers."""

from collections.abc import Container
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from producers.collector.admission import Sender
from producers.collector.answers import Accepted, Refusal, Refused
from producers.collector.description import PARAMETERS
from producers.collector.door import Door
from producers.collector.intake import Intake
from producers.collector.keys import Kind
from producers.collector.lines import refuse_content_type, split
from producers.collector.reading import Reader, refuse_declared_length
from producers.collector.unpacking import unpack
from runtime.settings import CollectorSettings

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "Malformed: not JSON, not what its encoding says, or cut off."},
    401: {"description": "No write key, an unknown or revoked one; a token or signature that does not hold."},
    403: {"description": "The write key is not for this origin or this path."},
    408: {"description": "The body did not arrive in time."},
    413: {"description": "Too many bytes or events. Send fewer at once."},
    415: {"description": "A content type or encoding that is not taken."},
    429: {"description": "Too much in too short a time."},
    503: {"description": "The log is away or slow. Nothing counts as received: send the same ids again."},
}
_RETRY_AFTER = {"Retry-After": {"description": "seconds", "schema": {"type": "integer", "minimum": 1}}}
for _status, _answer in REFUSALS.items():
    _answer["model"] = Refusal
    if _status in (429, 503):
        _answer["headers"] = _RETRY_AFTER

KINDS: tuple[Kind, ...] = ("player", "server", "privacy")
"""Whose canonical events are taken. A webhook has a path of its own: what it presents can be overheard."""
_EVENT = {"$ref": "#/components/schemas/Event"}
REQUEST_BODY = {
    "required": True,
    "description": "Events, plain or once compressed (`Content-Encoding: gzip` or `zstd`).",
    "content": {
        "application/json": {"schema": {"anyOf": [{"type": "array", "items": _EVENT}, _EVENT]}},
        "application/x-ndjson": {"schema": {"type": "string", "description": "one event a line"}},
    },
}


class Body(NamedTuple):
    """A request that was let in: who sent it, and what it holds, unpacked."""

    sender: Sender
    plain: bytes


class Front:
    """What every route that takes events does first, cheapest checks first."""

    def __init__(self, settings: CollectorSettings, door: Door) -> None:
        self._settings = settings
        self._door = door
        self._reader = Reader(settings)

    async def read(self, request: Request, kinds: Container[Kind]) -> Body:
        """Return the body of a request that may come in, with a key of these kinds; refuse any other."""
        limit = self._settings.max_body_bytes
        sender = self._door.enter(request)
        if sender.key.kind not in kinds:
            raise Refused(403, "wrong_key_kind")
        refuse_content_type(request.headers.get("content-type", ""))
        refuse_declared_length(request, limit)
        packed = await self._reader.read(request)
        self._door.check_signature(request, sender, packed)
        return Body(sender, unpack(packed, request.headers.get("content-encoding", ""), limit))


def events_router(settings: CollectorSettings, front: Front, intake: Intake) -> APIRouter:
    """Return the route of canonical events."""
    router = APIRouter()

    @router.post(
        "/v1/events",
        summary="Send events",
        response_model=Accepted,
        responses=REFUSALS,
        openapi_extra={"requestBody": REQUEST_BODY, "parameters": PARAMETERS},
    )
    async def send_events(request: Request) -> Response:
        """Take events. A 200 means that every one is in the log, as an event or set aside with its reason.

        Any other answer means that nothing counts as received: send the same events with the same ids again.
        """
        body = await front.read(request, KINDS)
        content_type = request.headers.get("content-type", "")
        sender, lines = body.sender, split(body.plain, settings.max_events, content_type)
        del body  # not to be held while the log is waited for
        return await intake.take(lines, sender)

    return router

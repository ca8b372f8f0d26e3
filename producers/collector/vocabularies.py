"""The routes of other vocabularies: where an SDK that a platform has may point, and how it is answered.

What stands in front of `/v1/events` stands in front of these, and what happens to an event is the same: only
the words differ, and the answer that the SDK waits for.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from producers.adapters import ga4, revenuecat, segment, snowplow_tp2
from producers.adapters.translation import (
    Context,
    TooManyMessagesError,
    Translate,
    UntranslatableError,
)
from producers.collector.answers import JSON, Refused
from producers.collector.description import PARAMETERS
from producers.collector.intake import Intake
from producers.collector.keys import Kind
from producers.collector.lines import MOST_SEPARATORS
from producers.collector.routes import REFUSALS, Front
from runtime.clock import Clock
from runtime.settings import CollectorSettings

MOST_GROWTH = 2
"""Events may be so many times as long as their body: what a batch says once is in each of its events."""


def _success() -> Response:
    return Response(b'{"success": true}', media_type=JSON)


def _ok() -> Response:
    return Response(b"ok", media_type="text/plain")


def _nothing() -> Response:
    return Response(status_code=204)


class Vocabulary(NamedTuple):
    """One way in.

    Attributes:
        path: where requests arrive, by POST.
        translate: makes events of a body.
        kinds: the kinds of write key that may send here.
        presented: how the SDK presents the write key, for people.
        answer: what the SDK waits for, once the log has every event.
        summary: what this is, for people.
        also: the ends that SDKs put behind the address which they are given.
    """

    path: str
    translate: Translate
    kinds: tuple[Kind, ...]
    presented: str
    answer: Callable[[], Response]
    summary: str
    also: tuple[str, ...] = ()


_BASIC = "Basic authentication with the write key as the user's name"

VOCABULARIES = (
    Vocabulary(
        "/v1/segment/track",
        segment.translate,
        ("player",),
        _BASIC,
        _success,
        "Segment or RudderStack: a track",
        ("/v1/segment/t", "/v1/segment/v1/track"),
    ),
    Vocabulary(
        "/v1/segment/batch",
        segment.translate,
        ("player",),
        _BASIC,
        _success,
        "Segment or RudderStack: a batch",
        ("/v1/segment/b", "/v1/segment/v1/batch"),
    ),
    Vocabulary(
        "/com.snowplowanalytics.snowplow/tp2",
        snowplow_tp2.translate,
        ("player",),
        "the header `X-Write-Key`, or `?key=`",
        _ok,
        "Snowplow tracker protocol, media events",
    ),
    Vocabulary(
        "/v1/ga4",
        ga4.translate,
        ("player", "webhook"),
        "`?api_secret=`",
        _nothing,
        "GA4 Measurement Protocol, video events and purchases",
    ),
    Vocabulary(
        "/v1/revenuecat",
        revenuecat.translate,
        ("webhook",),
        "the header `Authorization`, with or without `Bearer`",
        _success,
        "RevenueCat webhooks: purchases, refunds, coins spent",
    ),
)


def vocabularies_router(settings: CollectorSettings, front: Front, intake: Intake, clock: Clock) -> APIRouter:
    """Return the routes of all vocabularies."""
    router = APIRouter()
    for vocabulary in VOCABULARIES:
        _add(router, vocabulary, settings, front, intake, clock)
    return router


def lines_of(
    body: bytes, translate: Translate, now_ms: int, settings: CollectorSettings
) -> tuple[list[bytes], int]:
    """Return the events that a body tells, a line each, and how many messages of it are ignored.

    Refuses with 400 a body that is not of the vocabulary, with 413 one of too many messages.
    """
    most = settings.max_events
    if len(body) > most * MOST_SEPARATORS < body.count(b","):
        raise Refused(413, "too_many_events")
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refused(400, "not_json") from None
    try:
        events, ignored = translate(told, Context(now_ms, most))
    except UntranslatableError as error:
        raise Refused(400, "bad_request", f"Not what this path takes: {error}.") from None
    except TooManyMessagesError:
        raise Refused(413, "too_many_events", f"Send at most {most} events in a request.") from None
    return _written(events, settings.max_body_bytes * MOST_GROWTH), ignored


def _written(events: list[Any], most_bytes: int) -> list[bytes]:
    lines: list[bytes] = []
    for event in events:
        try:
            lines.append(msgspec.json.encode(event))
        except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError):
            raise Refused(400, "not_json") from None
        most_bytes -= len(lines[-1])
        if most_bytes < 0:
            raise Refused(413, "too_large")
    return lines


def _add(
    router: APIRouter,
    vocabulary: Vocabulary,
    settings: CollectorSettings,
    front: Front,
    intake: Intake,
    clock: Clock,
) -> None:
    """Add the routes of a vocabulary."""

    async def send(request: Request) -> Response:
        body = await front.read(request, vocabulary.kinds)
        sender, now_ms = body.sender, clock.now_ms()
        lines, ignored = lines_of(body.plain, vocabulary.translate, now_ms, settings)
        del body  # not to be held while the log is waited for
        await intake.take(lines, sender, ignored, now_ms)
        return vocabulary.answer()

    for path in (vocabulary.path, *vocabulary.also):
        router.add_api_route(
            path,
            send,
            methods=["POST"],
            summary=vocabulary.summary,
            description=f"The write key: {vocabulary.presented}. Unknown events are ignored, and counted.",
            status_code=vocabulary.answer().status_code,
            response_class=Response,
            responses=REFUSALS,
            openapi_extra={"requestBody": _REQUEST_BODY, "parameters": PARAMETERS},
            include_in_schema=path == vocabulary.path,
        )


_REQUEST_BODY = {
    "required": True,
    "description": "A body of the vocabulary, plain or once compressed; see docs/vocabularies.md.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}

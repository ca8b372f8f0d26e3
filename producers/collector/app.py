"""The application: routes, what surrounds them, and one place for every refusal. It owns no IO of its own."""

import logging
import traceback
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producers.collector.answers import Refused
from producers.collector.cors import Cors
from producers.collector.description import SECURITY, SECURITY_SCHEMES
from producers.collector.door import Door
from producers.collector.intake import Intake
from producers.collector.routes import Front, events_router
from producers.collector.sdk import sdk_router
from producers.collector.vocabularies import vocabularies_router
from runtime.clock import Clock
from runtime.metrics import CollectorMetrics
from runtime.settings import CollectorSettings
from schemas.events import EVENT

_log = logging.getLogger(__name__)
_REFS = "#/components/schemas/{model}"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_app(
    settings: CollectorSettings,
    *,
    door: Door,
    intake: Intake,
    metrics: CollectorMetrics,
    clock: Clock,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """Return the collector as an ASGI application."""
    app = FastAPI(
        title="Cliffhanger collector",
        version="1",
        summary="Takes the events of players and backends.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    front = Front(settings, door)
    app.include_router(events_router(settings, front, intake))
    app.include_router(vocabularies_router(settings, front, intake, clock))
    app.include_router(sdk_router())
    app.add_exception_handler(Refused, partial(_refusal, metrics))
    app.add_exception_handler(HTTPException, _not_served)
    app.add_middleware(Watch, metrics=metrics, clock=clock)
    app.add_middleware(Cors, door=door)
    _describe_events(app)
    return app


class Watch:
    """Counts and times requests. One that meets a defect ends with 500; the log says where, not with what."""

    def __init__(self, app: ASGIApp, metrics: CollectorMetrics, clock: Clock) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = self._clock.monotonic_s()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            self._metrics.broken.inc()
            _log.error("a request met a defect: %s at %s", type(error).__name__, _place(error))
            if not status:
                await Refused(500, "internal").response()(scope, receive, watched)
        finally:
            self._metrics.requests.labels(status).inc()
            self._metrics.seconds.observe(self._clock.monotonic_s() - began_s)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"


async def _refusal(metrics: CollectorMetrics, _: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    metrics.refused.labels(error.code).inc()
    return error.response()


async def _not_served(_: Request, error: Exception) -> Response:
    """Answer what the framework refuses by itself: an unknown path, another method."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
    response = Refused(error.status_code, code).response()
    response.headers.update(error.headers or {})
    return response


def _describe_events(app: FastAPI) -> None:
    """Put the event contract into the description of the service: the body is read without the framework."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            description = described()
            schema = EVENT.json_schema(ref_template=_REFS)
            models = schema.pop("$defs")
            components = description.setdefault("components", {}).setdefault("schemas", {})
            components.update({**models, "Event": schema})
            description["components"]["securitySchemes"] = SECURITY_SCHEMES
            description["security"] = SECURITY
            app.openapi_schema = description
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

"""Let scripts of listed pages send and read the answers: CORS, as plain ASGI around the routes. Pure."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producers.collector.answers import Refused
from producers.collector.door import Door
from producers.collector.network import cors_headers, preflight_headers

NO_CONTENT = 204


class Cors:
    """Answers preflights, and names the origin in every answer to a listed page, refusals included.

    A refusal that names the origin tells a page no more than any other client is told, and a page that may
    not read `Retry-After` would come back at once. No cookies: credentials are never allowed.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or pass a request on."""
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await self._preflight(Headers(scope=scope), origin)(scope, receive, send)
        elif origin in self._door.origins:
            await self._app(scope, receive, _naming(origin, send))
        else:
            await self._app(scope, receive, send)

    def _preflight(self, headers: Headers, origin: str) -> Response:
        try:
            allowed = preflight_headers(
                origin, headers.get("access-control-request-method"), self._door.origins
            )
        except Refused as refused:
            return refused.response()
        return Response(status_code=NO_CONTENT, headers=allowed)


def _naming(origin: str, send: Send) -> Send:
    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(cors_headers(origin))
        await send(message)

    return named

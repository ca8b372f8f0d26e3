"""Serve the player SDK: one file, read once, that any page may load and keep for an hour."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

PATH = "/sdk/cliffhanger.js"
SOURCE = Path(__file__).parent / "static" / "cliffhanger.js"
NOT_MODIFIED = 304


def sdk_router() -> APIRouter:
    """Return the route of the SDK."""
    router = APIRouter()
    script = SOURCE.read_bytes()
    headers = {
        "access-control-allow-origin": "*",  # it is public; who may send events is another question
        "cache-control": "public, max-age=3600",
        "cross-origin-resource-policy": "cross-origin",
        "etag": f'"{hashlib.sha256(script).hexdigest()[:32]}"',
        "x-content-type-options": "nosniff",
    }

    @router.get(PATH, summary="The player SDK", response_class=Response, include_in_schema=False)
    async def sdk(request: Request) -> Response:
        """Give the module, unless the browser has this version of it."""
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=NOT_MODIFIED, headers=headers)
        return Response(script, headers=headers, media_type="text/javascript")

    return router

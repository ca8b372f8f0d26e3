"""The least that the collector's framework can do: `python -m benchmarks.trivial PORT` answers."""

import sys

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response

app = FastAPI(docs_url=None, redoc_url=None)


@app.post("/v1/events")
async def take(request: Request) -> Response:
    """Read the body; answer as long as the collector does."""
    await request.body()
    return Response(b'{"accepted":100,"quarantined":[],"ignored":0}', media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
    )

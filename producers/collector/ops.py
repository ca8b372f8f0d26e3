"""The pages for operations, on a port of their own: /healthz, /readyz and /metrics. It owns IO."""

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from producers.collector.delivery import Delivery
from runtime.metrics import CollectorMetrics

OK, UNAVAILABLE = 200, 503


class Pages:
    """Serves the pages on one port, until closed."""

    def __init__(self, delivery: Delivery, metrics: CollectorMetrics) -> None:
        self._delivery = delivery
        self._metrics = metrics
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._show_metrics)
        self._runner = web.AppRunner(app, access_log=None)

    async def open(self, host: str, port: int) -> int:
        """Start serving; return the port, which is any free one for 0."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop serving."""
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        """Whether a restart would not help. That events are taken is the other page's matter."""
        healthy = self._delivery.is_alive
        return web.json_response({"healthy": healthy}, status=OK if healthy else UNAVAILABLE)

    async def _readyz(self, _: web.Request) -> web.Response:
        ready = self._delivery.is_ready
        body = msgspec.json.encode({"ready": ready, "bytes_under_way": self._delivery.bytes_under_way})
        status = OK if ready else UNAVAILABLE
        return web.Response(body=body, status=status, content_type="application/json")

    async def _show_metrics(self, _: web.Request) -> web.Response:
        self._metrics.under_way.set(self._delivery.bytes_under_way)
        self._metrics.ready.set(self._delivery.is_ready)
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

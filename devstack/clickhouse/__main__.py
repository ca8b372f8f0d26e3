import argparse
import asyncio
import signal

from devstack.clickhouse.engine import Engine
from devstack.clickhouse.native import SERVER_REVISION, serve_native


async def main():
    p = argparse.ArgumentParser()
    p.add_argument("--path", default=":memory:")
    p.add_argument("--config")
    p.add_argument("--port", type=int, default=19000)
    p.add_argument("--http-port", type=int, default=0)
    p.add_argument("--revision", type=int, default=SERVER_REVISION)
    a = p.parse_args()
    users = {"default": ("", {}), "viewer": ("", {"readonly": 2})}
    engine = Engine(a.path, a.config, users)
    server = await serve_native(engine, port=a.port, revision=a.revision)
    runner = None
    if a.http_port:
        from devstack.clickhouse.http import serve_http

        runner = await serve_http(engine, port=a.http_port)
    stop = asyncio.Event()
    for s in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(s, stop.set)
    print("ready", flush=True)
    await stop.wait()
    server.close()
    if runner:
        await runner.cleanup()
    engine.close()


asyncio.run(main())

"""Runs the development ClickHouse until SIGTERM: `python -m devstack.clickhouse --path DIR`."""

import argparse
import asyncio
import logging
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from devstack.clickhouse.engine import Engine
from devstack.clickhouse.http import serve_http
from devstack.clickhouse.native import NativeServer
from devstack.ports import LOOPBACK, StackPorts

_THREADS = 64  # a statement holds one as long as it runs

_log = logging.getLogger("devstack.clickhouse")


@dataclass(frozen=True)
class Arguments:
    """What the command line says."""

    path: Path
    host: str
    port: int
    http_port: int


def read_arguments(words: Sequence[str] | None = None) -> Arguments:
    """Read the command line; any address but loopback is refused, for there are no passwords."""
    defaults = StackPorts()
    parser = argparse.ArgumentParser(
        prog="python -m devstack.clickhouse", description="A development ClickHouse on loopback."
    )
    parser.add_argument("--path", type=Path, required=True, help="folder for data and settings")
    parser.add_argument("--host", default=LOOPBACK, help="always 127.0.0.1")
    parser.add_argument("--port", type=int, default=defaults.clickhouse, help="native protocol")
    parser.add_argument("--http-port", type=int, default=defaults.clickhouse_http)
    told = parser.parse_args(words)
    if told.host != LOOPBACK:
        parser.error(f"--host {told.host}: the development engine listens on {LOOPBACK} only")
    return Arguments(told.path.resolve(), told.host, told.port, told.http_port)


async def serve(arguments: Arguments) -> None:
    """Serve both protocols until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    engine = Engine(arguments.path)
    pool = ThreadPoolExecutor(_THREADS, "statement")
    native = NativeServer(engine, pool)
    await native.listen(arguments.host, arguments.port)
    http = await serve_http(engine, pool, host=arguments.host, port=arguments.http_port)
    _log.info("development engine %s in %s listens", engine.version, arguments.path)
    await stop.wait()
    await asyncio.to_thread(engine.kill_all)
    await native.close()
    await http.cleanup()
    engine.close()
    _log.info("stopped")


def main() -> None:
    """Run from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(serve(read_arguments()))


if __name__ == "__main__":
    main()

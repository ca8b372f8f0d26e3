"""`cliffhanger collector`: the front door."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated, Any

import typer

EXAMPLES = """\
  cliffhanger collector --dev
  CLIFFHANGER_COLLECTOR__KEYS_FILE=/etc/cliffhanger/keys.json cliffhanger collector --port 8080
"""


def run(
    port: Annotated[int | None, typer.Option(help="Where to take events.")] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="With write keys and secrets of its own, made once in .devstack.")
    ] = False,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Take events over HTTP into Kafka until SIGTERM or Ctrl-C. One process uses one core.

    It starts without Kafka, and refuses with 503 until Kafka answers. Several may share a port.
    """
    from cliffhanger.parent import end_with
    from cliffhanger.terminal import quiet_libraries
    from runtime import logs
    from runtime.settings import load

    overrides: dict[str, Any] = {"collector": {}}
    if dev:
        from producers.collector.development import development_settings

        overrides = development_settings(load().devstack_home)
    if port is not None:
        overrides["collector"]["port"] = port
    settings = load(**overrides)
    logs.configure()
    quiet_libraries()
    end_with(parent)

    from producers.collector import server

    server.run(settings)

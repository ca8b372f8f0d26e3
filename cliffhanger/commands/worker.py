"""`cliffhanger worker`: one worker of the consumer group."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger worker
  cliffhanger worker --name worker-2
  cliffhanger worker --drain
"""


def run(
    name: Annotated[str | None, typer.Option(help="Its name in logs and checkpoints.")] = None,
    drain: Annotated[bool, typer.Option("--drain", help="Read the log to its end, then stop.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for Kafka, and for ClickHouse.")] = 60,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Fold events from Kafka into ClickHouse until SIGTERM or Ctrl-C.

    Any number of workers share the partitions. One that was killed goes on from its checkpoints.
    """
    from cliffhanger.parent import end_with
    from cliffhanger.terminal import quiet_libraries
    from cliffhanger.world import need_migrations, wait_for_topics, wait_for_warehouse
    from runtime import logs
    from runtime.settings import load

    settings = load(**({"worker": {"name": name}} if name else {}))
    logs.configure()
    quiet_libraries()
    end_with(parent)
    wait_for_topics(settings.kafka, within_s=wait)
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)

    from streams import app

    app.run(settings, drain=drain)

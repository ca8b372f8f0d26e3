"""`cliffhanger up`: the development stack, ready to use."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger up
  CLIFFHANGER_DEVSTACK_HOME=another-stack cliffhanger up
"""


def run(
    wait: Annotated[float, typer.Option(help="Seconds to wait at most until both answer.", min=1)] = 90,
) -> None:
    """Start Kafka and ClickHouse on this machine, create topics and tables, and print the addresses.

    They run on until `cliffhanger down`. Doing it twice is harmless.
    """
    from cliffhanger.local import dev_stack, start
    from cliffhanger.terminal import answer, say
    from producers.topics_admin import ensure_topics
    from runtime.settings import load
    from warehouse.migrate import migrate

    settings = load()
    stack = dev_stack(settings)
    start(stack, timeout_s=wait)
    made = [topic.name for topic in ensure_topics(settings.kafka, within_s=wait) if topic.created]
    if made:
        say(f"created {', '.join(made)}")
    applied = migrate(settings.clickhouse)
    if applied:
        say(f"applied {len(applied)} migrations to the database {settings.clickhouse.database}")
    answer(f"Kafka       {settings.kafka.bootstrap}")
    answer(
        f"ClickHouse  {stack.clickhouse_host}:{stack.clickhouse_port} (native), "
        f"{stack.clickhouse_http_url} (HTTP), database {settings.clickhouse.database}"
    )

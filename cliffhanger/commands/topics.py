"""`cliffhanger topics`: the topics of the contract."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger topics
  cliffhanger topics --partitions 48 --replication 3
"""


def run(
    partitions: Annotated[
        int | None, typer.Option(help="Of player.events.v1; fixed for its life. The contract's: 12.", min=1)
    ] = None,
    replication: Annotated[
        int, typer.Option(help="Copies of each partition; -1: the broker's default.")
    ] = -1,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a broker that is not up yet.")] = 60,
) -> None:
    """Create the topics that are absent; refuse those that exist in another shape."""
    from cliffhanger.terminal import answer
    from producers.topics_admin import ensure_topics
    from runtime.settings import load

    kafka = load().kafka
    for topic in ensure_topics(kafka, partitions, replication=replication, within_s=wait):
        what = "created" if topic.created else "is there"
        answer(f"{topic.name} {what}, {topic.partitions} partitions")

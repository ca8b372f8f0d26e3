"""`cliffhanger replay`: recorded events, once more."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger replay events.ndjson
  cliffhanger replay events.ndjson --pace 60x --shift-to-now
  cliffhanger replay media.ndjson --format snowplow-media-v1
"""


def run(
    file: Annotated[Path, typer.Argument(help="NDJSON, one event a line.", exists=True, dir_okay=False)],
    layout: Annotated[
        str, typer.Option("--format", help="canonical or snowplow-media-v1: what the lines are.")
    ] = "canonical",
    pace: Annotated[str, typer.Option(help="recorded, max, or a factor such as 60x.")] = "max",
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="Move all times so that the last event is received now.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="NDJSON file, or - , instead of the topic.")] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a broker that is not up yet.")] = 60,
) -> None:
    """Send recorded events to the topic. Events that were counted before change nothing."""
    from cliffhanger.pace import speed_of
    from cliffhanger.sending import Topic, interruptible, send
    from producers.replayer import Format, read
    from runtime.clock import SystemClock
    from runtime.errors import SettingsError
    from runtime.settings import load

    settings = load()
    clock = SystemClock()
    speed = speed_of(pace)
    if layout not in list(Format):
        raise SettingsError(f"--format {layout}: say {' or '.join(Format)}")
    with file.open("rb") as lines:
        total = sum(not line.isspace() for line in lines)
    recorded = read(file, Format(layout), ends_at_ms=clock.now_ms() if shift_to_now else None)
    with interruptible():
        send(recorded, output or Topic(settings.kafka, wait), speed=speed, total=total, clock=clock)

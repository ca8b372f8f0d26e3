"""`cliffhanger simulate`: a platform that plays itself."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger simulate                                    two thousand viewers, in real time
  cliffhanger simulate --rate 2000 --minutes 10
  cliffhanger simulate --rate 2000 --via http             through the collector, as a backend would
  cliffhanger simulate --pace max --events 1000000 --truth truth.ndjson
  cliffhanger simulate --pace max --events 1000 --dirt none --output -
  cliffhanger simulate --knob duplicates=0.1 --knob offline_hours=2
"""


def run(
    events: Annotated[int | None, typer.Option(help="Stop after so many lines.", min=1)] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after so many simulated minutes.")] = None,
    pace: Annotated[str, typer.Option(help="real, max, or a factor such as 60x.")] = "real",
    rate: Annotated[float | None, typer.Option(help="About so many events a second of real time.")] = None,
    viewers: Annotated[int, typer.Option(help="Viewers in the app at once, unless --rate is given.")] = 2_000,
    series: Annotated[int, typer.Option(help="Series in the catalogue.")] = 40,
    seed: Annotated[int, typer.Option(help="The same seed and settings give the same bytes.")] = 1,
    start: Annotated[
        datetime | None,
        typer.Option(
            help="Simulated time of the beginning, UTC.  [default: now; with --pace max a fixed day]"
        ),
    ] = None,
    dirt: Annotated[str, typer.Option(help="none, usual or heavy: how much gets in the way.")] = "usual",
    knob: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of one kind of dirt; see docs/simulator.md.")
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="Write what the numbers must come to here.")] = None,
    via: Annotated[
        str, typer.Option(help="topic, http (the collector of the settings), or the address of a collector.")
    ] = "topic",
    output: Annotated[Path | None, typer.Option(help="NDJSON file, or - , instead of the topic.")] = None,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for a broker or collector that is not up yet.")
    ] = 60,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Send the events of a simulated platform to the topic or a collector, or write them as NDJSON.

    A collector sets the time of receipt: through it the platform plays in real time and begins now.
    """
    import gc
    from contextlib import nullcontext

    from cliffhanger.pace import speed_of
    from cliffhanger.parent import end_with
    from cliffhanger.sending import interruptible, send, target
    from cliffhanger.simulation import simulation
    from producers.simulator import TruthFile, simulate
    from runtime.clock import SystemClock
    from runtime.errors import SettingsError
    from runtime.settings import load

    gc.set_threshold(100_000, 20, 100)  # it would walk all viewers again and again
    end_with(parent)
    settings = load()
    clock = SystemClock()
    speed = speed_of(pace)
    if via != "topic" and (speed != 1 or start is not None):
        raise SettingsError(
            "--via http goes with --pace real and no --start: a collector sets the time of receipt"
        )
    world = simulation(
        events=events,
        minutes=minutes,
        rate=rate,
        viewers=viewers,
        series=series,
        seed=seed,
        start=start,
        now_ms=clock.now_ms() if speed else None,
        dirt=dirt,
        knobs=knob or [],
        lateness_ms=settings.fold.lateness_ms,
    )
    with interruptible(), TruthFile(truth) if truth else nullcontext() as told:
        send(
            simulate(world, told),
            output or target(settings, via, wait),
            speed=speed,
            total=events,
            clock=clock,
        )

"""`cliffhanger demo`: all of it, and the numbers as they move."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger demo
  cliffhanger demo --rate 500 --workers 1
  cliffhanger demo --seconds 60 | tee demo.log
"""


def run(
    seconds: Annotated[float | None, typer.Option(help="Stop by itself after so long.", min=1)] = None,
    rate: Annotated[float, typer.Option(help="Events a second, about.", min=1)] = 2_000,
    workers: Annotated[int, typer.Option(help="Workers to start.", min=1, max=12)] = 2,
    history: Annotated[int, typer.Option(help="Minutes of the past to begin with.", min=0, max=300)] = 30,
) -> None:
    """Start a stack with fresh data, a collector, workers, a simulated platform; show the live numbers.

    Ctrl-C stops all of it and leaves nothing running. In a pipe it prints a line every few seconds.
    """
    from cliffhanger.demo.run import Wishes
    from cliffhanger.demo.run import run as play
    from runtime.settings import load

    play(load(), Wishes(seconds, rate, workers, history))

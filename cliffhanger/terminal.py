"""What the commands say, and how: answers to standard output, everything else to standard error."""

# ruff: noqa: PLC0415 -- rich is imported only where it is shown

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from producers.driver import Progress


def say(sentence: str) -> None:
    """Tell the person how it goes."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def answer(text: str) -> None:
    """Give what was asked for."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def quiet_libraries() -> None:
    """Keep clients from printing tracebacks of what this program says itself, in one sentence."""
    for name in ("kafka", "clickhouse_driver"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class Bar:
    """Shows how far a drive is: a bar where the end is known, counts where it is not."""

    def __init__(self, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:,.0f} events/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("sending", total=total, rate=0.0)

    def tell(self, progress: "Progress") -> None:
        """Move the bar."""
        rate = progress.events / progress.elapsed_s if progress.elapsed_s else 0.0
        self._bar.update(self._task, completed=progress.events, rate=rate)

    def start(self) -> None:
        """Show the bar."""
        self._bar.start()

    def stop(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()


class NoBar:
    """The same on what is not a terminal: silence."""

    def tell(self, progress: "Progress") -> None:
        """Say nothing."""


@contextmanager
def progress_bar(total: int | None) -> Iterator[Bar | NoBar]:
    """Show a bar while a drive goes on, if somebody looks at a terminal."""
    if not sys.stderr.isatty():
        yield NoBar()
        return
    bar = Bar(total)
    bar.start()
    try:
        yield bar
    finally:
        bar.stop()

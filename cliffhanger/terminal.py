"""What the commands say, and how: answers to standard output, everything else to standard error."""

# ruff: noqa: PLC0415 -- rich is imported only where it is shown

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

WIDE = 200

if TYPE_CHECKING:
    from rich.table import Table

    from producers.driver import Progress


def say(sentence: str) -> None:
    """Tell the person how it goes."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def answer(text: str) -> None:
    """Give what was asked for."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show(table: "Table", *, beside: bool = False) -> None:
    """Show a table as an answer, or `beside` it on standard error; wide where nobody looks at a terminal."""
    from rich.console import Console

    console = Console(stderr=beside, soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)


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


class Counting:
    """Shows how much of a known count is done; on what is not a terminal, nothing."""

    def __init__(self, what: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self.bar = Progress(console=console, disable=not console.is_terminal)
        self._task = self.bar.add_task(what, total=total)

    def reach(self, count: int) -> None:
        """Move the bar."""
        self.bar.update(self._task, completed=count)


@contextmanager
def counting_bar(what: str, total: int) -> Iterator[Counting]:
    """Show a bar with its name while something known to end goes on."""
    counting = Counting(what, total)
    with counting.bar:
        yield counting

"""Where the demo shows its numbers: a screen redrawn in a terminal, now and then a line elsewhere."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live

from cliffhanger.demo.numbers import Numbers
from cliffhanger.demo.screen import line, screen
from cliffhanger.terminal import answer

LINE_EVERY_S = 5.0


class View(Protocol):
    """Shows numbers, one look after the other."""

    def show(self, numbers: Numbers, notes: Sequence[str]) -> None:
        """Show one look, and what happened to the processes so far."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last look to be read."""


def view(addresses: str, query: str) -> View:
    """Return what fits where the output goes."""
    return Screen(addresses, query) if sys.stdout.isatty() else Lines(addresses, query)


class Screen:
    """All of the terminal, redrawn at every look. The last look stays as a line."""

    def __init__(self, addresses: str, query: str) -> None:
        self._addresses = addresses
        self._query = query
        self._last: Numbers | None = None
        self._live = Live(console=Console(), screen=True, auto_refresh=False)

    def show(self, numbers: Numbers, notes: Sequence[str]) -> None:
        """Redraw the screen."""
        self._last = numbers
        self._live.update(screen(numbers, self._addresses, self._query, notes), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if self._last is not None:
            answer(line(self._last))


class Lines:
    """A line every few seconds, and every note once."""

    def __init__(self, addresses: str, query: str) -> None:
        self._told_at: float | None = None
        self._noted = 0
        self._opening = f"{addresses}\n{query}"

    def show(self, numbers: Numbers, notes: Sequence[str]) -> None:
        """Print a line when it is time for one."""
        for note in notes[self._noted :]:
            answer(note)
        self._noted = len(notes)
        if self._told_at is None or numbers.elapsed_s - self._told_at >= LINE_EVERY_S:
            self._told_at = numbers.elapsed_s
            answer(line(numbers))

    def __enter__(self) -> Self:
        answer(self._opening)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave what was printed."""

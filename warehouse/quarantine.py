"""The lines in quarantine, for whoever replays them after a mend. It owns IO."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, Final

from runtime.settings import ClickHouseSettings
from schemas.reasons import Reason
from warehouse.client import QUERIES, Connection
from warehouse.writer import QuarantinedLine

LINES: Final = (QUERIES / "quarantined_lines.sql").read_text()
REPLAYS: Final = "quarantine_replays"
PLACE: Final = ("source_epoch", "partition", "offset", "line_index")
PAGE: Final = 2_000


class Outcome(StrEnum):
    """What became of a line that was replayed."""

    SENT = "sent"
    """It can be used."""
    REQUEUED = "requeued"
    """It cannot, and was sent all the same: it comes back with a new place in the log."""
    DROPPED = "dropped"
    """It cannot, and is left out for good."""


class Quarantine:
    """The quarantined lines of one log that nobody has replayed."""

    def __init__(self, settings: ClickHouseSettings, source_epoch: int) -> None:
        self._source_epoch = source_epoch
        self._connection = Connection(settings)
        self._lines = Connection(settings, strings_as_bytes=True)

    def lines(self, reasons: Sequence[Reason] = ()) -> Iterator[QuarantinedLine]:
        """Yield the lines in the order of their places, of some reasons or of all.

        Reads a page at a time: what is noted meanwhile does not come twice.
        """
        place: tuple[int, int, int] = (0, 0, -1)
        while page := self._page(place, reasons):
            for row in page:
                yield QuarantinedLine(*row)._replace(reason=Reason(row[4].decode()))
            place = page[-1][1], page[-1][2], page[-1][3]

    def note(self, replayed: Sequence[tuple[QuarantinedLine, Outcome]]) -> None:
        """Say what became of lines, so that the next replay passes them over."""
        if replayed:
            rows = [(*line[:4], str(outcome)) for line, outcome in replayed]
            self._connection.insert(REPLAYS, (*PLACE, "outcome"), [list(c) for c in zip(*rows, strict=True)])

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()
        self._lines.close()

    def _page(self, place: tuple[int, int, int], reasons: Sequence[Reason]) -> list[Any]:
        return self._lines.query(
            LINES,
            {
                "source_epoch": self._source_epoch,
                **dict(zip(("partition", "offset", "line_index"), place, strict=True)),
                "reasons": ",".join(reasons),
                "most": PAGE,
            },
        )

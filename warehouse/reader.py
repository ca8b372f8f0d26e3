"""The questions that reports and the demo ask of the views, with typed answers. It owns IO."""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from runtime.settings import ClickHouseSettings
from warehouse.client import QUERIES, Connection

EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
FOR_EVER: Final = datetime(2100, 1, 1, tzinfo=UTC)

Parameters = dict[str, int | str]


class KeptLine(NamedTuple):
    """A line that was set aside, where it stood, and why. It may be sealed (runtime/sealing.py)."""

    source_epoch: int
    partition: int
    offset: int
    line_index: int
    reason: str
    message_at_ms: int
    line: bytes


class BingeDepth(NamedTuple):
    """How deep sittings went. Means and quantiles are None where there are no sittings."""

    sittings: int
    played_ms: int
    depth: dict[int, int]
    deep_2: int
    deep_5: int
    deep_10: int
    depth_mean: float | None
    run_mean: float | None
    deliberate_mean: float | None
    depth_p50: int | None
    depth_p90: int | None


class EpisodeDropOff(NamedTuple):
    """What became of the plays of an episode; `drop_off` is 1 - continued / completes."""

    series_id: str
    episode_no: int
    starts: int
    valid_plays: int
    completes: int
    continued_auto: int
    continued_deliberate: int
    stopped_at_gate: int
    drop_off: float | None


class ExitBin(NamedTuple):
    """One bin of an exit curve: who left in it, who came at least as far, and the two shares."""

    bin: int
    plays: int
    plays_at_or_past: int
    survival: float
    hazard: float


class GateConversion(NamedTuple):
    """What a gate converted, in counts of impressions; revenue in millionths of a US dollar."""

    series_id: str
    episode_no: int
    paywall_no: int
    impressions: int
    checkouts: int
    converted_30m: int
    converted_24h: int
    conversions_coins: int
    conversions_ad: int
    conversions_subscription: int
    conversions_bundle: int
    revenue_usd_micros: int
    conversion_rate_30m: float | None
    conversion_rate_24h: float | None


class SeriesTotal(NamedTuple):
    """The playback of a series."""

    series_id: str
    starts: int
    valid_plays: int
    completes: int
    completion_rate: float | None
    watched_ms: int


class Totals(NamedTuple):
    """Everything counted so far. `viewer_days` adds the distinct viewers of each day."""

    starts: int
    valid_plays: int
    completes: int
    sittings: int
    impressions: int
    converted_30m: int
    unlocks: int
    revenue_usd_micros: int
    viewer_days: int


class Ledger(NamedTuple):
    """Lines received of one log and their outcomes; `unaccounted` other than 0 is a fault."""

    source_epoch: int
    received: int
    applied: int
    redundant: int
    excluded: int
    quarantined: int
    unaccounted: int


class Freshness(NamedTuple):
    """How far the log is complete (event time), and the last writes (the warehouse's clock).

    All in milliseconds since the epoch; 0 means never.
    """

    complete_until_ms: int
    checkpoint_at_ms: int
    playback_at_ms: int
    paywall_at_ms: int


class Reader:
    """Asks the views. Blocking; owned by one thread; nothing is retried.

    A span of time is `[since, until)`, aware datetimes; it selects the hours that start in it.
    """

    def __init__(self, settings: ClickHouseSettings) -> None:
        self._connection = Connection(settings)
        self._bytes = Connection(settings, strings_as_bytes=True)

    def binge_depth(
        self, series_id: str | None = None, since: datetime = EVER, until: datetime = FOR_EVER
    ) -> BingeDepth:
        """How deep the sittings went that began in a span of time, of one series or of all."""
        (row,) = self._ask("binge_depth", span(since, until) | {"series_id": series_id or ""})
        return BingeDepth(*row)

    def drop_off(
        self, series_id: str | None = None, since: datetime = EVER, until: datetime = FOR_EVER
    ) -> list[EpisodeDropOff]:
        """Where viewers stop, by series and episode."""
        rows = self._ask("drop_off", span(since, until) | {"series_id": series_id or ""})
        return [EpisodeDropOff(*row) for row in rows]

    def exit_curve(
        self, series_id: str, episode_no: int, since: datetime = EVER, until: datetime = FOR_EVER
    ) -> list[ExitBin]:
        """The exit curve of an episode, every bin up to the last with a play."""
        which: Parameters = {"series_id": series_id, "episode_no": episode_no}
        return [ExitBin(*row) for row in self._ask("exit_curve", span(since, until) | which)]

    def conversion(
        self, series_id: str | None = None, since: datetime = EVER, until: datetime = FOR_EVER
    ) -> list[GateConversion]:
        """What the gates convert, by series, episode and number of the gate."""
        rows = self._ask("conversion", span(since, until) | {"series_id": series_id or ""})
        return [GateConversion(*row) for row in rows]

    def top_series(
        self, limit: int = 10, since: datetime = EVER, until: datetime = FOR_EVER
    ) -> list[SeriesTotal]:
        """The series with the most starts."""
        rows = self._ask("top_series", span(since, until) | {"limit": limit})
        return [SeriesTotal(*row) for row in rows]

    def totals(self) -> Totals:
        """Everything counted so far."""
        (row,) = self._ask("totals", {})
        return Totals(*row)

    def ledger(self) -> list[Ledger]:
        """The conservation law, by log."""
        return [Ledger(*row) for row in self._ask("ledger", {})]

    def freshness(self) -> Freshness:
        """How far the tables are, and when they were last written."""
        (row,) = self._ask("freshness", {})
        return Freshness(*(at or 0 for at in row))

    def quarantined(
        self, reason: str = "", since: datetime = EVER, until: datetime = FOR_EVER, limit: int = 100
    ) -> list[KeptLine]:
        """The newest lines set aside, of one reason or of any, by the time at which Kafka took them."""
        sql = (QUERIES / "newest_quarantined.sql").read_text()
        rows = self._bytes.query(sql, span(since, until) | {"reason": reason, "limit": limit})
        return [KeptLine(*row)._replace(reason=row[4].decode()) for row in rows]

    def close(self) -> None:
        """Close the connections; a later call opens them again."""
        self._connection.close()
        self._bytes.close()

    def _ask(self, name: str, parameters: Parameters) -> list[Any]:
        return self._connection.query((QUERIES / f"{name}.sql").read_text(), parameters)


def span(since: datetime, until: datetime) -> Parameters:
    """A span of time as the queries take it: seconds since the epoch."""
    return {"since": int(since.timestamp()), "until": int(until.timestamp())}

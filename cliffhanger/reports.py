"""Asks the warehouse for a report and lays it out: tables for a person, JSON for a program."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from rich.console import Console, RenderableType
from rich.table import Table

from cliffhanger.layout import bar, dollars, hours, number, percent, table
from warehouse.reader import (
    EVER,
    FOR_EVER,
    BingeDepth,
    EpisodeDropOff,
    ExitBin,
    GateConversion,
    Reader,
)

WIDTH_OF_A_PIPE = 200
CURVE_ROWS = 30
"""A curve has up to 300 bins: a terminal shows them in so many steps."""


class Question(NamedTuple):
    """What a report is about."""

    series: str | None
    episode: int | None
    since: datetime
    until: datetime

    @classmethod
    def of(
        cls, series: str | None, episode: int | None, since: datetime | None, until: datetime | None
    ) -> Self:
        """Return a question; times without a zone are UTC."""
        return cls(series, episode, utc(since) or EVER, utc(until) or FOR_EVER)


class Report(NamedTuple):
    """An answer in both forms."""

    json: dict[str, Any]
    tables: list[RenderableType]


def binge(reader: Reader, question: Question) -> Report:
    """How deep viewers binge."""
    found = reader.binge_depth(question.series, question.since, question.until)
    return Report({"series": question.series, **found._asdict()}, [depth_summary(found), depth_table(found)])


def dropoff(reader: Reader, question: Question) -> Report:
    """Where viewers stop, and inside one episode, second by second."""
    episodes = reader.drop_off(question.series, question.since, question.until)
    plain: dict[str, Any] = {"series": question.series, "episodes": [e._asdict() for e in episodes]}
    tables: list[RenderableType] = [episode_table(episodes)]
    if question.series is not None and question.episode is not None:
        curve = reader.exit_curve(question.series, question.episode, question.since, question.until)
        plain |= {"episode": question.episode, "exit_curve": [b._asdict() for b in curve]}
        tables = [episode_table([e for e in episodes if e.episode_no == question.episode])]
        tables.append(curve_table(question.episode, curve))
    return Report(plain, tables)


def paywall(reader: Reader, question: Question) -> Report:
    """What the gates convert."""
    gates = reader.conversion(question.series, question.since, question.until)
    return Report({"series": question.series, "gates": [g._asdict() for g in gates]}, [gate_table(gates)])


REPORTS: dict[str, Callable[[Reader, Question], Report]] = {
    "binge": binge,
    "dropoff": dropoff,
    "paywall": paywall,
}


def as_text(report: Report) -> str:
    """The JSON of a report."""
    return json.dumps(report.json, indent=2)


def show(report: Report) -> None:
    """Print the tables of a report."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE)
    for part in report.tables:
        console.print(part)


def depth_summary(found: BingeDepth) -> Table:
    """Means, quantiles and shares of the depth."""
    rows = table("", "", title="Binge depth")
    rows.add_row("sittings", number(found.sittings))
    rows.add_row("hours played", hours(found.played_ms))
    rows.add_row("mean depth", number(found.depth_mean))
    rows.add_row("median, 90 %", f"{number(found.depth_p50)}, {number(found.depth_p90)}")
    rows.add_row("mean longest run", number(found.run_mean))
    rows.add_row("mean deliberate", number(found.deliberate_mean))
    for depth, deep in ((2, found.deep_2), (5, found.deep_5), (10, found.deep_10)):
        rows.add_row(f"{depth} or deeper", percent(deep / found.sittings if found.sittings else None))
    return rows


def depth_table(found: BingeDepth, *, most: int = 30, width: int = 30) -> Table:
    """How many sittings stand at each depth."""
    rows = table("depth", "sittings", "share", "", title="Sittings by depth", left=(3,))
    peak = max(found.depth.values(), default=0)
    deepest = max(found.depth, default=-1)
    shown = [(str(depth), found.depth.get(depth, 0)) for depth in range(min(deepest + 1, most))]
    deeper = sum(count for depth, count in found.depth.items() if depth >= most)
    if deeper:
        shown.append((f"{most}+", deeper))
    for name, count in shown:
        share = count / found.sittings if found.sittings else None
        rows.add_row(name, number(count), percent(share), bar(count, peak, width))
    return rows


def episode_table(
    episodes: list[EpisodeDropOff], *, title: str = "Drop-off by episode", width: int = 12
) -> Table:
    """What became of the plays of each episode: of those completed, who went on and who did not."""
    rows = table(
        "series", "ep", "starts", "valid", "completes", "auto", "deliberate", "at gate", "drop-off", "",
        title=title, left=(0, 9),
    )  # fmt: skip
    for e in episodes:
        rows.add_row(
            e.series_id, str(e.episode_no), number(e.starts), number(e.valid_plays), number(e.completes),
            number(e.continued_auto), number(e.continued_deliberate), number(e.stopped_at_gate),
            percent(e.drop_off), bar(e.drop_off or 0, 1, width),
        )  # fmt: skip
    return rows


def curve_table(episode_no: int, curve: list[ExitBin], *, width: int = 40) -> Table:
    """How many plays are still there, step by step through an episode."""
    rows = table("bin", "left here", "still there", "", title=f"Inside episode {episode_no}", left=(3,))
    step = -(-len(curve) // CURVE_ROWS) or 1
    for at in range(0, len(curve), step):
        bins = curve[at : at + step]
        name = str(bins[0].bin) if step == 1 else f"{bins[0].bin}-{bins[-1].bin}"
        left = sum(b.plays for b in bins)
        rows.add_row(name, number(left), percent(bins[0].survival), bar(bins[0].survival, 1, width))
    return rows


def gate_table(gates: list[GateConversion], *, title: str = "Paywall conversion by gate") -> Table:
    """What each gate converted: within 30 minutes, within 24 hours, and by which method."""
    rows = table(
        "series", "ep", "gate", "shown", "checkout", "30 min", "24 h",
        "coins", "ad", "sub", "bundle", "revenue", "rate", title=title,
    )  # fmt: skip
    for g in gates:
        rows.add_row(
            g.series_id, str(g.episode_no), str(g.paywall_no), number(g.impressions), number(g.checkouts),
            number(g.converted_30m), number(g.converted_24h), number(g.conversions_coins),
            number(g.conversions_ad), number(g.conversions_subscription), number(g.conversions_bundle),
            dollars(g.revenue_usd_micros), percent(g.conversion_rate_30m),
        )  # fmt: skip
    return rows


def utc(moment: datetime | None) -> datetime | None:
    """Return a moment as a person typed it: without a zone it is UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

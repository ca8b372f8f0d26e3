"""Lays the numbers of the demo out: a screen for a terminal, a line for anything else. Pure."""

from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cliffhanger.demo.numbers import Counted, Numbers
from cliffhanger.health import Health
from cliffhanger.layout import bar, dollars, number, percent, table
from cliffhanger.reports import depth_table
from warehouse.reader import EpisodeDropOff, GateConversion

ROWS, NOTES, BAR = 12, 3, 8
MANY_COMPLETES = 5
"""Fewer make no drop-off worth a look."""


def screen(numbers: Numbers, addresses: str, query: str, notes: Sequence[str]) -> RenderableType:
    """The whole screen: what flows, what it comes to, and where to ask further."""
    parts: list[RenderableType] = [
        Text.assemble(("Cliffhanger", "bold"), f"  {numbers.elapsed_s:.0f} s   {addresses}"),
        Panel(_flow(numbers), title="what flows", title_align="left"),
    ]
    if numbers.counted is not None:
        parts.append(_counts(numbers.counted))
    parts.append(Panel(Text(query), title="ask for yourself", title_align="left"))
    if numbers.complaint:
        parts.append(Text(numbers.complaint, style="red"))
    parts += [Text(note, style="yellow") for note in notes[-NOTES:]]
    parts.append(Text("Ctrl-C stops all of it", style="dim"))
    return Group(*parts)


def line(numbers: Numbers) -> str:
    """One look in one line."""
    told = [
        f"[{numbers.elapsed_s:4.0f} s]",
        f"collector {_rate(numbers.collector_s)}/s",
        f"{_rate(numbers.events_s)} events/s, {numbers.events:,} so far, lag {number(numbers.lag)}",
    ]
    counted = numbers.counted
    if counted is not None:
        depth, gates = counted.depth, counted.gates
        shown = sum(g.impressions for g in gates)
        rate_30m = sum(g.converted_30m for g in gates) / shown if shown else None
        told += [
            f"starts {counted.totals.starts:,}",
            f"sittings {depth.sittings:,}, mean depth {number(depth.depth_mean)}, "
            f"90 % within {number(depth.depth_p90)}",
            f"{counted.series or 'no series'}: {_worst(counted.episodes)}",
            f"gates: {shown:,} shown, {percent(rate_30m)} converted",
        ]
    problems = [f"{name}: {'; '.join(h.problems)}" for name, h in numbers.workers.items() if h.problems]
    return " | ".join([*told, *problems, *([numbers.complaint] if numbers.complaint else [])])


def _flow(numbers: Numbers) -> Group:
    flow = Text.assemble(
        "collector ", (_rate(numbers.collector_s), "bold green"), " events/s   counted ",
        (_rate(numbers.events_s), "bold green"), " events/s   ",
        (f"{numbers.events:,}", "bold"), " events   lag ", (number(numbers.lag), "bold"), " messages",
    )  # fmt: skip
    for name, health in numbers.workers.items():
        flow.append("   ").append(_worker(name, health))
    return Group(flow, _totals(numbers.counted)) if numbers.counted else Group(flow)


def _rate(a_second: float | None) -> str:
    return "-" if a_second is None else f"{a_second:,.0f}"


def _totals(counted: Counted) -> Text:
    totals = counted.totals
    return Text(
        f"{totals.starts:,} starts   {totals.completes:,} completes   {totals.sittings:,} sittings   "
        f"{totals.impressions:,} gates shown   {totals.converted_30m:,} converted   "
        f"{dollars(totals.revenue_usd_micros)}   {totals.viewer_days:,} viewers"
    )


def _worker(name: str, health: Health) -> Text:
    if not health.problems:
        return Text.assemble(f"{name} ", (f"{len(health.partitions)} partitions", "green"))
    return Text.assemble(f"{name} ", ("; ".join(health.problems)[:60], "yellow"))


def _counts(counted: Counted) -> Columns:
    return Columns(
        [
            depth_table(counted.depth, most=ROWS - 1, width=8),
            _episodes(counted.series, counted.episodes),
            _gates(counted.gates),
        ],
        padding=(0, 2),
    )


def _episodes(series: str, episodes: Sequence[EpisodeDropOff]) -> Table:
    rows = table("ep", "starts", "completes", "drop-off", "", title=f"Drop-off of {series}", left=(4,))
    for e in episodes[:ROWS]:
        off = bar(e.drop_off or 0, 1, BAR)
        rows.add_row(str(e.episode_no), number(e.starts), number(e.completes), percent(e.drop_off), off)
    return rows


def _gates(gates: Sequence[GateConversion]) -> Table:
    rows = table("series", "ep", "shown", "30 min", "rate", "", title="Conversion by gate", left=(0, 5))
    for g in sorted(gates, key=lambda g: -g.impressions)[:ROWS]:
        rate = g.conversion_rate_30m
        rows.add_row(
            g.series_id, str(g.episode_no), number(g.impressions), number(g.converted_30m),
            percent(rate), bar(rate or 0, 1, BAR),
        )  # fmt: skip
    return rows


def _worst(episodes: Sequence[EpisodeDropOff]) -> str:
    known = [e for e in episodes if e.drop_off is not None and e.completes >= MANY_COMPLETES]
    if not known:
        return "no drop-off yet"
    worst = max(known, key=lambda e: e.drop_off or 0)
    return f"worst drop-off {percent(worst.drop_off)} after episode {worst.episode_no}"

"""Compute every row of every counter table at once, from the list of all events.

Written for obviousness, straight from the definitions in docs/metrics.md; it shares no code with the
pipeline, which is held against it. It knows no lateness and forgets nothing: give it only events that
are within both.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.oracle.build import viewer as build_viewer
from tests.oracle.days import viewer_days
from tests.oracle.paywall import paywall_minutes, unlock_minutes
from tests.oracle.playback import episode_minutes, exit_curves, sittings
from tests.oracle.rules import Rules

__all__ = ["COLUMNS", "Rules", "diff", "from_truth", "tables"]

COLUMNS = {
    "episode_minutes": (
        "previews starts fresh_starts valid_plays reached_25 reached_50 reached_75 reached_95 "
        "completes played_ms watched_ms continued_auto continued_deliberate stopped_at_gate",
        "",
    ),
    "exit_curves": ("", "plays_by_bin"),
    "sittings": ("sittings played_ms", "depth run deliberate"),
    "paywall_minutes": (
        "impressions first_impressions checkouts dismissals payment_failures conversions_coins "
        "conversions_ad conversions_subscription conversions_bundle converted_1m converted_5m "
        "converted_30m converted_24h played_after revenue_usd_micros",
        "",
    ),
    "unlock_minutes": ("unlocks coins_paid coins_bonus without_impression", ""),
    "viewer_days": (
        "active watched met_paywall started_checkout unlocked paid played_after_unlock",
        "",
    ),
}
"""Table -> its counters, its histograms."""


def tables(events: Iterable[dict], *, rules: Rules = Rules()) -> dict[str, dict[tuple, dict]]:  # noqa: B008
    """All rows: table -> {(window start in seconds, *dimensions): {counter: int, histogram: {bin: int}}}.

    Every event carries `received_at`. Copies of events change nothing. Rows and bins that are all
    zero are left out; the counters of a row are all there.
    """
    events_of = defaultdict(list)
    for event in events:
        if counts(event):
            events_of[event["viewer_id"]].append(event)

    rows = {table: {} for table in COLUMNS}
    for of_viewer in events_of.values():
        viewer = build_viewer(of_viewer, rules)
        add("episode_minutes", rows, episode_minutes(viewer, rules))
        add("exit_curves", rows, exit_curves(viewer))
        add("sittings", rows, sittings(viewer, rules))
        add("paywall_minutes", rows, paywall_minutes(viewer, rules))
        add("unlock_minutes", rows, unlock_minutes(viewer))
        add("viewer_days", rows, viewer_days(viewer, rules))
    return {
        table: {key: row for key, row in of_table.items() if any(row.values())}
        for table, of_table in rows.items()
    }


def counts(event):
    """Only production counts, and a request to be forgotten is no activity."""
    return event["event_type"] != "viewer_deletion" and event["environment"] == "production"


def empty_row(table):
    counters, histograms = COLUMNS[table]
    return dict.fromkeys(counters.split(), 0) | {name: {} for name in histograms.split()}


def add(table, rows, contributions):
    """Add the contributions to the rows of the table."""
    for key, contribution in contributions:
        row = rows[table].setdefault(key, empty_row(table))
        for name, value in contribution.items():
            if isinstance(value, dict):
                for bin_no, n in value.items():
                    row[name][bin_no] = row[name].get(bin_no, 0) + n
            else:
                row[name] += value


def from_truth(path) -> tuple[list[dict], Counter]:
    """Read a truth file of the simulator: its logical events, and how many bad lines per reason."""
    events, bad = [], Counter()
    for line in Path(path).read_text(encoding="utf-8").split("\n"):
        if not line:
            continue
        entry = json.loads(line)
        if "bad" in entry:
            bad[entry["bad"]] += 1
        else:
            events.append(entry["event"])
    return events, bad


def diff(expected, actual, *, limit: int = 20) -> list[str]:
    """What differs, one line a value: table, key, counter, both values. What is absent is 0."""
    found = []
    for table in sorted(expected.keys() | actual.keys()):
        left, right = expected.get(table, {}), actual.get(table, {})
        for key in sorted(left.keys() | right.keys(), key=repr):
            ours, theirs = cells(left.get(key, {})), cells(right.get(key, {}))
            found += [
                f"{table} {key} {cell}: expected {ours.get(cell, 0)}, got {theirs.get(cell, 0)}"
                for cell in sorted(ours.keys() | theirs.keys())
                if ours.get(cell, 0) != theirs.get(cell, 0)
            ]
    if len(found) > limit:
        return [*found[:limit], f"... and {len(found) - limit} more"]
    return found


def cells(row):
    """A row as {name of a counter or of a bin: value}."""
    flat = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}[{bin_no}]": n for bin_no, n in value.items()}
        else:
            flat[name] = value
    return flat

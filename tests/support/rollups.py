"""The views that are made of other rows: what they must say, summed in Python from the oracle's rows."""

from schemas.tables import COUNTER_TABLES, EXIT_CURVES, PAYWALL_MINUTES
from tests.oracle.oracle import add
from tests.support.pipeline import BASE_VIEWS

HOUR_S, DAY_S = 3600, 86_400
ROLLUPS = {
    f"{BASE_VIEWS[table.name].partition('_by_')[0]}_by_{unit}": (table, window_s)
    for table in COUNTER_TABLES
    for unit, window_s in (("hour", HOUR_S), ("day", DAY_S))
    if window_s > table.window_s
}
"""View -> its table, and its window in seconds."""

BINS = {"exit_curve_bins_by_hour": HOUR_S, "exit_curve_bins_by_day": DAY_S}
CONVERSION = "paywall_conversion"
CONVERSION_COUNTERS = ("impressions", "checkouts", "payment_failures", "converted_30m")
COMPARED = {*BASE_VIEWS.values(), *ROLLUPS, *BINS, CONVERSION}


def expected_rollups(rows):
    """What the derived views must say, by the rows of the base views: view -> key -> row."""
    found = {view: rolled_up(table.name, rows, window_s) for view, (table, window_s) in ROLLUPS.items()}
    for view, window_s in BINS.items():
        found[view] = binned(rolled_up(EXIT_CURVES.name, rows, window_s))
    found[CONVERSION] = {
        key: {name: row[name] for name in CONVERSION_COUNTERS}
        for key, row in rows.get(PAYWALL_MINUTES.name, {}).items()
    }
    return found


def actual_rollups(pipeline):
    """What they say. Of the bins, the empty ones are left out."""
    found = {
        view: pipeline.view(view, table.dimensions, table.counters + table.histograms)
        for view, (table, _) in ROLLUPS.items()
    }
    for view in BINS:
        found[view] = pipeline.view(
            f"(SELECT * FROM {view} WHERE plays != 0)",
            (*EXIT_CURVES.dimensions, "bin"),
            ("plays", "plays_at_or_past", "plays_total"),
        )
    found[CONVERSION] = pipeline.view(CONVERSION, PAYWALL_MINUTES.dimensions, CONVERSION_COUNTERS)
    return found


def rolled_up(table, rows, window_s):
    """The rows of a table in wider windows."""
    wider = {table: {}}
    add(
        table,
        wider,
        (((key[0] - key[0] % window_s, *key[1:]), row) for key, row in rows.get(table, {}).items()),
    )
    return wider[table]


def binned(curves):
    """A row for each bin of each curve that is not empty."""
    return {
        (*key, bin_no): {
            "plays": plays,
            "plays_at_or_past": sum(n for other, n in curve["plays_by_bin"].items() if other >= bin_no),
            "plays_total": sum(curve["plays_by_bin"].values()),
        }
        for key, curve in curves.items()
        for bin_no, plays in curve["plays_by_bin"].items()
    }

"""What a run found, as tables."""

from rich.table import Table

from tests.faults.outcome import median_and_worst


def say_wrong(console, outcome):
    """Print what was wrong, right when it is known."""
    for text in (*outcome.differences, *outcome.hangs, outcome.error):
        if text:
            console.print(text, markup=False, highlight=False)


def tables(outcomes):
    """Yield all tables of a run."""
    yield summary(outcomes)
    if any(outcome.kinds for outcome in outcomes):
        yield by_kind(outcomes)
    for outcome in outcomes:
        for title, rows in outcome.figures.items():
            yield figures(title, rows)


def summary(outcomes):
    """One scenario a line; times in seconds, median and worst."""
    names = ("", "fault", "cycles", "hit", "events", "rows", "wrong", "recovery", "stop", "took", "")
    made = Table(title=f"Faults, {sum(o.took_s for o in outcomes) / 60:.1f} minutes")
    for name in names:
        made.add_column(name, justify="left" if name in ("", "fault") else "right")
    for o in outcomes:
        stop = f"{max(o.stop_s):.1f}" if o.stop_s else ""
        made.add_row(
            o.scenario, o.title, str(o.cycles), str(o.hits), f"{o.events:,}", f"{o.rows:,}", str(o.wrong),
            o.recovery, stop, f"{o.took_s:.0f}", "ok" if o.passed else "FAILED",
        )  # fmt: skip
    return made


def by_kind(outcomes):
    """The recoveries of each kind of fault."""
    made = Table(title="Recovery, seconds: median / worst")
    for name in ("", "kind", "times", "recovery"):
        made.add_column(name, justify="right" if name in ("times", "recovery") else "left")
    for o in outcomes:
        for kind, seconds in o.kinds.items():
            made.add_row(o.scenario, kind, str(len(seconds)), median_and_worst(seconds))
    return made


def figures(title, rows):
    """A table of rows that are dicts of the same names."""
    made = Table(title=title)
    for name in rows[0] if rows else ():
        made.add_column(name, justify="left" if isinstance(rows[0][name], str) else "right")
    for row in rows:
        made.add_row(*(str(value) for value in row.values()))
    return made

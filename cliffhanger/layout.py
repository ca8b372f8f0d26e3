"""How numbers look in a terminal. Pure."""

from collections.abc import Sequence

from rich.table import Table

HOUR_MS = 3_600_000


def table(*columns: str, title: str, left: Sequence[int] = (0,)) -> Table:
    """Return an empty table; columns are right-aligned but those in `left`."""
    rows = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0))
    for place, name in enumerate(columns):
        rows.add_column(name, justify="left" if place in left else "right", no_wrap=True, header_style="dim")
    return rows


def number(value: float | None) -> str:
    """A count with separators, or a mean with two digits; a dash for nothing."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def percent(share: float | None) -> str:
    """A share as a percentage."""
    return "-" if share is None else f"{share:.1%}"


def dollars(micros: int) -> str:
    """Millionths of a US dollar in dollars and cents."""
    return f"${micros / 1e6:,.2f}"


def hours(milliseconds: int) -> str:
    """Milliseconds in hours."""
    return f"{milliseconds / HOUR_MS:,.1f}"


def bar(value: float, peak: float, width: int) -> str:
    """A bar of at most `width` characters; whatever is above 0 shows."""
    if value <= 0 or peak <= 0:
        return ""
    return "━" * max(1, round(width * min(value / peak, 1)))

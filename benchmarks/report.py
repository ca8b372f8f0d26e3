"""What a run found: tables on the terminal and, if asked for, all of it as JSON."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich import table as rich_table
from rich.console import Console

PACKAGES = ("msgspec", "orjson", "zstandard", "faust-streaming", "aiokafka", "clickhouse-driver", "chdb-core")


def median(values: Sequence[float]) -> float:
    """Return the median of the rounds."""
    return statistics.median(values)


def ratio(some: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the rounds' own ratios: what disturbs a round disturbs both sides."""
    return statistics.median(a / b for a, b in zip(some, others, strict=True))


class Table:
    """One table: a title, columns, rows, and what a reader must know."""

    def __init__(self, title: str, columns: Sequence[str], *, note: str = "") -> None:
        self.title = title
        self.columns = tuple(columns)
        self.note = note
        self.rows: list[tuple[Any, ...]] = []

    def row(self, *cells: Any) -> None:
        """Add a row: as many cells as there are columns."""
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} cells for {len(self.columns)} columns")
        self.rows.append(cells)


class Report:
    """Collects the tables of a run; prints each as soon as it is there."""

    def __init__(self, console: Console, *, rounds: int) -> None:
        self._console = console
        self._tables: list[Table] = []
        self.facts = machine() | {"rounds": rounds}

    def say(self, text: str) -> None:
        """Tell what is going on."""
        self._console.print(f"[dim]{text} ...[/dim]")

    def introduce(self) -> None:
        """Print the machine and the versions."""
        self._console.print("  ".join(f"{name}: {value}" for name, value in self.facts.items()))

    def add(self, table: Table) -> None:
        """Take a table and print it."""
        self._tables.append(table)
        shown = rich_table.Table(title=table.title, caption=table.note or None, caption_justify="left")
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if number else "left")
        for row in table.rows:
            shown.add_row(*(_text(cell) for cell in row))
        self._console.print(shown)

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        tables = [
            {"title": t.title, "note": t.note, "rows": [dict(zip(t.columns, r, strict=True)) for r in t.rows]}
            for t in self._tables
        ]
        path.write_text(json.dumps({"machine": self.facts, "tables": tables}, indent=2) + "\n")

    def write_markdown(self, path: Path) -> None:
        """Write everything as tables of Markdown, to be pasted into a page."""
        facts = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        path.write_text("\n".join([facts, "", *(_markdown(table) for table in self._tables)]))


def machine() -> dict[str, Any]:
    """Return what the numbers were measured on and with."""
    packages = {name: version(name) for name in PACKAGES}
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "python": platform.python_version(),
        **packages,
    }


def _cpu_model() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _text(cell: Any) -> str:
    return f"{cell:,}" if isinstance(cell, int | float) else str(cell)


def _markdown(table: Table) -> str:
    lines = [table.columns, ("---", *("---:" for _ in table.columns[1:])), *table.rows]
    rows = "\n".join(f"| {' | '.join(_text(cell) for cell in line)} |" for line in lines)
    return f"**{table.title}**\n\n{rows}\n" + (f"\n{table.note}\n" if table.note else "")

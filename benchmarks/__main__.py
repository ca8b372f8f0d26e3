"""`python -m benchmarks [NAME ...]`: run benchmarks and print what they found."""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from rich.console import Console

from benchmarks.report import Report

NAMES = ("fold", "state")
WIDTH = 130
"""Columns of the widest table."""


def main() -> None:
    """Run the benchmarks that the command line names, all if it names none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all without")
    parser.add_argument("--rounds", type=int, default=5, help="each figure is the median of so many (5)")
    parser.add_argument("--quick", action="store_true", help="smaller: does it run, not how fast is it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file as well")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    console = Console()
    console.width = max(console.width, WIDTH)
    report = Report(console, rounds=options.rounds)
    report.introduce()
    for name in options.names or NAMES:
        run: Callable[..., None] = import_module(f"benchmarks.{name}").run
        run(report, rounds=options.rounds, quick=options.quick)
    if options.json:
        report.write(options.json)


if __name__ == "__main__":
    main()

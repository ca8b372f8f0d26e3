"""`python -m benchmarks [NAME ...]`: run benchmarks and print what they found."""

import argparse
import gc
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from rich.console import Console

from benchmarks.report import Report
from streams.app import GC_THRESHOLDS

NAMES = ("fold", "state", "drain", "latency", "clickhouse", "collector")
ROUNDS = 5
WIDTH = 130
"""Columns of the widest table."""


def main() -> None:
    """Run the benchmarks that the command line names, all if it names none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all without")
    parser.add_argument("--rounds", type=int, help=f"each figure is the median of so many ({ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="small, one round: does it run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file as well")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="... and as tables of Markdown")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    rounds = options.rounds if options.rounds is not None else 1 if options.quick else ROUNDS
    if rounds < 1:
        parser.error("--rounds: at least 1")
    gc.set_threshold(*GC_THRESHOLDS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended on the way out
    console = Console()
    console.width = max(console.width, WIDTH)
    report = Report(console, rounds=rounds)
    report.introduce()
    for name in options.names or NAMES:
        run: Callable[..., None] = import_module(f"benchmarks.{name}").run
        run(report, rounds=rounds, quick=options.quick)
    if options.json:
        report.write(options.json)
    if options.markdown:
        report.write_markdown(options.markdown)


if __name__ == "__main__":
    main()

"""`python -m tests.faults [T1 T3 ...]`: torment the pipeline, compare with the truth, print the table."""

import argparse
import json
import logging
import secrets
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from devstack import DevStack, free_ports
from tests.faults import harness
from tests.faults.scenarios import SCENARIOS
from tests.support.pipeline import ROOT


def main():
    arguments = parse()
    for library in ("clickhouse_driver", "kafka"):  # they tell of every fault at length
        logging.getLogger(library).setLevel(logging.CRITICAL)
    names = arguments.scenarios or list(SCENARIOS)
    unknown = sorted(set(names) - set(SCENARIOS))
    if unknown:
        sys.exit(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(1_000_000)
    console = Console(stderr=True)
    console.print(f"seed {seed}: python -m tests.faults {' '.join(names)} --seed {seed}")
    home = Path(tempfile.mkdtemp(prefix="faults-stack-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    stack = DevStack(home, free_ports(), jars=ROOT / ".devstack" / "jars")
    harness.MOST_MINUTES = arguments.minutes or harness.MOST_MINUTES
    outcomes = []
    try:
        stack.up()
        for name in names:
            sizes = {k: v for k in ("cycles", "events") if (v := getattr(arguments, k)) is not None}
            outcomes.append(SCENARIOS[name](stack, seed=seed, say=said_by(console), **sizes))
            report(console, outcomes[-1])
            if arguments.json:
                arguments.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    finally:
        for service in stack.services:
            service.resume()
        stack.down()
        shutil.rmtree(home, ignore_errors=True)
    Console().print(table(outcomes))
    sys.exit(any(not outcome.passed for outcome in outcomes))


def parse():
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("scenarios", nargs="*", help=f"of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--cycles", type=int, help="faults per scenario, instead of its own number")
    parser.add_argument("--events", type=int, help="events per scenario, instead of its own number")
    parser.add_argument("--seed", type=int, help="of the events and of the faults")
    parser.add_argument("--minutes", type=float, help="begin no further cycle of a scenario after so long")
    parser.add_argument("--json", type=Path, help="where to write all that was measured")
    return parser.parse_args()


def said_by(console):
    began = time.monotonic()
    return lambda text: console.print(f"{time.monotonic() - began:7.1f} s  {text}", highlight=False)


def report(console, outcome):
    for text in (*outcome.differences, *outcome.hangs, outcome.error):
        if text:
            console.print(text, markup=False, highlight=False)


def table(outcomes):
    """What the run found, one scenario a line; times in seconds, median and worst."""
    made = Table(title="Faults")
    for name in ("", "fault", "cycles", "hit", "events", "rows", "wrong", "recovery", "stop", "took", ""):
        made.add_column(name, justify="left" if name in ("", "fault") else "right")
    for o in outcomes:
        stop = f"{max(o.stop_s):.1f}" if o.stop_s else ""
        made.add_row(
            o.scenario, o.title, str(o.cycles), str(o.hits), f"{o.events:,}", f"{o.rows:,}", str(o.wrong),
            o.recovery, stop, f"{o.took_s:.0f}", "ok" if o.passed else "FAILED",
        )  # fmt: skip
    return made


if __name__ == "__main__":
    main()

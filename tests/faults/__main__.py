"""`python -m tests.faults [T1 T3 ... | soak | recovery]`: torment the pipeline, compare with the truth."""

import argparse
import inspect
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

from devstack import DevStack, free_ports
from tests.faults import budget
from tests.faults.broken import HOW
from tests.faults.report import say_wrong, tables
from tests.faults.scenarios import LONG, SCENARIOS
from tests.support.pipeline import ROOT

WIDTH = 160
OPTIONS = ("cycles", "events", "minutes", "rate", "speed", "calm", "viewers", "broken")
"""Of those a scenario gets what it takes."""


def main():
    arguments = parse()
    for library in ("clickhouse_driver", "kafka"):  # they tell of every fault at length
        logging.getLogger(library).setLevel(logging.CRITICAL)
    known = SCENARIOS | LONG
    names = arguments.scenarios or list(SCENARIOS)
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"no such scenario: {', '.join(unknown)}; there are {', '.join(known)}")
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(1_000_000)
    console = Console(stderr=True)
    console.print(f"seed {seed}: python -m tests.faults {' '.join(names)} --seed {seed}")
    home = Path(tempfile.mkdtemp(prefix="faults-stack-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    stack = DevStack(home, free_ports(), jars=ROOT / ".devstack" / "jars")
    if arguments.minutes:
        budget.MINUTES = dict.fromkeys(budget.MINUTES, arguments.minutes)
    outcomes = []
    try:
        stack.up()
        for name in names:
            options = options_of(known[name], arguments)
            outcomes.append(known[name](stack, seed=seed, say=said_by(console), **options))
            say_wrong(console, outcomes[-1])
            if arguments.json:
                arguments.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    finally:
        for service in stack.services:
            service.resume()
        stack.down()
        shutil.rmtree(home, ignore_errors=True)
    wide = Console(width=max(Console().width, WIDTH))
    for table in tables(outcomes):
        wide.print(table)
    sys.exit(any(not outcome.passed for outcome in outcomes))


def parse():
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    named = f"of {', '.join(SCENARIOS)}; all of these by default. Or of {', '.join(LONG)}"
    parser.add_argument("scenarios", nargs="*", help=named)
    parser.add_argument("--cycles", type=int, help="faults per scenario, instead of its own number")
    parser.add_argument("--events", type=int, help="events per scenario, instead of its own number")
    parser.add_argument("--seed", type=int, help="of the events and of the faults")
    minutes = "of the soak; of another scenario, after so long it begins no further cycle"
    parser.add_argument("--minutes", type=float, help=minutes)
    parser.add_argument("--rate", type=int, help="of the soak: events a second")
    parser.add_argument("--speed", type=int, help="of the soak: simulated seconds a second")
    parser.add_argument("--calm", action="store_true", help="a soak without faults")
    parser.add_argument("--broken", choices=HOW, help="of the soak: workers broken on purpose; it must fail")
    parser.add_argument("--viewers", type=int, help="of recovery: in the state that is loaded")
    parser.add_argument("--json", type=Path, help="where to write all that was measured")
    return parser.parse_args()


def options_of(scenario, arguments):
    """What was said on the command line that the scenario takes."""
    taken = inspect.signature(scenario).parameters
    given = {name: getattr(arguments, name) for name in OPTIONS if name in taken}
    return {name: value for name, value in given.items() if value is not None}


def said_by(console):
    began = time.monotonic()
    return lambda text: console.print(f"{time.monotonic() - began:7.1f} s  {text}", highlight=False)


if __name__ == "__main__":
    main()

"""Asks workers and collectors for their pages, over HTTP. What does not answer is not well."""

import json
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

TIMEOUT_S = 2.0
LINES_TOTAL = "cliffhanger_lines_total{"
EVENTS_TOTAL = "cliffhanger_collector_events_total{"


class Partition(NamedTuple):
    """A partition as its worker sees it; `lag` in messages, None when unknown."""

    partition: int
    lag: int | None


class Health(NamedTuple):
    """What a worker says of itself; no problems: it is well."""

    worker: str
    problems: list[str]
    partitions: list[Partition]


def ask(address: str) -> Health:
    """Ask one worker how it is; a worker that does not answer has that as its problem."""
    try:
        try:
            with urlopen(f"http://{address}/health", timeout=TIMEOUT_S) as page:
                said = json.load(page)
        except HTTPError as unwell:  # 503: it is there, and says what is wrong
            said = json.load(unwell)
        return Health(
            said["worker"],
            list(said["problems"]),
            [Partition(p["partition"], p["lag"]) for p in said["partitions"]],
        )
    except (URLError, OSError, ValueError, KeyError, TypeError) as error:
        return Health("?", [f"no health page ({error})"], [])


def is_ready(address: str) -> bool | None:
    """Whether a collector takes events, by its page for operations; None when it does not answer."""
    try:
        with urlopen(f"http://{address}/readyz", timeout=TIMEOUT_S):
            return True
    except HTTPError:
        return False
    except (URLError, OSError, ValueError):
        return None


def lines_folded(address: str) -> int | None:
    """How many lines a worker has folded since it started, or None when it does not answer."""
    return _sum(address, LINES_TOTAL)


def events_taken(address: str) -> int | None:
    """How many events a collector has taken since it started, or None when it does not answer."""
    return _sum(address, EVENTS_TOTAL)


def _sum(address: str, series: str) -> int | None:
    try:
        with urlopen(f"http://{address}/metrics", timeout=TIMEOUT_S) as page:
            text: str = page.read().decode()
    except (URLError, OSError, ValueError):
        return None
    return sum(int(float(line.rpartition(" ")[2])) for line in text.splitlines() if line.startswith(series))

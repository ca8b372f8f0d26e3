"""Which quarantined lines a replay sends, when they are sealed."""

import pytest

from cliffhanger.quarantine import of_workers
from runtime.errors import SealError
from runtime.sealing import Seal
from schemas.reasons import Reason
from warehouse.writer import QuarantinedLine

KEY = b"k" * 32


def stored(offset, line):
    return QuarantinedLine(1, 0, offset, 0, Reason.LATE, line, 1_700_000_000_000)


LINES = [
    stored(1, b'{"plain":1}'),
    stored(2, Seal((KEY,), "worker").line(b'{"of":"a worker"}', Reason.LATE)),
    stored(3, Seal((KEY,), "collector").line(b'{"viewer_id":"alice"}', Reason.LATE)),
]


def test_what_workers_sealed_is_opened_and_what_the_collector_refused_stays():
    found = of_workers(iter(LINES), Seal((KEY,)))
    assert [(line.offset, line.line) for line in found] == [(1, b'{"plain":1}'), (2, b'{"of":"a worker"}')]


def test_sealed_lines_are_not_replayed_without_the_key():
    with pytest.raises(SealError, match="CLIFFHANGER_QUARANTINE_KEY"):
        list(of_workers(iter(LINES), None))
    with pytest.raises(SealError, match="not among those given"):
        list(of_workers(iter(LINES), Seal((b"x" * 32,))))

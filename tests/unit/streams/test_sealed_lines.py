"""A sealed line stands for one that the collector refused: the worker takes it with the reason it names."""

import json

import pytest

from runtime.sealing import Seal
from schemas.fields import MAX_LINE_BYTES, MAX_MESSAGE_BYTES
from schemas.reasons import Reason
from schemas.rules import FoldRules
from streams.decode import decode, judge
from streams.fold import apply
from streams.partition import Partition
from tests.unit.streams.contract import EXAMPLES, line_of

SEAL = Seal((b"k" * 32,), "collector")
GOOD = line_of(EXAMPLES["heartbeat"])


def sealed(**changed):
    """A sealed line with other fields, as no collector writes it."""
    fields = json.loads(SEAL.line(b"line", Reason.LATE)) | changed
    return json.dumps({k: v for k, v in fields.items() if v is not None}, separators=(",", ":")).encode()


@pytest.mark.parametrize("reason", list(Reason))
def test_a_sealed_line_is_quarantined_with_the_reason_it_names(reason):
    assert judge(SEAL.line(b"line", reason)) is reason


def test_its_neighbours_count_and_every_line_is_accounted_for():
    partition = Partition(FoldRules())
    payload = b"\n".join([GOOD, SEAL.line(b"line", Reason.NOT_ALLOWED), GOOD])
    rejects = apply(partition, 0, EXAMPLES["heartbeat"]["received_at"], payload)
    assert rejects == [(1, Reason.NOT_ALLOWED)]
    tally = partition.tally
    assert (tally.received, tally.applied, tally.redundant, tally.quarantined) == (3, 1, 1, 1)


def test_a_line_at_the_limit_keeps_its_reason_when_sealed():
    line = SEAL.line(b"x" * MAX_LINE_BYTES, Reason.NOT_JSON)
    assert len(line) > MAX_LINE_BYTES
    assert judge(line) is Reason.NOT_JSON


def test_a_line_that_was_too_large_stays_so_whatever_it_grew_to():
    line = SEAL.line(b"x" * (MAX_MESSAGE_BYTES - 1), Reason.TOO_LARGE)
    assert decode(line).rejects == [(0, Reason.TOO_LARGE)]


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "unheard_of"}, {"reason": None}, {"reason": 1}, {"sealed": None}, {"sealed": 1},
        {"key_id": None},
        {"sealed_by": "somebody"}, {"sealed_by": None},
    ],
)  # fmt: skip
def test_what_only_looks_sealed_is_an_unknown_event(changed):
    """Who writes straight to the topic does not choose a reason that is not on the list."""
    assert judge(sealed(**changed)) is Reason.UNKNOWN_EVENT_TYPE


def test_a_long_line_that_only_begins_as_sealed_is_too_large():
    assert judge(sealed(sealed="x" * MAX_LINE_BYTES, reason="unheard_of")) is Reason.TOO_LARGE


def test_a_sealed_line_is_never_an_event():
    assert decode(SEAL.line(GOOD, Reason.LATE)).events == []

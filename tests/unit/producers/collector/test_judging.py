"""The collector judges as the contract says, and whatever it lets in the workers can use.

Every field of every event is given every value of a list of all kinds: the collector, the models and the
workers' decoder must agree on it.
"""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.collector.contract import EVENT_TYPES, fast, texts
from producers.collector.judging import encode, judge
from producers.simulator.malformed import KINDS
from schemas.fields import MAX_LINE_BYTES, MAX_TIME_MS
from schemas.reasons import Reason
from streams.decode import judge as judge_of_the_worker
from tests.unit.streams.contract import EXAMPLES, MODELS, NOON, line_of, verdict_of_the_contract

NOW_MS = NOON + 60_000
ABSENT = object()
ARM = {"id": "x", "variant": "a"}
OFFER = {"offer_id": "o", "method": "coins"}
VALUES: list[Any] = [
    ABSENT, None, True, False, 0, 1, -1, 2, 255, 256, 10_000, 10_001, 86_400_000, 86_400_001, MAX_TIME_MS,
    MAX_TIME_MS + 1, 10**9, 10**9 + 1, 10**15, 10**15 + 1, -(10**15), -(10**15) - 1, 2**63, 10**30, 0.0, 1.0,
    1.5, -0.5, "", "a", "a" * 128, "a" * 129, "\U0001f600" * 128, "with a space", "1", "true", "US", "us",
    "USA", "US\n", "ios", "production", "never", "tap", "auto_next", "completed", "coins", "bundle",
    "a\0b", "a\nb", "a\x7fb", "a\xadb", "a\u200db", "a\ue000b", "a\U00013439b",
    "new \U0001fae8", "unassigned \u0378", "0" * 36,
    EXAMPLES["pause"]["event_id"].upper(),
    EXAMPLES["pause"]["event_id"] + "\n", {}, [], [{}], ["x"], [ARM] * 32, [ARM] * 33, [ARM | {"id": ""}],
    [ARM | {"variant": "\x7f"}], [ARM | {"id": 1}], [OFFER] * 64, [OFFER] * 65, [OFFER | {"coins": -1}],
    [OFFER | {"currency": "usd"}], [OFFER | {"method": None}], {"channel": 1}, {"channel": "x" * 500},
    {"channel": None, "campaign": "y", "other": 1}, {"id": "x"},
]  # fmt: skip
_EQUAL_IN_PYTHON = {("schema_version", "True"), ("schema_version", "1.0")}
"""What the models let pass, since 1, 1.0 and true are equal in Python. Collector and workers refuse it."""


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_value_of_every_field_is_judged_as_the_contract_says(name):
    for field in MODELS[name].model_fields:
        for value in VALUES:
            event = EXAMPLES[name] | {field: value}
            if value is ABSENT:
                del event[field]
            assert_judged_alike(line_of(event), exempt=(field, repr(value)) in _EQUAL_IN_PYTHON)


def assert_judged_alike(line: bytes, *, exempt: bool = False) -> None:
    ours, theirs = judge(line, NOW_MS), verdict_of_the_contract(line)
    if exempt:
        assert ours is Reason.WRONG_TYPE
    elif isinstance(theirs, Reason):
        assert ours == theirs, line
    elif ours is Reason.CLOCK_UNUSABLE:
        assert theirs.sent_at - theirs.occurred_at > NOW_MS
    else:
        assert_written_alike(ours, theirs, line)
    of_the_worker = judge_of_the_worker(line)
    if isinstance(of_the_worker, Reason):
        assert ours == of_the_worker, line


def assert_written_alike(ours: Any, theirs: Any, line: bytes) -> None:
    """What the collector writes is the event, with its own time of receipt, to models and workers alike."""
    assert not isinstance(ours, Reason), (ours, line)
    written = encode(ours)
    expected = theirs.model_copy(update={"received_at": NOW_MS})
    assert verdict_of_the_contract(written) == expected, line
    worker, original = judge_of_the_worker(written), judge_of_the_worker(line)
    for field in set(original.__struct_fields__) - {"received_at"}:
        assert getattr(worker, field) == getattr(original, field), field


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_the_simulator_breaks_has_the_reason_that_it_says(kind):
    reason, broken = KINDS[kind]
    text = json.dumps(EXAMPLES["heartbeat"], separators=(",", ":"))
    for seed in range(10):
        assert judge(broken(text, Random(seed)), NOW_MS) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"NaN", Reason.NOT_JSON), (b"-Infinity", Reason.NOT_JSON), (b'"\\ud800"', Reason.NOT_JSON),
        (b'"\xff"', Reason.NOT_JSON), (b'"\x00"', Reason.NOT_JSON), (b'"\\u0000"', Reason.INVALID_VALUE),
        (b"1e400", Reason.INVALID_VALUE), (b"[" * 15_000 + b"]" * 15_000, Reason.NOT_JSON),
    ],
)  # fmt: skip
def test_what_json_cannot_say_is_refused(text, reason):
    line = line_of(EXAMPLES["pause"]).replace(b'"viewer 1"', text)
    assert judge(line, NOW_MS) is reason
    assert judge_of_the_worker(line) is reason


def test_a_number_that_no_float_holds_is_no_rate():
    """The models read infinity there."""
    line = line_of(EXAMPLES["heartbeat"] | {"rate": 7.25}).replace(b"7.25", b"1e400")
    assert judge(line, NOW_MS) is Reason.INVALID_VALUE


def test_what_the_contract_does_not_name_does_not_get_in():
    event = judge(line_of(EXAMPLES["pause"] | {"ip": "192.0.2.1", "note": ["free text"]}), NOW_MS)
    assert set(json.loads(encode(event))) <= set(EXAMPLES["pause"])


def test_a_field_that_stands_twice_gets_in_once():
    line = line_of(EXAMPLES["pause"])[:-1] + b',"viewer_id":"another"}'
    assert encode(judge(line, NOW_MS)).count(b'"viewer_id"') == 1


def test_received_at_is_the_collectors_whatever_the_sender_says():
    assert judge(line_of(EXAMPLES["pause"] | {"received_at": 1}), NOW_MS).received_at == NOW_MS


def test_a_clock_that_would_put_the_event_before_1970_is_unusable():
    event = EXAMPLES["pause"] | {"occurred_at": 0, "sent_at": NOW_MS}
    assert not isinstance(judge(line_of(event), NOW_MS), Reason)
    assert judge(line_of(event | {"sent_at": NOW_MS + 1}), NOW_MS) is Reason.CLOCK_UNUSABLE


def test_the_limit_of_a_line_is_inside():
    line = line_of(EXAMPLES["pause"])
    padded = line[:-1] + b" " * (MAX_LINE_BYTES - len(line)) + b"}"
    assert not isinstance(judge(padded, NOW_MS), Reason)
    assert judge(padded[:-1] + b" }", NOW_MS) is Reason.TOO_LARGE
    assert judge(line, NOW_MS, len(line) - 1) is Reason.TOO_LARGE


def test_both_know_the_same_events_and_every_text():
    assert MODELS.keys() == EVENT_TYPES
    for name, model in MODELS.items():
        event = judge(line_of(EXAMPLES[name]), NOW_MS)
        assert type(event) is fast(model)
        said = json.dumps(EXAMPLES[name])
        assert all(json.dumps(text) in said for text in texts(event))
    assert "a" in set(texts(judge(line_of(EXAMPLES["pause"]), NOW_MS)))


@given(line=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "ignore")))
def test_any_bytes_are_judged(line):
    assert isinstance(judge(line, NOW_MS), Reason)

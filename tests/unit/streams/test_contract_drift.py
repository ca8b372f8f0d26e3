"""The decoder of the workers and the models of the contract are one contract, written twice.

Every field of every event is broken in every way that suits it; both must refuse it, for the same reason.
"""

from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import fields
from schemas.reasons import Reason
from schemas.rules import FoldRules
from schemas.topics import PLAYER_EVENTS
from streams.decode import decode, judge
from streams.fold import apply
from streams.partition import Partition
from tests.unit.streams.contract import EXAMPLES, LINES, MODELS, line_of, verdict_of_the_contract
from tests.unit.streams.field_values import ABSENT, anything, inside, kind_of, outside

_ALWAYS = {"app_session_id", "app_version", "acquisition", "experiments"}
_EPISODE = {"episode_id", "audio_language", "is_free"}
_PAYMENT = {"amount_minor", "currency", "store"}
CARRIED: dict[str, set[str]] = {
    "play_start": _ALWAYS | _EPISODE,
    "heartbeat": _ALWAYS | {"bitrate_kbps", "buffered_ms", "foreground", "rate"},
    "pause": _ALWAYS,
    "resume": _ALWAYS,
    "seek": _ALWAYS | {"from_ms", "to_ms"},
    "stall": _ALWAYS | {"stalled_ms"},
    "player_error": _ALWAYS | {"code", "fatal"},
    "play_end": _ALWAYS | {"end_reason"},
    "paywall_impression": (_ALWAYS - {"experiments"})
    | _EPISODE
    | {"coin_balance", "coin_price", "duration_ms", "offers"},
    "paywall_dismiss": _ALWAYS | {"dwell_ms"},
    "checkout_start": _ALWAYS | {"offer_id"},
    "purchase": _ALWAYS | _PAYMENT,
    "purchase_failed": _ALWAYS | _PAYMENT | {"amount_usd_micros", "product_type", "transaction_id"},
    "refund": _ALWAYS | _PAYMENT | {"product_type"},
    "ad_reward": _ALWAYS,
    "unlock": _ALWAYS | _EPISODE | {"duration_ms", "paywall_no"},
    "viewer_deletion": set(),
}
"""Fields of the contract that decide no number. The workers neither read nor judge them: a collector does."""

_STRICTER = {("schema_version", "boolean for integer"), ("schema_version", "float for integer")}
"""What the models let pass, since 1, 1.0 and true are equal in Python, and the workers refuse."""

_TYPES = sorted(MODELS)


def test_both_know_the_same_events():
    assert LINES.keys() == MODELS.keys() == EXAMPLES.keys() == CARRIED.keys()


@pytest.mark.parametrize("name", _TYPES)
def test_every_field_of_the_contract_is_read_or_carried(name):
    of_contract = set(MODELS[name].model_fields) - {"event_type"}
    assert set(LINES[name].__struct_fields__) == of_contract - CARRIED[name]
    assert of_contract >= CARRIED[name]


@pytest.mark.parametrize("name", _TYPES)
def test_an_example_of_every_field_reads_the_same(name):
    assert set(EXAMPLES[name]) == set(MODELS[name].model_fields)
    assert_same(EXAMPLES[name])


@pytest.mark.parametrize("name", _TYPES)
def test_what_may_be_absent_or_null_reads_the_same(name):
    for field, info in MODELS[name].model_fields.items():
        if not info.is_required():
            assert_same({k: v for k, v in EXAMPLES[name].items() if k != field})
            if type(None) in get_args(info.annotation):
                assert_same(EXAMPLES[name] | {field: None})


@pytest.mark.parametrize("name", _TYPES)
def test_unknown_fields_are_allowed_and_ignored(name):
    assert_same(EXAMPLES[name] | {"new": {"in": ["the", "next", None, 1.5, True]}})


@pytest.mark.parametrize("name", _TYPES)
def test_limits_are_inside(name):
    for field in LINES[name].__struct_fields__:
        for value in inside(MODELS[name].model_fields[field]):
            assert_same(
                EXAMPLES[name] | {"sent_at": fields.MAX_TIME_MS} | {field: value} | _in_order(field, value)
            )


def _in_order(field: str, value: Any) -> dict[str, Any]:
    """No event is sent before it occurred."""
    return {"occurred_at": 0} if field == "sent_at" else {"sent_at": value} if field == "occurred_at" else {}


def assert_same(event: dict[str, Any]) -> None:
    line = line_of(event)
    ours, theirs = judge(line), verdict_of_the_contract(line)
    assert not isinstance(theirs, Reason), (theirs, event)
    assert not isinstance(ours, Reason), (ours, event)
    assert ours.__struct_config__.tag == theirs.event_type
    for field in ours.__struct_fields__:
        expected = getattr(theirs, field)
        found = getattr(ours, field)
        if field == "experiments":
            assert [(e.id, e.variant) for e in found] == [(e.id, e.variant) for e in expected]
        else:
            assert (type(found), found) == (type(expected), expected), field


def _faults() -> list[Any]:
    """(event, field, what is wrong, value) for every declared field of every event, once a fault."""
    found = []
    for name in _TYPES:
        for field in ("event_type", *LINES[name].__struct_fields__):
            info = MODELS[name].model_fields[field]
            for fault, value in outside(field, info).items():
                found.append(pytest.param(name, field, fault, value, id=f"{name}-{field}-{fault}"))
    return found


@pytest.mark.parametrize(("name", "field", "fault", "value"), _faults())
def test_a_fault_is_refused_by_both_for_the_same_reason(name, field, fault, value):
    event = EXAMPLES[name] | {field: value}
    if value is ABSENT:
        del event[field]
    line = line_of(event)
    ours = judge(line)
    assert isinstance(ours, Reason)
    assert decode(line + b"\n" + line).rejects == [(0, ours), (1, ours)]
    if (field, fault) in _STRICTER:
        assert ours is Reason.WRONG_TYPE
    else:
        assert ours == verdict_of_the_contract(line)


@pytest.mark.parametrize("name", _TYPES)
@pytest.mark.parametrize("text", [b'"\\ud800"', b'"\\udfff\\ud800"', b'"\xff"', b'"\x01"', b'"\xed\xa0\x80"'])
def test_text_that_is_no_text_is_no_json_to_either(name, text):
    line = line_of(EXAMPLES[name]).replace(b'"viewer 1"', text)
    assert judge(line) == verdict_of_the_contract(line) == Reason.NOT_JSON


@pytest.mark.parametrize("name", _TYPES)
def test_a_clock_that_runs_backwards_is_refused_by_both(name):
    line = line_of(EXAMPLES[name] | {"sent_at": EXAMPLES[name]["occurred_at"] - 1})
    assert verdict_of_the_contract(line) == Reason.CLOCK_UNUSABLE
    assert folded(line) == [Reason.CLOCK_UNUSABLE]


def folded(line: bytes) -> list[Reason]:
    return [r.reason for r in apply(Partition(FoldRules()), 0, EXAMPLES["pause"]["received_at"], line)]


@pytest.mark.parametrize("name", _TYPES)
def test_the_closed_lists_are_written_once(name):
    """A `Literal` of the models and the tuple of its values in fields.py are the same list."""
    lists = {getattr(fields, listed) for listed in dir(fields) if isinstance(getattr(fields, listed), tuple)}
    for field, info in MODELS[name].model_fields.items():
        kind = kind_of(info)
        if get_origin(kind) is Literal and field not in ("event_type", "schema_version"):
            assert get_args(kind) in lists


@st.composite
def _any_event(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(_TYPES))
    event = dict(EXAMPLES[name])
    declared = [f for f in LINES[name].__struct_fields__ if f not in ("occurred_at", "sent_at")]
    for field in draw(st.lists(st.sampled_from(declared), max_size=4, unique=True)):
        info = MODELS[name].model_fields[field]
        if draw(st.integers(0, 5)) == 0 and not info.is_required():
            del event[field]
        else:
            event[field] = draw(anything(info))
    return event


@given(event=_any_event())
def test_any_event_is_judged_alike(event):
    line = line_of(event)
    theirs = verdict_of_the_contract(line)
    if isinstance(theirs, Reason):
        assert judge(line) == theirs
    else:
        assert_same(event)


def test_the_limit_of_a_message_fits_the_topic():
    assert int(PLAYER_EVENTS.config["max.message.bytes"]) >= fields.MAX_MESSAGE_BYTES


@pytest.mark.parametrize("text", ["got `null`", ", got `str`", "missing required field"])
def test_what_a_sender_writes_does_not_choose_the_reason(text):
    """A value outside of its list took the reason that its own text happened to spell."""
    assert judge(line_of(EXAMPLES["pause"] | {"platform": text})) == Reason.INVALID_VALUE


def test_of_faults_in_several_fields_the_one_met_first_is_given():
    """The workers stop at the first fault of a field; the contract names them all."""
    event = EXAMPLES["pause"] | {"position_ms": "1"}
    del event["viewer_id"]
    assert judge(line_of(event)) in {Reason.MISSING_FIELD, Reason.WRONG_TYPE}

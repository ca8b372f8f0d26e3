"""Adapters meet anything: each body is translated or refused, and copies and disorder change no event."""

import copy
import json
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.adapters import ga4, revenuecat, segment, snowplow_tp2
from producers.adapters.translation import Context, UntranslatableError
from tests.support.collector import PLAYER, WEBHOOK, Collector
from tests.unit.producers.adapters.vocabulary import FIXTURES

CONTEXT = Context(1_772_395_500_000)
ADAPTERS = {
    "segment_batch.json": segment.translate,
    "segment_track.json": segment.translate,
    "snowplow_v2.json": snowplow_tp2.translate,
    "ga4_video.json": ga4.translate,
    "ga4_purchase.json": ga4.translate,
    "revenuecat_coins.json": revenuecat.translate,
    "revenuecat_refund.json": revenuecat.translate,
    "revenuecat_spent.json": revenuecat.translate,
}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**63) - 1, 10**30, 0, -1])
    | st.floats()
    | st.sampled_from([1e308, -1e308, 5e-324])
    | st.text()
    | st.sampled_from(["", "\x00", "\ud800", "9" * 30, "0001-01-01T00:00:00+23:59", "9999-12-31", "NaN", "-"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
BODIES = {name: msgspec.json.decode((FIXTURES / name).read_bytes()) for name in ADAPTERS}


def places(value, path=()):
    """Every path into a value."""
    yield path
    if isinstance(value, dict | list):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[step], (*path, step))


def planted(body, path, value):
    """A copy of the body with another value at the path; copied only along it."""
    if not path:
        return value
    here = body.copy()
    here[path[0]] = planted(body[path[0]], path[1:], value)
    return here


def translated(name, body):
    """The translation, or None for a clean refusal. Anything else that is raised fails the test."""
    try:
        translation = ADAPTERS[name](body, CONTEXT)
    except UntranslatableError:
        return None
    assert translation.ignored >= 0
    return translation


@pytest.mark.parametrize("name", ADAPTERS)
@given(value=ANYTHING, other=ANYTHING)
@settings(max_examples=20, deadline=None)
def test_any_value_in_any_place_is_translated_or_refused(name, value, other):
    body, paths = BODIES[name], list(places(BODIES[name]))
    for place, path in enumerate(paths):
        hostile = planted(body, path, value)
        translated(name, hostile)
        second = paths[place // 2]
        if second[: len(path)] != path and path[: len(second)] != second:
            translated(name, planted(hostile, second, other))


@pytest.mark.parametrize("name", ADAPTERS)
@given(body=ANYTHING)
@settings(max_examples=100, deadline=None)
def test_any_body_is_translated_or_refused(name, body):
    translated(name, body)


@given(
    inner=ANYTHING, around=ANYTHING, schema=st.sampled_from(["a", "iglu:", "iglu:x/episode/jsonschema/1-0-0"])
)
@settings(max_examples=200, deadline=None)
def test_anything_inside_a_snowplow_parameter_is_set_aside_or_read(inner, around, schema):
    def parameter(value):
        try:
            return json.dumps({"data": value})
        except RecursionError:
            return "["

    name = "snowplow_v2.json"
    good = BODIES[name]["data"][2]
    hostile = [
        {**good, "ue_pr": parameter(inner)},
        {**good, "ue_pr": parameter({"schema": schema, "data": inner})},
        {**good, "co": parameter([{"schema": schema, "data": around}])},
        {**good, "co": parameter(around)},
    ]
    assert translated(name, {**BODIES[name], "data": hostile}) is not None


LISTS = {"segment_batch.json": "batch", "snowplow_v2.json": "data", "ga4_video.json": "events"}


@pytest.mark.parametrize("name", LISTS)
@given(seed=st.integers(), copies=st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_copies_and_disorder_change_no_event(name, seed, copies):
    body, where = copy.deepcopy(BODIES[name]), LISTS[name]

    def as_set(translation):
        return {msgspec.json.encode(event, order="sorted") for event in translation.events}

    once = as_set(translated(name, body))
    chance = random.Random(seed)
    body[where] += chance.choices(body[where], k=copies)
    chance.shuffle(body[where])
    assert as_set(translated(name, body)) == once


COLLECTOR = Collector()
PATHS = {
    "segment_batch.json": "/v1/segment/batch",
    "segment_track.json": "/v1/segment/track",
    "snowplow_v2.json": "/com.snowplowanalytics.snowplow/tp2",
    "ga4_video.json": "/v1/ga4",
    "revenuecat_spent.json": "/v1/revenuecat",
}


@pytest.mark.parametrize("name", PATHS)
@given(value=ANYTHING, seed=st.integers())
@settings(max_examples=60, deadline=None)
def test_over_http_every_answer_is_one_of_a_few_and_every_message_is_accounted_for(name, value, seed):
    collector, chance = COLLECTOR, random.Random(seed)
    collector.delivery.log.clear()
    body = planted(BODIES[name], chance.choice(list(places(BODIES[name]))), value)
    key = WEBHOOK if "revenuecat" in name else PLAYER
    answer = collector.post(json.dumps(body).encode(), PATHS[name], key=key)
    assert answer.status in {200, 204, 400}
    if answer.status == 400:
        assert collector.delivery.lines() == []
        return
    told = translated(name, json.loads(json.dumps(body)))
    assert len(collector.delivery.lines()) == len(told.events)


@pytest.mark.parametrize("name", ADAPTERS)
def test_nested_brackets_are_refused_or_set_aside(name):
    deep = []
    for _ in range(900):
        deep = [deep]
    for path in [(), *places(BODIES[name])][:40]:
        translated(name, planted(BODIES[name], path, deep))

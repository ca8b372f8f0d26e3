"""Time, first events, copies, environments, absent fields: what holds for every table."""

import pytest

from tests.oracle.oracle import COLUMNS, tables
from tests.unit.oracle.events import (
    MINUTE,
    NOON,
    NOON_S,
    SECOND,
    event,
    event_id,
    heartbeat,
    key,
    row,
    shown,
    start,
    total,
    unlock,
    watch,
)


def test_no_events_make_empty_tables():
    assert tables([]) == {name: {} for name in COLUMNS}


def test_the_device_clock_is_corrected_by_the_collectors():
    two_days_off = start()
    two_days_off |= {"occurred_at": 5_000, "sent_at": 9_000, "received_at": NOON + 3 * MINUTE + 3_999}
    assert key("episode_minutes", [two_days_off])[0] == NOON_S + 120


@pytest.mark.parametrize(("at", "minute"), [(-1, -60), (0, 0), (MINUTE - 1, 0), (MINUTE, 60)])
def test_a_window_holds_its_start_and_not_its_end(at, minute):
    assert key("episode_minutes", [start(at=at)])[0] == NOON_S + minute


@pytest.mark.parametrize("environment", ["sandbox", "internal"])
def test_only_production_counts(environment):
    assert not any(tables([start(environment=environment)]).values())


def test_a_sandbox_event_adds_nothing_to_a_play_of_production():
    aside = heartbeat(position=MINUTE, played=MINUTE, environment="sandbox")
    assert row("episode_minutes", [start(), aside])["played_ms"] == 0


def test_a_request_to_be_forgotten_counts_nowhere():
    envelope = (
        "schema_version",
        "event_id",
        "event_type",
        "viewer_id",
        "occurred_at",
        "sent_at",
        "received_at",
    )
    whole = event("viewer_deletion", 0)
    deletion = {name: whole[name] for name in envelope} | {"requested_at": NOON}
    assert not any(tables([deletion]).values())


def test_a_copy_sent_later_changes_nothing():
    begun = start()
    copy = begun | {"sent_at": NOON + 10 * SECOND, "received_at": NOON + 10 * SECOND}
    events = [begun, *watch("p2", 5 * MINUTE, episode=2), shown(), unlock(at=SECOND)]
    assert tables([*events, copy, *events]) == tables(events)


def test_the_earliest_start_gives_the_fields():
    events = [start(at=SECOND, platform="tv"), start(at=0, platform="web")]
    assert key("episode_minutes", events)[4] == "web"


def test_of_starts_at_one_time_the_smaller_event_id_is_first():
    events = [start(platform="tv", event_id=event_id(1)), start(platform="ios", event_id=event_id(2))]
    assert key("episode_minutes", events)[4] == "tv"


def test_of_starts_with_one_time_and_id_the_smaller_fields_are_first():
    events = [start(platform=p, event_id=event_id(1)) for p in ("web", "android", "tv")]
    assert key("episode_minutes", events)[4] == "android"


def test_an_absent_field_sorts_before_one_that_is_there():
    events = [start(event_id=event_id(1)), start(event_id=event_id(1), country=None)]
    assert key("episode_minutes", events)[5] == ""


def test_the_same_id_under_two_viewers_is_two_objects():
    assert total("episode_minutes", "starts", [start(), start(viewer_id="w")]) == 2


def test_an_absent_country_is_empty_and_an_absent_paywall_no_is_0():
    bare = start()
    del bare["country"], bare["paywall_no"]
    assert key("episode_minutes", [bare]) == (NOON_S, "s", 1, 0, "ios", "")


def test_dimensions_stand_in_the_order_of_the_tables():
    events = [start(paywall_no=3), shown(paywall_no=4, experiments=[{"id": "x", "variant": "b"}]), unlock()]
    assert key("episode_minutes", events) == (NOON_S, "s", 1, 3, "ios", "US")
    assert key("exit_curves", events) == (NOON_S, "s", 1, "ios")
    assert key("sittings", events) == (NOON_S, "s", "ios", "US")
    gate = (NOON_S, "s", 2, 4, "wall", "auto_next", "ios", "US", "b")
    assert key("paywall_minutes", events, experiment="x") == gate
    assert key("unlock_minutes", events) == (NOON_S, "s", 2, "coins", "ios", "US")
    assert key("viewer_days", events) == (NOON_S - 43_200, "ios", "US", "unknown", "")

import hashlib
import json
from collections import Counter
from itertools import pairwise

import pytest
from pydantic import ValidationError

from producers.partitioning import partition_of
from producers.simulator import Dirt, SimulationSettings, TruthFile, simulate
from schemas.events import EVENT
from schemas.fields import (
    ENVIRONMENTS,
    PAYER_STATES,
    PRODUCT_TYPES,
    START_REASONS,
    TRIGGERS,
    UNLOCK_METHODS,
)
from schemas.reasons import AT_THE_DOOR, Reason
from schemas.rules import FoldRules


class Told:
    """A truth that remembers."""

    def __init__(self):
        self.events, self.bad_lines = [], []

    def event(self, line):
        self.events.append(line)

    def bad(self, reason, line):
        self.bad_lines.append((reason, line))


def run(**settings):
    told = Told()
    deliveries = list(simulate(SimulationSettings(**settings), told))
    return deliveries, told


@pytest.fixture(scope="module")
def dirty():
    """Four hours of a small platform on which everything goes wrong."""
    return run(live_viewers=20, duration_s=4 * 3600, dirt=Dirt.heavy(), eagerness=2, deletions=0.02)


@pytest.fixture(scope="module")
def clean():
    return run(live_viewers=200, duration_s=900, dirt=Dirt.none())


def test_the_same_seed_and_settings_give_the_same_bytes():
    settings = SimulationSettings(live_viewers=50, max_events=4_000, dirt=Dirt.heavy())
    assert list(simulate(settings)) == list(simulate(settings))


def test_another_seed_gives_other_events():
    first, second = (run(seed=seed, live_viewers=5, max_events=50)[0] for seed in (1, 2))
    assert not {d.line for d in first} & {d.line for d in second}


def test_the_truth_changes_no_byte():
    settings = SimulationSettings(live_viewers=20, max_events=1_000, dirt=Dirt.heavy())
    assert list(simulate(settings)) == list(simulate(settings, Told()))


def test_every_event_of_the_truth_keeps_the_contract(dirty):
    _, told = dirty
    for line in told.events:
        EVENT.validate_json(line)


def test_every_event_is_its_own_compact_dump(dirty):
    """So an oracle that keeps the events as dicts can still order them by the line itself."""
    _, told = dirty
    for line in told.events:
        assert json.dumps(json.loads(line), separators=(",", ":")).encode() == line


def test_the_event_type_is_the_first_key(dirty):
    _, told = dirty
    assert all(line.startswith(b'{"event_type":"') for line in told.events)


def test_the_truth_accounts_for_every_delivered_line(dirty):
    deliveries, told = dirty
    known = Counter(told.events) + Counter(line for _, line in told.bad_lines)
    rest = Counter(delivery.line for delivery in deliveries) - known
    assert not known - Counter(delivery.line for delivery in deliveries)
    by_id = {json.loads(line)["event_id"]: json.loads(line) for line in told.events}
    assert rest.total() > 100
    for line in rest.elements():
        copy = json.loads(line)
        original = by_id[copy["event_id"]]
        assert event_time(copy) == event_time(original)
        times = {"sent_at": 0, "received_at": 0}
        assert copy | times == original | times


def test_a_copy_never_comes_before_the_event(dirty):
    deliveries, told = dirty
    firsts = set(told.events)
    seen = set()
    for delivery in deliveries:
        if delivery.line in firsts:
            seen.add(json.loads(delivery.line)["event_id"])
            firsts.discard(delivery.line)
        elif b'"event_id"' in delivery.line:
            try:
                event_id = json.loads(delivery.line)["event_id"]
            except (ValueError, RecursionError, TypeError):
                continue
            assert event_id in seen or any(delivery.line == line for _, line in told.bad_lines)


def test_a_deletion_arrives_after_everything_else_of_its_viewer_but_copies(dirty):
    """The truth knows no order: what came after a deletion would not count, and stand in the truth."""
    deliveries, told = dirty
    news = {*told.events, *(line for _, line in told.bad_lines)}
    last, at = {}, {}
    for delivery in deliveries:
        if delivery.line in news:
            last[delivery.viewer_id] = delivery.line
            if b'"viewer_deletion"' in delivery.line:
                event = json.loads(delivery.line)
                at[delivery.viewer_id] = event_time(event)
    assert len(at) > 5
    assert all(b'"viewer_deletion"' in last[viewer_id] for viewer_id in at)
    events = map(json.loads, told.events)
    assert all(event_time(event) <= at.get(event["viewer_id"], 1 << 60) for event in events)


def test_every_kind_of_event_and_every_word_of_the_lists_occurs(dirty):
    _, told = dirty
    events = [json.loads(line) for line in told.events]
    types = {"play_start", "heartbeat", "pause", "resume", "seek", "stall", "player_error"}
    types |= {"play_end", "paywall_impression", "paywall_dismiss", "checkout_start", "purchase"}
    types |= {"purchase_failed", "refund", "ad_reward", "unlock", "viewer_deletion"}
    assert {e["event_type"] for e in events} == types
    for name, values in (
        ("start_reason", START_REASONS),
        ("method", UNLOCK_METHODS),
        ("trigger", TRIGGERS),
        ("product_type", PRODUCT_TYPES),
        ("environment", ENVIRONMENTS),
        ("payer_state", PAYER_STATES),
    ):
        assert {e[name] for e in events if name in e} == set(values), name


def test_every_reason_that_does_not_lie_in_the_sender_occurs(dirty):
    _, told = dirty
    assert {reason for reason, _ in told.bad_lines} == set(Reason) - AT_THE_DOOR


def test_a_malformed_line_fails_the_contract(dirty):
    _, told = dirty
    for reason, line in told.bad_lines:
        if reason in {Reason.LATE, Reason.TOO_LARGE}:
            continue
        with pytest.raises(ValidationError):
            EVENT.validate_json(line)


def test_a_late_line_is_late_in_any_order_and_an_event_never(dirty):
    """The watermark is the greatest received_at; disorder and copies may let it run ahead."""
    deliveries, told = dirty
    rules = FoldRules()
    late = {line for reason, line in told.bad_lines if reason is Reason.LATE}
    bad = {line for _, line in told.bad_lines}
    watermark = {}
    for delivery in deliveries:
        if delivery.line in bad and delivery.line not in late:
            continue
        event = json.loads(delivery.line)
        partition = partition_of(delivery.viewer_id, 12)
        watermark[partition] = max(watermark.get(partition, 0), event["received_at"])
        age = watermark[partition] - event_time(event)
        assert (age > rules.lateness_ms) == (delivery.line in late)


def test_deliveries_come_in_the_order_of_their_time(dirty):
    deliveries, _ = dirty
    assert all(a.at_ms <= b.at_ms for a, b in pairwise(deliveries))


def test_a_clean_world_sends_each_event_once_and_in_the_contract(clean):
    deliveries, told = clean
    assert [d.line for d in deliveries] == told.events
    ids = Counter(json.loads(line)["event_id"] for line in told.events)
    assert max(ids.values()) == 1


def test_a_warm_platform_shows_paywalls_and_unlocks_in_its_first_minute():
    deliveries, _ = run(live_viewers=500, duration_s=60)
    types = Counter(d.line.split(b'"')[3] for d in deliveries if d.line.startswith(b'{"event'))
    assert types[b"paywall_impression"] >= 20
    assert types[b"unlock"] >= 5


def test_counters_and_positions_grow_inside_a_play(clean):
    _, told = clean
    last = {}
    for event in sorted(map(json.loads, told.events), key=lambda event: event["occurred_at"]):
        if "played_ms" in event:
            before = last.get(event["playback_id"], (0, 0))
            now = (event["played_ms"], event["watched_ms"])
            assert now[0] >= before[0]
            assert now[1] >= before[1]
            last[event["playback_id"]] = now


def test_a_viewer_lives_in_one_session_at_a_time(clean):
    _, told = clean
    sessions = {}
    for line in told.events:
        event = json.loads(line)
        if event["event_type"] != "refund":
            sessions.setdefault(event["viewer_id"], []).append(event["app_session_id"])
    for ids in sessions.values():
        changes = sum(a != b for a, b in pairwise(ids))
        assert changes == len(set(ids)) - 1


def test_the_number_of_events_is_held():
    deliveries, told = run(live_viewers=10, max_events=777, dirt=Dirt.heavy())
    assert len(deliveries) == 777
    assert len(told.events) + len(told.bad_lines) <= 777


def test_received_at_is_left_out_when_nobody_collects():
    deliveries, _ = run(
        live_viewers=10, max_events=200, dirt=Dirt.none().model_copy(update={"without_received_at": 1})
    )
    assert not any(b"received_at" in d.line for d in deliveries)


def test_the_truth_file_holds_events_as_they_are_and_hashes_of_bad_lines(tmp_path):
    path = tmp_path / "truth.jsonl"
    with TruthFile(path) as truth:
        lines = [d.line for d in simulate(SimulationSettings(max_events=900, dirt=Dirt.heavy()), truth)]
    hashes = {hashlib.sha256(line).hexdigest(): line for line in lines}
    for text in path.read_bytes().splitlines():
        entry = json.loads(text)
        if "bad" in entry:
            assert entry["line_sha256"] in hashes
            Reason(entry["bad"])
        else:
            assert text == b'{"event":' + json.dumps(entry["event"], separators=(",", ":")).encode() + b"}"


def test_events_older_than_the_lateness_are_refused_as_a_setting():
    with pytest.raises(ValidationError, match="offline_hours"):
        SimulationSettings(dirt=Dirt(offline_hours=6))


def test_a_population_with_nobody_left_to_come_is_refused():
    with pytest.raises(ValidationError, match="nobody is left"):
        SimulationSettings(live_viewers=10, population=15)


@pytest.mark.parametrize("wrong", [{"live_viewers": 0}, {"max_events": 0}, {"sed": 1}, {"duration_s": -1}])
def test_a_setting_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValidationError):
        SimulationSettings(**wrong)


def event_time(event):
    return event["received_at"] - (event["sent_at"] - event["occurred_at"])

"""What the model and the law have found, each as small as it can be: its docstring is the bug."""

import json

from schemas.rules import FoldRules
from schemas.tables import COUNTER_TABLES
from streams import checkpoint as codec
from streams.count import count_all
from streams.fold import apply
from streams.partition import Partition
from tests.model.world import HOUR, IMPATIENT, MIDNIGHT, MINUTE, PATIENT
from tests.model.written import take


def line(at, event_type, *, came=None, **values):
    number = values.pop("number", 1)
    event = {
        "schema_version": 1,
        "event_id": f"{number:08x}-0000-4000-8000-000000000000",
        "event_type": event_type,
        "viewer_id": "v",
        "occurred_at": MIDNIGHT + at,
        "sent_at": MIDNIGHT + (at if came is None else came),
        "received_at": MIDNIGHT + (at if came is None else came),
        "environment": "production",
        "platform": "ios",
    }
    return event | values


def start(at, playback_id="p1", episode_no=1, **values):
    fixed = {"series_id": "s", "duration_ms": 60_000, "start_reason": "tap", "start_position_ms": 0}
    return line(at, "play_start", playback_id=playback_id, episode_no=episode_no, **fixed, **values)


def heartbeat(at, **values):
    return line(at, "heartbeat", **{"playback_id": "p1", "position_ms": 60_000, "played_ms": 60_000} | values)


def shown(at, impression_id):
    fixed = {"series_id": "s", "episode_no": 2, "paywall_id": "w", "trigger": "auto_next"}
    return line(at, "paywall_impression", paywall_impression_id=impression_id, **fixed)


def fold(state, *events):
    for event in events:
        apply(state, state.next_offset, event["received_at"], json.dumps(event).encode())


def count_and_take(state):
    count_all(state)
    return take(state, COUNTER_TABLES)


def a_partition(rules: FoldRules, *events):
    state = Partition(rules)
    fold(state, *events)
    return state


def test_a_row_that_waited_to_be_written_when_it_was_packed_is_written_after_a_restart():
    """It came back as one that waits already, so it was never put among those that wait: lost for good."""
    state = a_partition(PATIENT, start(0))
    count_all(state)
    state = codec.decode(codec.compress(list(codec.encode(state))), PATIENT)
    fold(state, heartbeat(MINUTE))
    written = count_and_take(state)
    assert {name for name, *_ in written} == {"episode_minutes", "exit_curves", "sittings", "viewer_days"}


def test_a_play_that_was_complete_for_a_moment_has_its_rows_written():
    """Complete by its position, until the first word of what was watched. Who counted in between wrote a
    run of 1 into `sittings`; who counted later had nothing to write there, and the run of 1 stayed.
    """
    state = a_partition(PATIENT, start(0), heartbeat(0, position_ms=0))
    count_and_take(state)
    fold(state, heartbeat(1), heartbeat(1, watched_ms=0))
    assert {name for name, *_ in count_and_take(state)} >= {"episode_minutes", "sittings"}


def test_a_play_that_is_gone_stays_stopped_at_its_gate():
    """The viewer came back after days, before any sweep; the old impression was forgotten, the play
    was not, and was counted again without it: whether it had met a gate hung on when someone had swept.
    """
    state = a_partition(IMPATIENT, start(0), heartbeat(MINUTE), shown(2 * MINUTE, "i1"))
    [play] = [v for (name, *_), v in count_and_take(state).items() if name == "episode_minutes"]
    assert play[0][-1] == 1
    fold(state, shown(55 * HOUR, "i2"), shown(55 * HOUR + 1, "i3"))
    assert not any(v for (name, *_), v in count_and_take(state).items() if name == "episode_minutes")

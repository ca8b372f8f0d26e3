"""A viewer who asks to be forgotten is, and stays so for what is older than the request."""

from functools import partial

import pytest

from schemas.reasons import Reason
from streams.partition import Deletion
from tests.unit.oracle.events import DAY, HOUR, MINUTE, NOON, heartbeat, start, watch
from tests.unit.streams.folded import RULES, Folding, encode, folding, message, row, total, view
from tests.unit.streams.folded import Message as Sent


def deletion(at=0, *, came=None, viewer_id="v"):
    came = at if came is None else came
    return {
        "schema_version": 1,
        "event_id": "000003e8-0000-4000-8000-000000000000",
        "event_type": "viewer_deletion",
        "viewer_id": viewer_id,
        "occurred_at": NOON + at,
        "sent_at": NOON + came,
        "received_at": NOON + came,
        "requested_at": NOON + at - 1,
    }


def outcome(folded, event):
    """What became of one more line: the one counter of the tally that it raised."""
    tally = folded.partition.tally
    names = ("applied", "redundant", "excluded", "quarantined")
    before = {name: getattr(tally, name) for name in names}
    folded.take(message([event]))
    (name,) = (name for name in names if getattr(tally, name) > before[name])
    return name


def test_the_viewer_is_dropped_and_what_they_counted_as_stays():
    folded = folding([*watch(), start("p2", 2 * MINUTE, viewer_id="w"), deletion(3 * MINUTE)])
    assert list(folded.partition.viewers) == ["w"]
    assert sum(r["starts"] for r in view(folded.finish())["episode_minutes"].values()) == 2


def test_nothing_that_waits_to_be_counted_holds_on_to_the_viewer():
    folded = folding([*watch(), deletion(3 * MINUTE)])
    touched = folded.partition.touched
    waiting = [value for value in map(partial(getattr, touched), dir(touched)) if type(value) in (list, set)]
    assert len(waiting) == 9
    assert not any(waiting)


def test_it_is_written_down_with_its_place_in_the_log():
    folded = folding(watch())
    asked = deletion(3 * MINUTE)
    folded.take(Sent(NOON + 3 * MINUTE, b"{\n\n" + encode(start("p2", MINUTE)) + b"\n" + encode(asked)))
    met = Deletion(2, 2, "v", asked["requested_at"], NOON + 3 * MINUTE)
    assert folded.partition.deletions == [met]


def test_what_is_older_is_excluded_and_what_is_newer_is_of_somebody_else():
    folded = folding([*watch(), deletion(3 * MINUTE)])
    again = start("p1")
    assert outcome(folded, again | {"sent_at": NOON + HOUR, "received_at": NOON + HOUR}) == "excluded"
    assert outcome(folded, heartbeat("p1", 3 * MINUTE)) == "excluded"
    assert outcome(folded, start("p1", 3 * MINUTE + 1)) == "applied"
    days = view(folded.finish())["viewer_days"]
    assert [day["active"] for day in days.values()] == [2]


def test_a_request_that_comes_again_does_not_forget_who_came_after_it():
    folded = folding([*watch(), deletion(3 * MINUTE), start("p2", 4 * MINUTE)])
    assert outcome(folded, deletion(3 * MINUTE, came=5 * MINUTE)) == "redundant"
    assert list(folded.partition.viewers) == ["v"]
    assert len(folded.partition.deletions) == 1


def test_a_later_request_forgets_again():
    folded = folding([*watch(), deletion(3 * MINUTE), start("p2", 4 * MINUTE)])
    assert outcome(folded, deletion(5 * MINUTE)) == "applied"
    assert folded.partition.viewers == {}


def test_a_request_for_somebody_unknown_is_kept_for_what_may_still_come():
    folded = folding([deletion(3 * MINUTE)])
    assert outcome(folded, start()) == "excluded"


def test_no_request_is_too_late():
    folded = folding([start(at=7 * HOUR)])
    assert outcome(folded, deletion(0, came=2 * DAY)) == "applied"
    assert folded.partition.viewers == {}


def test_a_request_that_tells_no_time_is_set_aside():
    folded = folding(watch())
    (reject,) = folded.take(message([deletion(3 * MINUTE) | {"sent_at": NOON}]))
    assert reject.reason is Reason.CLOCK_UNUSABLE
    assert list(folded.partition.viewers) == ["v"]


def test_what_is_late_and_of_somebody_forgotten_is_not_kept_in_quarantine():
    folded = folding([start(at=7 * HOUR), deletion(7 * HOUR)])
    assert outcome(folded, start() | {"received_at": NOON, "sent_at": NOON}) == "excluded"
    assert outcome(folded, start(viewer_id="w") | {"received_at": NOON}) == "quarantined"


@pytest.mark.parametrize(("after", "kept"), [(6 * HOUR, True), (8 * HOUR, False)])
def test_it_is_remembered_until_nothing_so_old_is_on_time(after, kept):
    folded = folding([*watch(), deletion(3 * MINUTE), start(at=after, viewer_id="w")])
    assert ("v" in folded.partition.deleted) == kept
    assert RULES.lateness_ms == 6 * HOUR


@pytest.mark.parametrize(
    ("after", "old", "again"),
    [(6 * HOUR, "excluded", "redundant"), (6 * HOUR + 1, "quarantined", "applied")],
)
def test_to_the_millisecond_whatever_the_slot(after, old, again):
    """What is late was judged by whether the slot had ended: other slots, other outcomes."""
    lines = [*watch(), deletion(3 * MINUTE), start(at=after + 3 * MINUTE, viewer_id="w")]
    assert outcome(folding(lines), start()) == old
    assert outcome(folding(lines), deletion(3 * MINUTE)) == again


def test_lines_of_one_message_before_and_after_a_request():
    lines = [start(), deletion(MINUTE), heartbeat(at=30_000), heartbeat(at=2 * MINUTE, played=MINUTE)]
    folded = Folding(RULES)
    folded.take(message(lines))
    tally = folded.partition.tally
    assert (tally.applied, tally.excluded) == (3, 1)
    assert view(folded.finish())["episode_minutes"].popitem()[1]["valid_plays"] == 0


def test_counting_before_a_request_or_at_it_is_the_same():
    lines = [*watch(), deletion(3 * MINUTE), start("p2", 4 * MINUTE)]
    assert row("episode_minutes", lines[:3])["completes"] == 1
    assert total("viewer_days", "active", lines) == 2

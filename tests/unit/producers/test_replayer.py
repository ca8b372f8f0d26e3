import json

import pytest

from producers.replayer import Format, read
from producers.simulator import Dirt, SimulationSettings, simulate


def record(path, **dirt):
    dirt = Dirt.heavy().model_copy(update=dirt)
    deliveries = list(simulate(SimulationSettings(live_viewers=50, max_events=500, dirt=dirt)))
    path.write_bytes(b"".join(d.line + b"\n" for d in deliveries))
    return path, deliveries


@pytest.fixture
def recording(tmp_path):
    """A file with lines of all kinds, and what was delivered."""
    return record(tmp_path / "events.ndjson")


@pytest.fixture
def usable(tmp_path):
    return record(tmp_path / "usable.ndjson", malformed=0)


def test_a_recording_is_replayed_byte_for_byte(recording):
    path, deliveries = recording
    assert [d.line for d in read(path, Format.CANONICAL)] == [d.line for d in deliveries]


def test_lines_go_to_the_partition_of_their_viewer(usable):
    path, deliveries = usable
    assert [d.viewer_id for d in read(path, Format.CANONICAL)] == [d.viewer_id for d in deliveries]


def test_a_recording_can_be_moved_so_that_it_ends_at_a_time(usable):
    path, deliveries = usable
    end = 2_000_000_000_000
    moved = list(read(path, Format.CANONICAL, ends_at_ms=end))
    assert moved[-1].at_ms == max(d.at_ms for d in moved) == end
    by = end - list(read(path, Format.CANONICAL))[-1].at_ms
    for after, before in zip(moved, deliveries, strict=True):
        old, new = json.loads(before.line), json.loads(after.line)
        for name in ("occurred_at", "sent_at", "received_at", "installed_at"):
            assert new.get(name) == (old[name] + by if name in old else None)


def test_a_line_that_cannot_be_read_goes_out_as_it_is(tmp_path):
    path = tmp_path / "broken"
    path.write_bytes(b'{"viewer_id":"v","sent_at":5}\n\nGET /\n\xff\n[' + b"[" * 30_000 + b"\n42\n")
    lines = [d.line for d in read(path, Format.CANONICAL, ends_at_ms=9)]
    assert lines[1:] == [b"GET /", b"\xff", b"[" * 30_001, b"42"]
    records = list(read(path, Format.SNOWPLOW_MEDIA_V1))
    assert sorted(d.line for d in records)[:2] == [b"42", b"GET /"]
    assert len(records) == 5


def test_an_empty_recording_has_no_events(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    assert list(read(path, Format.CANONICAL, ends_at_ms=1)) == []

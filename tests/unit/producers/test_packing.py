import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from producers.packing import Packer, PackLimits

lines = st.binary(max_size=40).map(lambda line: line.replace(b"\n", b" "))
arrivals = st.lists(st.tuples(st.integers(0, 3), lines, st.integers(0, 60)), max_size=80)
limits = st.builds(PackLimits, events=st.integers(1, 6), bytes=st.integers(1, 90), age_ms=st.integers(0, 100))


def pack_all(packer, arrivals):
    """All packs of the arrivals (partition, line, ms since the one before), each with its time."""
    now, packs = 0, []
    for partition, line, wait in arrivals:
        now += wait
        packs += [(now, pack) for pack in packer.due(now)]
        packs += [(now, pack) for pack in packer.add(partition, line, now)]
    return packs + [(now, pack) for pack in packer.rest()]


@given(limits, arrivals)
def test_nothing_is_lost_and_the_order_of_a_partition_is_kept(limits, arrivals):
    packs = pack_all(Packer(limits), arrivals)
    for partition in range(4):
        sent = [line for p, line, _ in arrivals if p == partition]
        packed = [
            line for _, pack in packs if pack.partition == partition for line in pack.value.split(b"\n")
        ]
        assert packed == sent


@given(limits, arrivals)
def test_a_pack_keeps_the_limits(limits, arrivals):
    for _, pack in pack_all(Packer(limits), arrivals):
        assert pack.events == len(pack.value.split(b"\n")) <= limits.events
        assert len(pack.value) <= limits.bytes or pack.events == 1


@given(limits, arrivals)
def test_after_a_look_at_the_clock_no_pack_is_older_than_the_limit(limits, arrivals):
    packer, now = Packer(limits), 0
    added_at = {}
    for number, (partition, _, wait) in enumerate(arrivals):
        now += wait
        packer.due(now)
        packer.add(partition, str(number).encode(), now)
        added_at[number] = now
    packer.due(now)
    for pack in packer.rest():
        oldest = min(added_at[int(line)] for line in pack.value.split(b"\n"))
        assert now - oldest < limits.age_ms


def test_a_pack_is_sent_at_its_hundredth_millisecond():
    packer = Packer(PackLimits())
    assert packer.add(0, b"a", now_ms=1_000) == []
    assert packer.due(1_099) == []
    (pack,) = packer.due(1_100)
    assert (pack.value, pack.events) == (b"a", 1)


def test_a_line_that_does_not_fit_sends_what_was_there_before_it():
    packer = Packer(PackLimits(bytes=10))
    packer.add(0, b"12345", 0)
    before, alone = packer.add(0, b"1234567890", 0)
    assert (before.value, alone.value) == (b"12345", b"1234567890")


@pytest.mark.parametrize("wrong", [{"events": 0}, {"bytes": 2_000_000}, {"age_ms": -1}, {"age": 1}])
def test_a_limit_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValidationError):
        PackLimits(**wrong)


@given(limits, arrivals)
def test_every_line_is_handed_out_with_its_owner(limits, arrivals):
    packer, handed_out = Packer(limits), []
    for number, (partition, line, _) in enumerate(arrivals):
        handed_out += packer.add(partition, line, 0, owner=number + 1)
    for pack in [*handed_out, *packer.rest()]:
        assert [arrivals[owner - 1][1] for owner in pack.owners] == pack.value.split(b"\n")
        assert all(arrivals[owner - 1][0] == pack.partition for owner in pack.owners)


def test_the_oldest_open_pack_is_known():
    packer = Packer(PackLimits(events=2))
    assert packer.oldest_ms is None
    packer.add(0, b"a", 5)
    packer.add(1, b"b", 7)
    assert packer.oldest_ms == 5
    packer.add(0, b"c", 9)
    assert packer.oldest_ms == 7

"""Rate limits: by key and by network, exact in the mean, bounded in memory."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.collector.answers import Refused
from producers.collector.limits import RateLimits, network_of
from tests.unit.producers.collector.senders import a_key

KEY = a_key(events_per_s=10, burst=100)
HOME, NEXT_DOOR, AWAY = map(ip_address, ("192.0.2.1", "192.0.2.255", "192.0.3.1"))


def wide_open(**changed):
    return RateLimits(**{"network_events_per_s": 1e6, "network_burst": 1e6} | changed)


def retry_after(limits, key=KEY, address=HOME, now_s=0.0):
    with pytest.raises(Refused) as refused:
        limits.admit(key, address, now_s)
    assert (refused.value.status, refused.value.code) == (429, "rate_limited")
    return refused.value.retry_after_s


def test_a_burst_passes_and_what_follows_waits():
    limits = wide_open()
    limits.admit(KEY, HOME, 0)
    limits.charge(KEY, HOME, 99, 0)
    assert retry_after(limits) == 1


def test_what_was_overdrawn_is_made_up_before_anything_passes():
    limits = wide_open()
    limits.admit(KEY, HOME, 0)
    limits.charge(
        KEY, HOME, 499, 0
    )  # 100 were there: 400 are owed, which takes 40 s, and 0.1 s for a request
    assert retry_after(limits) == 41
    assert retry_after(limits, now_s=40.0) == 1
    limits.admit(KEY, HOME, 40.1)


def test_a_key_does_not_pay_for_another():
    limits, another = wide_open(), a_key(id="another", events_per_s=10, burst=100)
    limits.charge(KEY, HOME, 500, 0)
    limits.admit(another, HOME, 0)


def test_a_network_is_limited_across_keys_and_addresses():
    limits, another = wide_open(network_events_per_s=10, network_burst=50), a_key(id="another")
    limits.charge(KEY, HOME, 60, 0)
    assert retry_after(limits, another, NEXT_DOOR) == 2  # 10 owed and 1 for the request, at 10 a second
    limits.admit(another, AWAY, 0)


@pytest.mark.parametrize("kind", ["server", "privacy", "webhook"])
def test_a_backend_is_limited_by_its_key_alone(kind):
    limits, backend = wide_open(network_events_per_s=1, network_burst=1), a_key(kind)
    for _ in range(50):
        limits.admit(backend, HOME, 0)


def test_a_sender_without_an_address_is_limited_by_its_key_alone():
    limits = wide_open(network_events_per_s=1, network_burst=1)
    for _ in range(50):
        limits.admit(KEY, None, 0)


def test_empty_requests_are_not_free():
    limits = wide_open()
    for _ in range(100):
        limits.admit(KEY, HOME, 0)
    assert retry_after(limits) == 1


def test_a_clock_that_goes_back_adds_nothing():
    limits = wide_open()
    limits.charge(KEY, HOME, 100, 1_000)
    assert retry_after(limits, now_s=500)
    assert retry_after(limits, now_s=1_000)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("192.0.2.1", "192.0.2.254", True), ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1::1", "2001:db8:1:ffff::1", True), ("2001:db8:1::1", "2001:db8:2::1", False),
        ("0.0.0.1", "::1", False),
    ],
)  # fmt: skip
def test_a_network_is_a_24_or_a_48(one, other, alike):
    assert (network_of(ip_address(one)) == network_of(ip_address(other))) is alike


def test_so_many_networks_are_remembered_and_the_latest_among_them():
    limits = wide_open(network_events_per_s=1, network_burst=1, most_networks=3)
    busy = ip_address("10.0.0.1")
    limits.charge(KEY, busy, 1_000, 0)
    for number in range(1, 250):
        retry_after(limits, key=a_key(id=f"key-{number}"), address=busy)  # it is used: it stays
        limits.charge(a_key(id="free", burst=10**6), ip_address(f"10.0.{number}.1"), 1, 0)
    assert len(limits._networks) == 3


@given(
    requests=st.lists(st.tuples(st.floats(0, 3), st.integers(0, 500)), max_size=60),
    rate=st.sampled_from([1, 10, 100]),
    burst=st.sampled_from([1, 10, 1000]),
)
def test_the_mean_rate_holds(requests, rate, burst):
    """All that passed is at most the burst, what ran in since, and the one request that overdrew."""
    key, limits, now_s, passed = a_key(events_per_s=rate, burst=burst), wide_open(), 0.0, 0.0
    for pause_s, events in requests:
        now_s += pause_s
        try:
            limits.admit(key, HOME, now_s)
        except Refused:
            continue
        limits.charge(key, HOME, events, now_s)
        passed += 1 + events
        assert passed <= burst + now_s * rate + 500 + 1e-6


@given(owed=st.integers(1, 5_000))
def test_who_comes_back_when_told_is_let_in(owed):
    limits = wide_open()
    limits.charge(KEY, HOME, 100 + owed, 0)
    limits.admit(KEY, HOME, retry_after(limits))

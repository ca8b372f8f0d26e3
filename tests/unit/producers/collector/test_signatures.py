"""Signed requests: what is signed, for how long it is good, and that it is good once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.collector.answers import Refused
from producers.collector.signatures import WINDOW_S, NonceCache, verify
from tests.unit.producers.collector.senders import (
    FOREIGN_SECRET,
    NEXT_SECRET,
    NOW_S,
    SECRET,
    a_key,
    refusal,
    signed,
)

KEY = a_key("server")
BODY = b'{"event_type":"purchase"}'


def check(headers, body=BODY, *, key=KEY, method="POST", target="/v1/events", now_s=NOW_S, nonces=None):
    verify(key, method, target, headers, body, now_s=now_s, nonces=NonceCache() if nonces is None else nonces)


def refused_as(*arguments, **options):
    with pytest.raises(Refused) as refused:
        check(*arguments, **options)
    return refusal(refused)


def test_a_signed_request_is_taken():
    check(signed(BODY))


def test_a_signature_that_openssl_made_is_taken():
    """printf 'cliffhanger-1\\nPOST\\n...' | openssl dgst -sha256 -hmac ssssssssssssssssssssssssssssssss"""
    by_openssl = "8948930cf0cadd959192c2a870f6ca73060b802c979ce8db584395df879419da"
    check(signed(b"{}") | {"x-signature": by_openssl}, b"{}")


@pytest.mark.parametrize(
    "changed",
    [
        {"body": BODY + b" "}, {"body": b""}, {"method": "GET"}, {"method": "post"}, {"target": "/v1/ga4"},
        {"target": "/v1/events?x=1"}, {"target": "/v1/events/"},
        {"key": a_key("server", secrets=[FOREIGN_SECRET])},
    ],
)  # fmt: skip
def test_a_request_other_than_the_signed_one_is_refused(changed):
    changed = dict(changed)
    assert refused_as(signed(BODY), changed.pop("body", BODY), **changed) == (401, "wrong_signature")


@pytest.mark.parametrize("name", ["x-signature", "x-signature-time", "x-signature-nonce"])
def test_all_three_headers_are_needed(name):
    headers = signed(BODY)
    del headers[name]
    assert refused_as(headers) == (401, "missing_signature")


@pytest.mark.parametrize(
    "changed",
    [
        {"x-signature": "0" * 64}, {"x-signature": "A" * 64}, {"x-signature": "0"},
        {"x-signature": "\xff" * 64},
        {"x-signature-time": "now"}, {"x-signature-time": "-1"}, {"x-signature-time": "1e9"},
        {"x-signature-time": "\u0661" * 10}, {"x-signature-time": str(NOW_S + 1)},
        {"x-signature-nonce": "short"}, {"x-signature-nonce": "n" * 65},
        {"x-signature-nonce": "n" * 16 + "\n"},
        {"x-signature-nonce": "another-nonce-of-it"},
    ],
)  # fmt: skip
def test_headers_that_were_changed_are_refused(changed):
    assert refused_as(signed(BODY) | changed) == (401, "wrong_signature")


@pytest.mark.parametrize("off_s", [WINDOW_S, -WINDOW_S, 0])
def test_a_clock_may_be_off_by_five_minutes(off_s):
    check(signed(BODY, at_s=NOW_S + off_s))


@pytest.mark.parametrize("off_s", [WINDOW_S + 1, -WINDOW_S - 1, 10**9])
def test_a_request_from_another_time_is_refused(off_s):
    assert refused_as(signed(BODY, at_s=NOW_S + off_s)) == (401, "stale_signature")


def test_both_secrets_are_good_while_one_replaces_the_other():
    rotating, after = a_key("server", secrets=[NEXT_SECRET, SECRET]), a_key("server", secrets=[NEXT_SECRET])
    check(signed(BODY), key=rotating)
    check(signed(BODY, secret=NEXT_SECRET), key=rotating)
    check(signed(BODY, secret=NEXT_SECRET), key=after)
    assert refused_as(signed(BODY), key=after) == (401, "wrong_signature")


@pytest.mark.parametrize("later_s", [0, 1, WINDOW_S, 2 * WINDOW_S])
def test_a_replayed_request_is_refused_for_as_long_as_its_time_is_good(later_s):
    nonces = NonceCache()
    headers = signed(BODY, at_s=NOW_S + WINDOW_S)
    check(headers, nonces=nonces)
    assert refused_as(headers, nonces=nonces, now_s=NOW_S + later_s) == (401, "replayed_nonce")


@given(times=st.lists(st.integers(0, 1_500), min_size=1, max_size=20), off_s=st.integers(-WINDOW_S, WINDOW_S))
def test_no_request_is_taken_twice_whenever_it_comes_again(times, off_s):
    nonces, taken = NonceCache(), 0
    for now_s in sorted(times):
        try:
            check(signed(BODY, at_s=NOW_S + off_s), nonces=nonces, now_s=NOW_S + now_s)
            taken += 1
        except Refused:
            pass
    assert taken <= 1


def test_the_same_nonce_of_two_keys_is_two():
    nonces = NonceCache()
    check(signed(BODY), nonces=nonces)
    check(signed(BODY), nonces=nonces, key=a_key("server", id="another"))


def test_a_request_that_is_not_genuine_uses_no_nonce_up():
    nonces = NonceCache()
    assert refused_as(signed(BODY, secret=FOREIGN_SECRET), nonces=nonces) == (401, "wrong_signature")
    check(signed(BODY), nonces=nonces)


def test_nonces_are_forgotten_when_their_requests_are_stale():
    nonces = NonceCache()
    for at in range(0, 3_600, 10):
        nonces.add("key", f"nonce-{at}", NOW_S + at, NOW_S + at)
    assert len(nonces) <= (WINDOW_S + 60) / 10


def test_too_many_nonces_refuse_requests_and_forget_none():
    nonces = NonceCache(most=2)
    nonces.add("key", "one", NOW_S, NOW_S)
    nonces.add("key", "two", NOW_S, NOW_S)
    with pytest.raises(Refused) as full:
        nonces.add("key", "three", NOW_S, NOW_S)
    assert (refusal(full), full.value.retry_after_s) == ((429, "rate_limited"), 30)
    with pytest.raises(Refused) as replayed:
        nonces.add("key", "one", NOW_S, NOW_S)
    assert refusal(replayed) == (401, "replayed_nonce")
    later = NOW_S + WINDOW_S + 60
    nonces.add("key", "three", later, later)
    assert len(nonces) == 1


@given(st.dictionaries(st.sampled_from(["x-signature", "x-signature-time", "x-signature-nonce"]), st.text()))
def test_no_headers_raise_anything_but_a_refusal(headers):
    assert refused_as(headers)[0] == 401

"""Session tokens: what a token vouches for, and every way in which one is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.collector.answers import Refused
from producers.collector.tokens import MAX_LIFE_S, Session, verify
from tests.unit.producers.collector.senders import (
    FOREIGN_SECRET,
    NEXT_SECRET,
    NOW_S,
    SECRET,
    a_key,
    a_token,
    claims,
    encoded,
    refusal,
)

KEY = a_key(secrets=[SECRET])


def refused_as(token, key=KEY, now_s=NOW_S):
    with pytest.raises(Refused) as refused:
        verify(token, key, now_s)
    return refusal(refused)


def test_a_token_vouches_for_a_viewer_and_a_session():
    assert verify(a_token(claims()), KEY, NOW_S) == Session("viewer-1", "session-1")


def test_a_token_without_a_session_vouches_for_the_viewer_in_any():
    assert verify(a_token({"sub": "viewer-1", "exp": NOW_S + 1}), KEY, NOW_S) == Session("viewer-1", None)


def test_a_token_names_whom_an_event_may_name():
    """An emoji of Unicode 15 was no id to Python 3.11."""
    assert verify(a_token(claims(sub="\U0001fae8")), KEY, NOW_S).viewer_id == "\U0001fae8"


def test_a_token_that_openssl_signed_is_read():
    """printf '<header>.<claims>' | openssl dgst -sha256 -hmac sss... -binary | basenc --base64url"""
    token = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
        ".eyJzdWIiOiJ2aWV3ZXItMSIsInNpZCI6InNlc3Npb24tMSIsImV4cCI6MTcwMDAwMzYwMH0"
        ".GXtJHITXKOJUlGiRXifB5NlEnW0-bCGxQ7FHvCtf4Mg"
    )
    assert verify(token, KEY, NOW_S) == Session("viewer-1", "session-1")


@pytest.mark.parametrize("exp", [NOW_S, NOW_S - 1, 0])
def test_an_expired_token_is_refused_as_expired(exp):
    assert refused_as(a_token(claims(exp=exp))) == (401, "expired_token")


def test_a_token_is_good_until_it_expires():
    verify(a_token(claims(exp=NOW_S + 1)), KEY, NOW_S + 0.999)
    assert refused_as(a_token(claims(exp=NOW_S + 1)), now_s=NOW_S + 1) == (401, "expired_token")


def test_both_secrets_are_good_while_one_replaces_the_other():
    both, after = a_key(secrets=[NEXT_SECRET, SECRET]), a_key(secrets=[NEXT_SECRET])
    old, new = a_token(claims()), a_token(claims(), NEXT_SECRET)
    assert verify(old, both, NOW_S) == verify(new, both, NOW_S) == verify(new, after, NOW_S)
    assert refused_as(old, after) == (401, "wrong_token")


@pytest.mark.parametrize(
    "token",
    [
        a_token(claims(), FOREIGN_SECRET),
        a_token(claims(), header={"alg": "none"}),
        a_token(claims(), header={"alg": "hs256"}),
        a_token(claims(), header={"alg": "HS512"}),
        a_token(claims(), header={"alg": "HS256", "crit": ["exp"]}),
        a_token(claims(), header={}),
        a_token(claims(), header=b"\xff"),
        a_token({"sub": "viewer-1"}),
        a_token({"exp": NOW_S + 1}),
        a_token(claims(sub="")),
        a_token(claims(sub=1)),
        a_token(claims(sub="a" * 129)),
        a_token(claims(sub="a\0b")),
        a_token(claims(sid="a\nb")),
        a_token(claims(sub="\xe9", sid="a\xadb")),
        a_token(claims(sid="")),
        a_token(claims(exp="1700003600")),
        a_token(claims(exp=None)),
        a_token(claims(exp=NOW_S + MAX_LIFE_S + 1)),
        a_token([]),
        a_token(b"not json"),
        a_token(b'{"sub":"viewer-1","exp":NaN}'),
        a_token(b'{"sub":"viewer-1","exp":1e400}'),
        a_token(b"[" * 1000),
        a_token(claims(more="x" * 2048)),
        "",
        "..",
        "a.b.c",
        f"{encoded({'alg': 'none'})}.{encoded(claims())}.",
        a_token(claims()) + "=",
        a_token(claims()).replace(".", ".."),
        " " + a_token(claims()),
        a_token(claims()) + "\n",
    ],
)
def test_what_is_no_token_of_this_key_is_refused(token):
    assert refused_as(token) == (401, "wrong_token")


@given(st.data())
def test_a_token_of_which_anything_was_changed_is_refused(data):
    token = a_token(claims())
    at = data.draw(st.integers(0, len(token) - 2))  # the last character has bits that say nothing
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != token[at]))
    assert refused_as(token[:at] + other + token[at + 1 :])[0] == 401


@given(
    st.text(max_size=200)
    | st.from_regex(r"[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{43}", fullmatch=True)
)
def test_no_text_is_a_token(text):
    assert refused_as(text) == (401, "wrong_token")


def test_a_key_without_secrets_takes_no_token():
    assert refused_as(a_token(claims(), ""), a_key()) == (401, "wrong_token")


@pytest.mark.parametrize(
    ("session", "contradicted"),
    [
        (Session("viewer-1", "session-1"), False),
        (Session("viewer-1", None), False),
        (Session("viewer-2", "session-1"), True),
        (Session("viewer-2", None), True),
        (Session("viewer-1", "session-2"), True),
    ],
)
def test_a_session_is_contradicted_by_another_viewer_or_session(session, contradicted):
    assert session.contradicts("viewer-1", "session-1") is contradicted

"""Who may come in, over HTTP without a socket: every way to be refused, and nothing of it is received."""

import asyncio
import base64
import gzip
import json

import pytest

from schemas.reasons import Reason
from tests.support.collector import (
    PAGE,
    PLAYER,
    PRIVACY,
    SERVER,
    SESSION,
    WEBHOOK,
    Collector,
    call,
)
from tests.unit.producers.collector.senders import (
    FOREIGN_SECRET,
    HEARTBEAT,
    NEXT_SECRET,
    NOW_S,
    PURCHASE,
    SECRET,
    a_key,
    a_token,
    claims,
    rejected,
    signed,
)
from tests.unit.streams.contract import EXAMPLES

VIEWER, APP_SESSION = EXAMPLES["heartbeat"]["viewer_id"], EXAMPLES["heartbeat"]["app_session_id"]
MINE = claims(sub=VIEWER, sid=APP_SESSION)


@pytest.fixture
def collector():
    return Collector()


def refused(collector, body=HEARTBEAT, **request):
    """Status and code of a refusal; nothing of a refused request may be in the log."""
    answer = collector.post(body, **request)
    assert collector.delivery.lines() == []
    assert set(answer.json) == {"error", "detail"}
    return answer.code


def test_a_player_sends_with_its_write_key(collector):
    assert collector.post(HEARTBEAT).json == {"accepted": 1, "quarantined": [], "ignored": 0}


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"Authorization": f"Bearer {PLAYER}"}, "/v1/events"),
        ({"Authorization": f"bearer  {PLAYER}"}, "/v1/events"),
        ({"Authorization": "Basic " + base64.b64encode(f"{PLAYER}:".encode()).decode()}, "/v1/events"),
        ({"Authorization": PLAYER}, "/v1/events"),
        ({"X-Write-Key": PLAYER}, "/v1/events"),
        ({}, f"/v1/events?key={PLAYER}"),
    ],
)
def test_a_key_is_presented_in_any_of_these_ways(collector, headers, path):
    assert collector.post(HEARTBEAT, path, key=None, headers=headers).status == 200


@pytest.mark.parametrize(
    ("headers", "path", "code"),
    [
        ({}, "/v1/events", "missing_key"),
        ({"Authorization": ""}, "/v1/events", "missing_key"),
        ({"Authorization": "Bearer "}, "/v1/events?key=" + PLAYER, "missing_key"),
        ({"Authorization": "Bearer unknown_token_123"}, "/v1/events", "unknown_key"),
        ({"Authorization": "Basic ?"}, "/v1/events", "missing_key"),
        ({"Authorization": "Basic " + base64.b64encode(b"\xff\xff:").decode()}, "/v1/events", "unknown_key"),
        ({"X-Write-Key": "\xff\0"}, "/v1/events", "unknown_key"),
        ({}, "/v1/events?key=%FF%00", "unknown_key"),
    ],
)
def test_no_key_and_an_unknown_key_are_refused(collector, headers, path, code):
    assert refused(collector, path=path, key=None, headers=headers) == (401, code)


def test_a_revoked_key_is_refused():
    collector = Collector([a_key(token=PLAYER, revoked=True)])
    assert refused(collector) == (401, "revoked_key")


def test_a_key_is_looked_at_before_a_byte_of_the_body(collector):
    async def send():
        async def receive():
            raise AssertionError("the body was read")

        sent = []

        async def take(message):
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/v1/events", "raw_path": b"/v1/events",
            "query_string": b"", "root_path": "", "headers": [(b"content-length", b"9" * 30)], "client": None,
            "server": None, "http_version": "1.1", "scheme": "http",
        }  # fmt: skip
        await collector.app(scope, receive, take)
        return sent[0]["status"]

    assert asyncio.run(send()) == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.evil.example", "null", ""])
def test_a_page_of_another_origin_is_refused_and_may_not_read_the_answer(collector, origin):
    answer = collector.post(HEARTBEAT, headers={"Origin": origin})
    assert answer.code == (403, "wrong_origin")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert collector.delivery.lines() == []


def test_a_listed_page_may_send_and_read_answers_and_refusals(collector):
    for request, status in ((HEARTBEAT, 200), (b"", 400)):
        answer = collector.post(request, headers={"Origin": PAGE})
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-expose-headers"] == "retry-after"
        assert answer.headers["vary"] == "origin"
        assert "access-control-allow-credentials" not in answer.headers


def test_the_key_of_a_server_is_of_no_use_in_a_page(collector):
    headers = signed(PURCHASE) | {"Origin": PAGE}
    assert refused(collector, PURCHASE, key=SERVER, headers=headers) == (403, "wrong_origin")


def test_a_preflight_of_a_listed_page_is_answered_without_a_key(collector):
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    answer = collector.post(b"", method="OPTIONS", key=None, headers=asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "x-session-token" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    "asked",
    [
        {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
        {"Origin": PAGE, "Access-Control-Request-Method": "DELETE"},
        {"Origin": PAGE},
    ],
)
def test_any_other_preflight_is_refused(collector, asked):
    answer = collector.post(b"", method="OPTIONS", key=None, headers=asked)
    assert answer.code == (403, "wrong_origin")
    assert "access-control-allow-origin" not in answer.headers


def test_no_answer_sets_a_cookie_or_redirects(collector):
    for path in ("/v1/events", "/v1/events/", "//v1/events", "/"):
        answer = collector.post(HEARTBEAT, path, headers={"Cookie": "session=1"})
        assert "set-cookie" not in answer.headers
        assert not 300 <= answer.status < 400


def test_a_player_with_a_token_of_its_own_sends(collector):
    answer = collector.post(HEARTBEAT, key=SESSION, headers={"X-Session-Token": a_token(MINE)})
    assert answer.json["accepted"] == 1


def test_a_token_may_stand_in_the_query_for_what_can_set_no_header(collector):
    assert (
        collector.post(HEARTBEAT, f"/v1/events?key={SESSION}&session={a_token(MINE)}", key=None).status == 200
    )


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_session"),
        ({"X-Session-Token": ""}, "missing_session"),
        ({"X-Session-Token": a_token(MINE | {"exp": NOW_S})}, "expired_token"),
        ({"X-Session-Token": a_token(MINE, FOREIGN_SECRET)}, "wrong_token"),
        ({"X-Session-Token": "not.a.token"}, "wrong_token"),
    ],
)
def test_a_player_without_a_good_token_is_refused(collector, headers, code):
    assert refused(collector, key=SESSION, headers=headers) == (401, code)


def test_a_token_expires_while_a_player_sends(collector):
    headers = {"X-Session-Token": a_token(MINE | {"exp": NOW_S + 60})}
    assert collector.post(HEARTBEAT, key=SESSION, headers=headers).status == 200
    collector.clock.at_s += 60
    assert collector.post(HEARTBEAT, key=SESSION, headers=headers).code == (401, "expired_token")


@pytest.mark.parametrize("other", [{"sub": "another viewer"}, {"sid": "another session"}])
def test_another_viewers_session_is_refused_event_by_event(collector, other):
    token = {"X-Session-Token": a_token(MINE | other)}
    theirs = EXAMPLES["pause"] | {"viewer_id": "another viewer", "app_session_id": "another session"}
    reasons = rejected(collector, [EXAMPLES["heartbeat"]], key=SESSION, headers=token)
    assert reasons == [Reason.OTHER_SESSION]
    both = {"X-Session-Token": a_token(MINE)}
    answer = collector.post([EXAMPLES["heartbeat"], theirs], key=SESSION, headers=both)
    assert answer.json["accepted"] == 1
    assert answer.json["quarantined"] == [{"index": 1, "reason": "other_session"}]


def test_the_token_of_one_key_is_none_of_another():
    keys = [
        a_key(id="a", token=SESSION, secrets=[SECRET], requires_session=True),
        a_key(id="b", token=PLAYER, secrets=[NEXT_SECRET], requires_session=True),
    ]
    headers = {"X-Session-Token": a_token(MINE)}
    assert refused(Collector(keys), key=PLAYER, headers=headers) == (401, "wrong_token")


def test_a_server_signs_every_request(collector):
    assert collector.post(PURCHASE, key=SERVER, headers=signed(PURCHASE)).json["accepted"] == 1


def test_the_signature_is_over_what_was_sent_packed_or_not(collector):
    packed = gzip.compress(PURCHASE)
    headers = signed(packed) | {"Content-Encoding": "gzip"}
    assert collector.post(packed, key=SERVER, headers=headers).json["accepted"] == 1


def test_the_query_is_signed_too(collector):
    target = f"/v1/events?key={SERVER}&x=%2F"
    headers = signed(PURCHASE, target=target)
    assert collector.post(PURCHASE, target, key=None, headers=headers).json["accepted"] == 1
    assert collector.post(PURCHASE, target + "1", key=None, headers=headers).code == (401, "wrong_signature")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_signature"),
        (signed(PURCHASE + b" "), "wrong_signature"),
        (signed(PURCHASE, secret=FOREIGN_SECRET), "wrong_signature"),
        (signed(PURCHASE, target="/v1/ga4"), "wrong_signature"),
        (signed(PURCHASE, method="PUT"), "wrong_signature"),
        (signed(PURCHASE, at_s=NOW_S - 301), "stale_signature"),
        (signed(PURCHASE, at_s=NOW_S + 301), "stale_signature"),
    ],
)
def test_a_server_whose_signature_does_not_hold_is_refused(collector, headers, code):
    assert refused(collector, PURCHASE, key=SERVER, headers=headers) == (401, code)


def test_a_replayed_request_is_refused(collector):
    headers = signed(PURCHASE)
    assert collector.post(PURCHASE, key=SERVER, headers=headers).status == 200
    assert collector.post(PURCHASE, key=SERVER, headers=headers).code == (401, "replayed_nonce")
    again = signed(PURCHASE, nonce="another-nonce-of-16")
    assert collector.post(PURCHASE, key=SERVER, headers=again).status == 200


def test_a_secret_is_replaced_without_a_pause():
    keys = [a_key("server", token=SERVER, secrets=[NEXT_SECRET, SECRET])]
    collector = Collector(keys)
    old = signed(PURCHASE, nonce="signed-with-the-old")
    new = signed(PURCHASE, nonce="signed-with-the-new", secret=NEXT_SECRET)
    assert collector.post(PURCHASE, key=SERVER, headers=old).status == 200
    assert collector.post(PURCHASE, key=SERVER, headers=new).status == 200


@pytest.mark.parametrize(("key", "signs"), [(PLAYER, False), (SERVER, True), (PRIVACY, True)])
@pytest.mark.parametrize(
    "event_type", ["heartbeat", "purchase", "refund", "unlock", "ad_reward", "viewer_deletion"]
)
def test_a_key_sends_what_its_kind_may(collector, key, signs, event_type):
    body = json.dumps([EXAMPLES[event_type]]).encode()
    allowed = {
        PLAYER: {"heartbeat"},
        SERVER: {"heartbeat", "purchase", "refund", "unlock", "ad_reward"},
        PRIVACY: {"viewer_deletion"},
    }
    reasons = rejected(collector, body, key=key, headers=signed(body) if signs else {})
    assert reasons == ([] if event_type in allowed[key] else [Reason.NOT_ALLOWED])


def test_the_key_of_a_webhook_is_for_webhooks_alone(collector):
    """It signs nothing: who overhears it must not be able to send purchases as the platform's backend."""
    assert refused(collector, PURCHASE, key=WEBHOOK) == (403, "wrong_key_kind")


async def test_a_sender_without_an_address_is_served(collector):
    answer = await call(collector.app, "POST", "/v1/events", [("x-write-key", PLAYER)], HEARTBEAT, None)
    assert answer.status == 200

"""The sender over HTTP, against a collector that records what it is asked to, on a real socket."""

import hashlib
import hmac
import json
import threading
import uuid

import pytest
from pydantic import SecretStr

from producers.http_sender import HttpSender, HttpSenderSettings, sent_later
from runtime.errors import CollectorAwayError, DeliveryError
from tests.e2e.sdk.recorder import Recorder, serving

SECRET = "s" * 32


@pytest.fixture
def recorder():
    return Recorder(parse=lambda text: json.loads(text) if text.startswith(b"{") else text.decode())


@pytest.fixture
def make(recorder):
    """Makes senders to the recorder."""
    with serving(recorder) as origin:
        yield lambda **settings: HttpSender(
            HttpSenderSettings(url=origin, token="a_server_token", secret=SecretStr(SECRET), **settings)
        )


def line(number):
    return json.dumps({"event_id": str(uuid.UUID(int=number)), "sent_at": 1_000}).encode()


def numbers(recorder):
    return sorted(
        uuid.UUID(event["event_id"]).int for request in recorder.requests for event in request.events
    )


def test_every_event_arrives_once_in_batches_of_a_hundred(recorder, make):
    with make(batch_age_ms=60_000) as sender:
        for number in range(1_050):
            sender.send("viewer", line(number))
    assert numbers(recorder) == list(range(1_050))
    assert sorted(len(request.events) for request in recorder.requests) == [50] + [100] * 10
    assert (sender.delivered, sender.failed) == (1_050, 0)


def test_a_lone_event_is_sent_without_another_call(recorder, make):
    with make(batch_age_ms=20) as sender:
        sender.send("viewer", line(1))
        with recorder.arrived:
            assert recorder.arrived.wait_for(lambda: recorder.requests, 10)


def test_a_batch_holds_no_more_bytes_than_it_may(recorder, make):
    with make(batch_bytes=4 * len(line(0)), batch_age_ms=60_000) as sender:
        for number in range(10):
            sender.send("viewer", line(number))
    assert max(len(request.events) for request in recorder.requests) <= 4
    assert numbers(recorder) == list(range(10))


def test_a_batch_that_is_not_taken_is_sent_again_with_its_ids_and_a_later_time(recorder, make):
    recorder.answers.extend([(503, {"Retry-After": "1"}, {}), (429, {}, {}), (500, {}, {})])
    with make(connections=1) as sender:
        sender.send("viewer", line(7))
        sender.send("viewer", b"not json")
    (request,) = recorder.requests
    event, broken = request.events
    assert event["event_id"] == str(uuid.UUID(int=7))
    assert 1_000 + 1_000 + 500 + 1_000 <= event["sent_at"] < 20_000
    assert broken == "not json"
    assert sender.delivered == 2


def test_a_collector_that_goes_away_costs_time_only(recorder, make):
    with make(connections=2) as sender:
        recorder.away = True
        for number in range(300):
            sender.send("viewer", line(number))
        threading.Timer(0.4, lambda: setattr(recorder, "away", False)).start()
    assert numbers(recorder) == list(range(300))


def test_what_is_refused_for_good_is_counted_and_reported_once(recorder, make):
    recorder.answers.append((401, {}, {"error": "revoked_key"}))
    sender = make(batch_events=3, connections=1)
    for number in range(6):
        sender.send("viewer", line(number))
    with pytest.raises(
        DeliveryError, match=r"3 events were not delivered.* of 6 .*\(3 delivered.*401.*revoked_key"
    ):
        sender.flush()
    sender.close()
    assert (sender.delivered, sender.failed) == (3, 3)
    with pytest.raises(DeliveryError, match="closed"):
        sender.send("viewer", line(9))


def test_what_is_never_taken_is_given_up_after_the_delivery_timeout(recorder, make):
    recorder.away = True
    sender = make(delivery_timeout_s=0.3)
    sender.send("viewer", line(1))
    with pytest.raises(DeliveryError, match="1 events were not delivered"):
        sender.close()


def test_each_request_is_signed_over_what_it_holds(recorder, make):
    with make(batch_age_ms=60_000) as sender:
        sender.send("viewer", line(1))
        sender.send("viewer", line(2))
    (request,) = recorder.requests
    body = line(1) + b"\n" + line(2)
    told = request.headers
    text = "\n".join(
        ["cliffhanger-1", "POST", "/v1/events", told["x-signature-time"], told["x-signature-nonce"],
         hashlib.sha256(body).hexdigest()]
    )  # fmt: skip
    assert told["x-signature"] == hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()
    assert request.key == "a_server_token"


def test_nobody_there_is_named():
    settings = HttpSenderSettings(
        url="http://127.0.0.1:1", token="t", secret=SecretStr(SECRET), connect_s=0.1
    )
    with pytest.raises(CollectorAwayError, match=r"http://127\.0\.0\.1:1 .*Is it running"):
        HttpSender(settings)


def test_a_line_with_a_newline_would_be_two_events(make):
    with make() as sender, pytest.raises(ValueError, match="newline"):
        sender.send("viewer", b"{}\n{}")


@pytest.mark.parametrize("line", [b"", b"{", b"[1]", b'{"sent_at":"1"}', b'{"sent_at":true}', b"[" * 20_000])
def test_what_cannot_be_read_is_sent_again_as_it_was(line):
    assert sent_later(line, 5) == line


def test_only_the_time_of_sending_changes():
    assert json.loads(sent_later(b'{"sent_at":1,"x":[1.5,"\\u00e9"]}', 5)) == {"sent_at": 6, "x": [1.5, "é"]}

"""What the application answers beside the happy path, and what its description says of that."""

import gzip
import json
import logging

import pytest
import zstandard

from producers.collector.answers import CODES, Accepted, Refusal
from tests.support.collector import Collector, call
from tests.unit.streams.contract import EXAMPLES

EVENT = EXAMPLES["pause"]
KB = 1024


@pytest.fixture
def collector():
    return Collector()


def test_events_come_as_an_array_as_lines_or_alone_plain_or_packed(collector):
    array = json.dumps([EVENT, EVENT]).encode()
    lines = b"\n".join(json.dumps(EVENT).encode() for _ in range(2))
    packed = {
        "gzip": gzip.compress(lines, mtime=0),
        "zstd": zstandard.ZstdCompressor().compress(lines),
        "identity": lines,
    }
    answers = [collector.post(array), collector.post(lines)]
    answers += [
        collector.post(body, headers={"content-encoding": name, "content-type": "application/x-ndjson"})
        for name, body in packed.items()
    ]
    assert [(answer.status, answer.json) for answer in answers] == [
        (200, {"accepted": 2, "quarantined": [], "ignored": 0})
    ] * 5
    assert len(collector.delivery.lines()) == 10


def test_what_enters_the_log_is_the_event_and_no_more(collector):
    collector.post([EVENT | {"ip": "192.0.2.1"}])
    (line,) = collector.delivery.lines()
    entered = json.loads(line)
    assert entered.pop("viewer_id") != EVENT["viewer_id"]
    assert entered.pop("received_at") == collector.clock.now_ms()
    assert entered == {name: EVENT[name] for name in EVENT if name not in ("viewer_id", "received_at")}


def test_a_bad_event_is_set_aside_with_its_index_and_its_neighbours_are_accepted(collector):
    body = b"\n".join([json.dumps(EVENT).encode(), b"{", b"", b"7", json.dumps(EVENT).encode()])
    answer = collector.post(body)
    assert (answer.status, answer.json) == (
        200,
        {
            "accepted": 2,
            "quarantined": [{"index": 1, "reason": "not_json"}, {"index": 2, "reason": "not_an_object"}],
            "ignored": 0,
        },
    )
    assert len(collector.delivery.lines()) == 4


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"", {}, (400, "no_events")),
        (b"[{]", {}, (400, "not_json")),
        (gzip.compress(b"{}" * 200, mtime=0)[:-5], {"content-encoding": "gzip"}, (400, "truncated_gzip")),
        (b"{}", {"content-encoding": "gzip"}, (400, "malformed_gzip")),
        (b"{}", {"content-encoding": "gzip, gzip"}, (415, "unsupported_encoding")),
        (b"{}", {"content-type": "image/png"}, (415, "unsupported_media_type")),
        (b"{}\n" * 501, {}, (413, "too_many_events")),
        (b" " * (1024 * KB + 1), {}, (413, "too_large")),
        (b"", {"content-length": "999999999"}, (413, "too_large")),
        (gzip.compress(b" " * (1024 * KB + 1), mtime=0), {"content-encoding": "gzip"}, (413, "too_large")),
    ],
)
def test_what_is_wrong_with_the_whole_request_refuses_it_and_nothing_enters_the_log(
    collector, body, headers, code
):
    answer = collector.post(body, headers=headers)
    assert answer.code == code
    assert set(answer.json) == {"error", "detail"}
    assert collector.delivery.lines() == []


def test_without_acknowledgement_there_is_no_success(collector):
    collector.delivery.away = True
    answer = collector.post([EVENT])
    assert answer.code == (503, "broker_away")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("path", ["/", "/v1/events/", "/v1", "/docs", "/redoc", "/v1/events%00"])
def test_an_unknown_path_is_not_found_and_leads_nowhere(collector, path):
    answer = collector.post(b"{}", path)
    assert answer.code == (404, "not_found")
    assert "location" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "BREW"])
def test_another_method_is_told_the_one_that_there_is(collector, method):
    answer = collector.post(b"", method=method)
    assert answer.code == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


def test_a_defect_is_one_answer_and_one_line_that_quotes_nothing(collector, caplog, monkeypatch):
    def broken(*_):
        raise RuntimeError("a secret of the sender")

    monkeypatch.setattr(collector.delivery, "deliver", broken)
    with caplog.at_level(logging.INFO):
        answer = collector.post([EVENT])
    assert answer.code == (500, "internal")
    (record,) = caplog.records
    assert "RuntimeError" in record.getMessage()
    assert "test_app.py" in record.getMessage()
    assert "secret" not in caplog.text


def test_every_answer_is_counted(collector):
    collector.post([EVENT, 1])
    collector.post([EVENT], key=None)
    collector.post(b"")
    value = collector.metrics.registry.get_sample_value
    name = "cliffhanger_collector"
    assert value(f"{name}_requests_total", {"status": "200"}) == 1
    assert value(f"{name}_requests_total", {"status": "401"}) == 1
    assert value(f"{name}_refused_total", {"code": "missing_key"}) == 1
    assert value(f"{name}_refused_total", {"code": "no_events"}) == 1
    assert value(f"{name}_events_total", {"outcome": "accepted"}) == 1
    assert value(f"{name}_quarantined_total", {"reason": "not_an_object"}) == 1
    assert value(f"{name}_request_seconds_count") == 3


async def test_the_description_names_every_answer_and_the_events(collector):
    answer = await call(collector.app, "GET", "/openapi.json", [], b"", "192.0.2.1")
    described = answer.json
    post = described["paths"]["/v1/events"]["post"]
    assert set(post["responses"]) == {"200", "400", "401", "403", "408", "413", "415", "429", "503"}
    for status, response in post["responses"].items():
        model = "Accepted" if status == "200" else "Refusal"
        schema = response["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{model}"}
    schemas = described["components"]["schemas"]
    assert len(schemas["Event"]["oneOf"]) == len(EXAMPLES)
    names = {ref.rpartition("/")[2] for ref in refs(described)}
    assert names <= schemas.keys()


def refs(node):
    if isinstance(node, dict):
        for name, value in node.items():
            yield from [value] if name == "$ref" else refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


def test_answers_are_what_the_description_says(collector):
    Accepted.model_validate_json(collector.post([EVENT, 1]).body, strict=True)
    Refusal.model_validate_json(collector.post(b"").body, strict=True)


def test_every_refusal_says_something():
    assert all(len(sentence) > 10 and sentence.endswith(".") for sentence in CODES.values())

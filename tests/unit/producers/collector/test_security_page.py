"""The examples of docs/security.md work as written, and what it says of keys and kinds is so."""

import json
import re
from pathlib import Path

import pytest

from producers.collector.keys import MAY_SEND, WriteKey, read_keys
from producers.collector.signatures import NonceCache
from producers.collector.signatures import verify as verify_signature
from producers.collector.tokens import Session
from producers.collector.tokens import verify as verify_token
from runtime.clock import SystemClock
from runtime.sealing import read
from tests.unit.producers.collector.senders import SECRET, a_key

PAGE = (Path(__file__).parents[4] / "docs" / "security.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def defined(name):
    """A function as an example defines it."""
    (source,) = (block for block in blocks("python") if f"def {name}" in block)
    scope = {}
    exec(source, scope)
    return scope[name]


def test_the_keys_file_is_one(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(blocks("json")[0])
    ring = read_keys(path)
    assert len(ring) == 5
    assert ring.find("pk_9sLw2cF6uHb4kE7a").requires_session


def test_every_field_of_a_key_is_told():
    told = {
        name
        for row in re.findall(r"^\| (`[^|]+`) \|", PAGE, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert set(WriteKey.model_fields) - {"kind"} <= told


@pytest.mark.parametrize("kind", MAY_SEND)
def test_every_kind_of_key_is_told(kind):
    assert f"| `{kind}` |" in PAGE


def test_the_token_of_the_example_is_accepted():
    token = defined("session_token")("viewer-1", "session-1", SECRET)
    now_s = SystemClock().now_ms() / 1000
    assert verify_token(token, a_key(secrets=[SECRET]), now_s) == Session("viewer-1", "session-1")


def test_the_signature_of_the_example_is_accepted():
    headers = defined("signed_headers")(SECRET, "POST", "/v1/events?x=1", b"[]")
    verify_signature(
        a_key("server"),
        "POST",
        "/v1/events?x=1",
        {name.lower(): value for name, value in headers.items()},
        b"[]",
        now_s=SystemClock().now_ms() / 1000,
        nonces=NonceCache(),
    )


def test_the_sealed_line_of_the_example_is_one():
    line = json.loads(blocks("json")[1])
    assert read(json.dumps(line).encode()).reason == "not_allowed"


def test_every_link_leads_somewhere():
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", PAGE):
        assert (Path(__file__).parents[4] / "docs" / link).exists(), link

"""Write keys, tokens and signed requests for tests, made as a platform would make them."""

import base64
import hashlib
import hmac
import json

from producers.collector.keys import WriteKey
from tests.unit.streams.contract import EXAMPLES

NOW_S = 1_700_000_000
TOKEN = "pk_of_a_player_1"
SECRET, NEXT_SECRET, FOREIGN_SECRET = "s" * 32, "n" * 32, "f" * 32
NONCE = "nonce-of-16-chars"
HEARTBEAT = json.dumps([EXAMPLES["heartbeat"]]).encode()
PURCHASE = json.dumps([EXAMPLES["purchase"]]).encode()
DELETION = json.dumps([EXAMPLES["viewer_deletion"]]).encode()


def a_key(kind="player", **fields):
    """A write key of a kind, with what that kind needs."""
    signs = {"secrets": [SECRET]} if kind in {"server", "privacy"} else {}
    return WriteKey.model_validate({"id": f"a-{kind}", "kind": kind, "token": TOKEN, **signs, **fields})


def encoded(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def a_token(claims, secret=SECRET, header=None):
    """A JWT as RFC 7515 makes one, by the standard library alone."""
    text = f"{encoded({'alg': 'HS256', 'typ': 'JWT'} if header is None else header)}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"


def claims(**changed):
    return {"sub": "viewer-1", "sid": "session-1", "exp": NOW_S + 3600} | changed


def signed(body, *, method="POST", target="/v1/events", at_s=NOW_S, nonce=NONCE, secret=SECRET):
    """The headers of a signed request, by the text of docs/security.md."""
    digest = hashlib.sha256(body).hexdigest()
    text = f"cliffhanger-1\n{method}\n{target}\n{at_s}\n{nonce}\n{digest}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return {"x-signature": signature, "x-signature-time": str(at_s), "x-signature-nonce": nonce}


def refusal(refused):
    """Status and code of what `pytest.raises(Refused)` caught."""
    return refused.value.status, refused.value.code


def rejected(collector, body, **request):
    """The reasons for which the events of a request were set aside."""
    answer = collector.post(body, **request)
    assert answer.status == 200
    return [entry["reason"] for entry in answer.json["quarantined"]]

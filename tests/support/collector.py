"""The collector in this process, without sockets: real routes, checks and judging; a log in memory."""

import asyncio
import json
from typing import NamedTuple

from pydantic import SecretStr

from producers.collector.app import make_app
from producers.collector.door import Door
from producers.collector.intake import Intake
from producers.collector.keys import Keyring
from producers.collector.limits import RateLimits
from producers.collector.network import networks
from producers.collector.pseudonyms import Pseudonyms
from runtime.metrics import CollectorMetrics
from runtime.sealing import Seal
from runtime.settings import CollectorSettings
from tests.contracts.memory_delivery import MemoryDelivery
from tests.unit.producers.collector.senders import NOW_S, SECRET, a_key

PLAYER, SERVER, PRIVACY, WEBHOOK, SESSION = (
    f"a_token_of_{name}" for name in ("player", "server", "privacy", "webhook", "session")
)
PAGE = "https://app.example"
SEAL = Seal((b"q" * 32,), "collector")
PSEUDONYMS = Pseudonyms(SecretStr("p" * 32))


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.status, self.json.get("error")


class StandingClock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.at_s = float(NOW_S)

    def now_ms(self):
        return int(self.at_s * 1000)

    def monotonic_s(self):
        return self.at_s


def default_keys(**of_all):
    return (
        a_key(id="player", token=PLAYER, origins=[PAGE], **of_all),
        a_key("server", token=SERVER, **of_all),
        a_key("privacy", token=PRIVACY, **of_all),
        a_key("webhook", token=WEBHOOK, **of_all),
        a_key(id="session", token=SESSION, secrets=[SECRET], requires_session=True, **of_all),
    )


class Collector:
    """A collector whose clock, keys and log the test holds."""

    def __init__(self, keys=None, *, network_burst=10**9, **settings):
        self.settings = CollectorSettings(**settings)
        self.clock = StandingClock()
        self.delivery = MemoryDelivery(self.settings)
        self.metrics = CollectorMetrics()
        keys = Keyring(default_keys(events_per_s=10**7, burst=10**8) if keys is None else keys)
        limits = RateLimits(1.0, network_burst)
        door = Door(keys, limits, networks(self.settings.trusted_proxies), self.clock)
        intake = Intake(self.settings, self.delivery, PSEUDONYMS, SEAL, limits, self.metrics, self.clock)
        self.app = make_app(self.settings, door=door, intake=intake, metrics=self.metrics, clock=self.clock)

    def post(self, body, path="/v1/events", *, key=PLAYER, method="POST", peer="198.51.100.7", headers=()):
        """Send a request and return the answer. `headers` are pairs, or a dict."""
        return asyncio.run(self.send(body, path, key=key, method=method, peer=peer, headers=headers))

    async def send(
        self, body, path="/v1/events", *, key=PLAYER, method="POST", peer="198.51.100.7", headers=()
    ):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        if key is not None:
            pairs.append(("x-write-key", key))
        return await call(self.app, method, path, pairs, body, peer)


async def call(app, method, path, headers, body, peer):
    """One request of an ASGI application, the body in chunks."""
    target, _, query = path.partition("?")
    encoded = [(n.lower().encode("latin-1", "replace"), v.encode("latin-1", "replace")) for n, v in headers]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": target, "raw_path": target.encode(), "query_string": query.encode(), "root_path": "",
        "headers": encoded, "client": (peer, 4711) if peer else None, "server": None, "state": {},
    }  # fmt: skip
    chunks = [body[at : at + 65_536] for at in range(0, len(body), 65_536)] or [b""]
    sent = []

    async def receive():
        if not chunks:
            return {"type": "http.disconnect"}
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    found = {n.decode(): v.decode() for n, v in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:]))

"""Requests by seeded mutation: good bodies of every vocabulary, spoiled in a few places. Fast."""

import gzip
import json
from copy import deepcopy
from pathlib import Path

import zstandard

from tests.hostile.generated import CANARY, Generated
from tests.support.collector import PLAYER, WEBHOOK
from tests.unit.streams.contract import EXAMPLES

FIXTURES = Path(__file__).parents[1] / "fixtures" / "vocabularies"
PATHS_OF = {
    "segment_": "/v1/segment/batch",
    "snowplow_": "/com.snowplowanalytics.snowplow/tp2",
    "ga4_": "/v1/ga4",
    "revenuecat_": "/v1/revenuecat",
}
BODIES = [("/v1/events", list(EXAMPLES.values()))] * 6 + [
    (path, json.loads(file.read_bytes()))
    for file in sorted(FIXTURES.glob("*.json"))
    for prefix, path in PATHS_OF.items()
    if file.name.startswith(prefix)
]
VALUES = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 2**31, 2**53, 2**63, 10**30, 1e308, float("nan"), float("inf"),
    "", CANARY, "0", "a\0b", "\ud800", "\u202e", "x" * 129, "x" * 40_000, "2024-13-45T99:99:99Z", "1e400",
    [], {}, [[[]]], {"a": {"a": {"a": []}}}, [None] * 50, [{}] * 50, {CANARY: CANARY},
    "[" * 500, "%00", "\x7f", "-1", " ",
)  # fmt: skip
BYTES = (
    b"",
    b"\0",
    b"\xff",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b'"',
    b"\\",
    b"\n",
    b"\r\n",
    b"NaN",
    b"1e400",
    b"\\ud800",
)
ZSTD = zstandard.ZstdCompressor(level=1)


def mutated(rng):
    """The next request."""
    path, body = rng.choice(BODIES)
    text = _written(rng, path, _spoiled(rng, deepcopy(body)))
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(BYTES) + text[at + rng.randrange(4) :]
    packed, encoding = _packed(rng, text)
    headers = [
        ("x-write-key", WEBHOOK if path == "/v1/revenuecat" else PLAYER),
        ("content-encoding", encoding),
    ]
    return Generated(path, "POST", headers, packed)


def _spoiled(rng, body):
    """A body of which a few values, wherever they stand, are others, or gone."""
    for _ in range(rng.choice((0, 1, 1, 2, 3, 8))):
        place, name = _somewhere(rng, body)
        if name is None:
            continue
        if rng.random() < 0.2:
            del place[name]
        else:
            place[name] = deepcopy(rng.choice(VALUES))
    return body


def _somewhere(rng, body):
    """A container within a body, and one of its keys or indexes; None when it has none."""
    place, name = None, None
    inside = body
    while isinstance(inside, dict | list) and inside and (name is None or rng.random() < 0.85):
        place, name = (
            inside,
            rng.choice(list(inside)) if isinstance(inside, dict) else rng.randrange(len(inside)),
        )
        inside = place[name]
    return place, name


def _written(rng, path, body):
    if path == "/v1/events" and rng.random() < 0.5:
        return b"\n".join(map(_json, rng.sample(body, min(len(body), rng.randrange(8)))))
    return _json(body)


def _json(value):
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _packed(rng, text):
    packing = rng.randrange(12)
    if packing < 6:
        return text, ""
    packed, encoding = (gzip.compress(text, 1), "gzip") if packing % 2 else (ZSTD.compress(text), "zstd")
    if packing >= 10:
        at = rng.randrange(len(packed) + 1)
        packed = packed[:at] + rng.choice((b"", rng.randbytes(2) + packed[at + 1 :]))
    return packed, encoding

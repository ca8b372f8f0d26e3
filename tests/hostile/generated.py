"""Requests as a fuzzer makes them: events broken in every way, packed well and badly, by anybody."""

import gzip
import json
import zlib
from typing import NamedTuple

import zstandard
from hypothesis import strategies as st

from tests.support.collector import PAGE, PLAYER, PRIVACY, SERVER, SESSION, WEBHOOK
from tests.unit.producers.collector.senders import NOW_S, a_token, claims, signed
from tests.unit.streams.contract import EXAMPLES

CANARY = "canary-7c1d"
"""Stands in what is sent, and may stand neither in an answer nor in a log."""

PATHS = (
    "/v1/events", "/v1/segment/batch", "/v1/segment/track", "/com.snowplowanalytics.snowplow/tp2", "/v1/ga4",
    "/v1/revenuecat",
)  # fmt: skip
TYPES = ("application/json", "application/x-ndjson", "text/plain;charset=UTF-8", "", "text/html", CANARY)

_TEXT = st.text(max_size=12) | st.sampled_from(
    ["", CANARY, "a\0b", "\ud800", "\u202e", "x" * 129, "\x7f", "1"]
)
_NUMBER = (
    st.integers()
    | st.floats()
    | st.sampled_from([2**63, -(2**63) - 1, 10**30, 1e308, -0.0, 4_102_444_800_001])
)
_VALUE = st.recursive(
    st.none() | st.booleans() | _NUMBER | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_EXAMPLE = st.sampled_from(sorted(EXAMPLES)).map(EXAMPLES.__getitem__)
_ODDITIES = st.sampled_from(
    [
        b"NaN", b"[NaN]", b'{"a":1e400}', b'"\\ud800"', b"\xff\xfe", b"\0", b"[" * 100_000, b'{"a":' * 20_000,
        b"[" * 500 + b"]" * 500, b'{"viewer_id":"' + b"x" * 40_000 + b'"}', b"," * 5_000, b"0" * 5_000,
        b'{"event_type":"sealed","reason":"late"}', b'{"a":1,"a":2}', b"{}", b"null", b"1e-400", b"-", b'"',
        b"\xef\xbb\xbf{}", b" ", b"\r", b'{"schema_version":true,"event_type":["heartbeat"]}', b"{}{}",
    ]
)  # fmt: skip


@st.composite
def _changed(draw):
    """An event with one to three fields that hold anything, or are gone."""
    event = dict(draw(_EXAMPLE))
    for _ in range(draw(st.integers(1, 3))):
        field = draw(st.sampled_from(sorted(event)) | _TEXT)
        if draw(st.booleans()):
            event[field] = draw(_VALUE)
        else:
            event.pop(field, None)
    return json.dumps(event).encode("utf-8", "surrogatepass")


@st.composite
def _scratched(draw):
    """An event with a few of its bytes replaced, cut off or doubled."""
    line = bytearray(json.dumps(draw(_EXAMPLE)).encode())
    at = draw(st.integers(0, len(line)))
    line[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(line[: draw(st.integers(0, len(line))) if draw(st.booleans()) else None])


EVENT = _EXAMPLE.map(lambda event: json.dumps(event).encode())
LINE = EVENT | _changed() | _scratched() | _ODDITIES | _VALUE.map(lambda v: json.dumps(v).encode())


@st.composite
def plain_bodies(draw):
    """Lines, an array, or bytes."""
    lines = draw(st.lists(LINE, max_size=6))
    kind = draw(st.sampled_from(["lines", "lines", "array", "array", "wrapped", "bytes", "many"]))
    if kind == "lines":
        return draw(st.sampled_from([b"\n", b"\r\n", b"\n\n"])).join(lines)
    if kind == "array":
        return b"[" + b",".join(lines) + draw(st.sampled_from([b"]", b"]", b"]", b"", b",]", b"] "]))
    if kind == "wrapped":
        return b'{"batch":[' + b",".join(lines) + b'],"data":[{"e":"ue"}],"events":[],"event":{}}'
    if kind == "many":
        return draw(st.sampled_from([b"{}\n", b"[],", b"1\n", b"\n"])) * draw(st.integers(1, 2_000))
    return draw(st.binary(max_size=200))


def _bomb(body):
    return gzip.compress(body + b" " * 2_000_000, 1)


PACKINGS = {
    "": (lambda body: body),
    "identity": (lambda body: body),
    "gzip": gzip.compress,
    "GZIP ": gzip.compress,
    "zstd": zstandard.ZstdCompressor(level=1).compress,
    "deflate": zlib.compress,
    "br": (lambda body: body),
    "gzip, gzip": (lambda body: gzip.compress(gzip.compress(body))),
    CANARY: (lambda body: body),
}


@st.composite
def _packed(draw, body):
    """The body and the encoding that is claimed for it: mostly the truth."""
    encoding = draw(st.sampled_from(["", "", "", "gzip", "gzip", "zstd", "zstd", *PACKINGS]))
    packed = PACKINGS[encoding](body)
    match draw(st.sampled_from(["whole"] * 6 + ["cut", "scratched", "more", "bomb", "twice", "unpacked"])):
        case "cut":
            packed = packed[: draw(st.integers(0, len(packed)))]
        case "scratched":
            at = draw(st.integers(0, len(packed)))
            packed = packed[:at] + draw(st.binary(min_size=1, max_size=3)) + packed[at + 1 :]
        case "more":
            packed += draw(st.binary(max_size=20)) + packed
        case "bomb":
            packed, encoding = _bomb(body), "gzip"
        case "twice":
            packed = PACKINGS[encoding](packed)
        case "unpacked":
            packed = body
    return packed, encoding


class Generated(NamedTuple):
    """A request."""

    path: str
    method: str
    headers: list
    body: bytes


@st.composite
def of_insiders(draw):
    """A request that the door lets in: what is behind it is tried."""
    path = draw(st.sampled_from(PATHS[:1] * 5 + PATHS))
    body, encoding = draw(_packed(draw(plain_bodies())))
    key = WEBHOOK if path == "/v1/revenuecat" else PLAYER
    headers = [("x-write-key", key), ("content-type", "application/json"), ("content-encoding", encoding)]
    return Generated(path, "POST", headers, body)


@st.composite
def of_anybody(draw):
    """A request of somebody at the door, with a body that is good."""
    path = draw(st.sampled_from(PATHS[:1] * 5 + PATHS))
    target = path + draw(st.sampled_from(["", "", "", f"?{CANARY}=1", "?key=%FF", "?session=a.b.c", "?%00"]))
    method = draw(st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "OPTIONS", "HEAD", "DELETE"]))
    key = draw(st.sampled_from([PLAYER, PLAYER, SERVER, PRIVACY, WEBHOOK, SESSION, CANARY, ""]))
    body = draw(EVENT)
    headers = [("content-type", draw(st.sampled_from(TYPES)))]
    return Generated(target, method, headers + draw(_of_sender(key, body, target, method)), body)


@st.composite
def _of_sender(draw, key, body, target, method):
    """The headers that say who sends: genuine more often than not."""
    headers = [("x-write-key", key)]
    if key in {SERVER, PRIVACY}:
        of = draw(st.sampled_from([body, body, body, body + b" "]))
        nonce = f"nonce-{draw(st.integers(0, 10**12)):013}"
        headers += signed(of, method=method, target=target, nonce=nonce).items()
    if key == SESSION or draw(st.integers(0, 9)) == 0:
        who = draw(
            st.sampled_from(
                [{"sub": "viewer 1", "sid": "session"}, {"sub": CANARY}, {"exp": NOW_S - 1}, {"sid": 1}]
            )
        )
        headers.append(("x-session-token", draw(st.just(a_token(claims(**who))) | _TEXT)))
    match draw(st.integers(0, 9)):
        case 0:
            headers.append(("origin", draw(st.sampled_from([PAGE, PAGE, "null", "https://" + CANARY]))))
        case 1:
            headers.append(("x-forwarded-for", draw(st.text(max_size=20))))
        case 2:
            headers.append(
                ("content-length", draw(st.sampled_from(["0", "-1", "9" * 20, "x", "\xb2", "1e3"])))
            )
        case 3:
            headers.append(("authorization", draw(_TEXT | st.just("Basic " + CANARY))))
        case 4:
            headers.append((draw(st.sampled_from(["cookie", "user-agent", "expect"])), CANARY))
    return headers

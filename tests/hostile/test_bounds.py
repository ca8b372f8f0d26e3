"""No request costs more than its limits: bombs, deep nesting, hash floods, a million of anything."""

import asyncio
import gzip
import json
import time
import tracemalloc

import pytest
import zstandard

from tests.hostile.checks import check
from tests.hostile.generated import PATHS, Generated
from tests.support.collector import PLAYER, WEBHOOK
from tests.unit.streams.contract import EXAMPLES

MB = 1024 * 1024
EVENT = json.dumps(EXAMPLES["heartbeat"]).encode()
MOST_SECONDS, MOST_BYTES = 1.0, 40 * MB
"""Of one request of a megabyte: what it unpacks to, its lines, their sealed form and the answer."""


BOMB = gzip.compress(bytes(500 * MB), 6)
BODIES = {
    "a bomb of gzip": ("gzip", BOMB),
    "a bomb of zstd": ("zstd", zstandard.ZstdCompressor(level=19).compress(bytes(500 * MB))),
    "a bomb in a bomb": ("gzip", gzip.compress(BOMB)),
    "a million empty gzip members": ("gzip", gzip.compress(b"") * 40_000),
    "a zstd frame that asks for a window of 2 GB": ("zstd", bytes.fromhex("28b52ffd00a8010000")),
    "brackets": ("", b"[" * MB),
    "brackets and their ends": ("", b"[" * (MB // 2) + b"]" * (MB // 2)),
    "objects in objects": ("", b'{"a":' * (MB // 5)),
    "an event deep inside": ("", b'[{"event_type":"heartbeat","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}]"),
    "a million empty arrays": ("", b"[" + b"[]," * (MB // 3 - 1) + b"[]]"),
    "a million newlines": ("", b"\n" * MB),
    "a million empty objects, a line each": ("", b"{}\n" * (MB // 3)),
    "a million ones": ("", b"1\n" * (MB // 2)),
    "five hundred lines of nothing": ("", b"{}\n" * 500),
    "five hundred lines of two thousand brackets": ("", (b"[" * 2_000 + b"\n") * 500),
    "five hundred events with all fields twice": ("", b"\n".join([EVENT[:-1] + b"," + EVENT[1:]] * 500)),
    "a line of a megabyte": ("", b'{"viewer_id":"' + b"x" * (MB - 16) + b'"}'),
    "a number of a megabyte": ("", b'{"sent_at":' + b"9" * (MB - 12) + b"}"),
    "a fraction of a megabyte": ("", b'{"sent_at":0.' + b"9" * (MB - 14) + b"}"),
    "escapes of a megabyte": ("", b'{"viewer_id":"' + b"\\u0061" * (MB // 6 - 3) + b'"}'),
    "a hundred thousand names": ("", json.dumps({f"n{number}": 0 for number in range(70_000)}).encode()),
    "a lone surrogate in every line": ("", b'{"viewer_id":"\\ud800"}\n' * 500),
}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", BODIES)
def test_a_request_costs_no_more_than_its_limits(collector, path, name):
    encoding, body = BODIES[name]
    headers = [
        ("x-write-key", WEBHOOK if path == "/v1/revenuecat" else PLAYER),
        ("content-encoding", encoding),
    ]
    collector.delivery.log.clear()
    began = time.process_time()
    answer = collector.post(body, path, key=None, headers=headers)
    took_s = time.process_time() - began
    check(collector, Generated(path, "POST", headers, body), answer)
    assert took_s < MOST_SECONDS
    collector.delivery.log.clear()
    tracemalloc.start()
    try:
        collector.post(body, path, key=None, headers=headers)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_of_half_a_gigabyte_costs_next_to_nothing(collector, encoding):
    """The best of a few: others use the machine too."""
    body = BODIES[f"a bomb of {encoding}"][1]
    assert len(body) < MB
    best = 9.0
    for _ in range(5):
        began = time.process_time()
        assert collector.post(body, headers={"content-encoding": encoding}).code == (413, "too_large")
        best = min(best, time.process_time() - began)
    assert best < 0.02
    tracemalloc.start()
    try:
        collector.post(body, headers={"content-encoding": encoding})
        assert tracemalloc.get_traced_memory()[1] < 5 * MB
    finally:
        tracemalloc.stop()


def test_strangers_leave_nothing_behind(collector):
    """Of who is refused nothing is remembered: no key, nonce, network or id."""

    async def come(numbers):
        for number in numbers:
            peer = f"10.{number % 256}.{number // 256}.1"
            await collector.send(EVENT, key=f"unknown_key_{number:08}", peer=peer)

    tracemalloc.start()
    try:
        asyncio.run(come(range(200)))
        before = tracemalloc.get_traced_memory()[0]
        asyncio.run(come(range(200, 2_200)))
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < MB / 4

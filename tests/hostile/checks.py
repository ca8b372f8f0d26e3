"""What must hold of the answer to any request."""

import json
import time
from collections import Counter

from producers.collector.answers import CODES
from schemas.reasons import Reason
from streams.decode import judge
from tests.hostile.generated import CANARY
from tests.support.collector import SEAL

STATUSES = {200, 204, 400, 401, 403, 404, 405, 413, 415, 429}
MOST_SECONDS = 2.0
"""Of processor time, for any one request, on a machine that does other things as well."""


async def answer_to(collector, request):
    """Send a request and check the answer; return it."""
    collector.delivery.log.clear()
    began = time.process_time()
    answer = await collector.send(
        request.body, request.path, key=None, method=request.method, headers=request.headers
    )
    assert time.process_time() - began < MOST_SECONDS
    check(collector, request, answer)
    return answer


def check(collector, request, answer):
    """No defect, nothing given away, nothing lost, and everything has its reason."""
    assert answer.status in STATUSES | ({503} if collector.delivery.away else set())
    assert CANARY.encode() not in answer.body
    assert not [value for value in answer.headers.values() if CANARY in value]
    lines = collector.delivery.lines()
    if not 200 <= answer.status < 300:
        assert lines == []
        if request.method != "HEAD":
            assert answer.json["error"] in CODES
        assert (answer.status in {429, 503}) == ("retry-after" in answer.headers)
        return
    if request.path.startswith("/v1/events") and request.method == "POST":
        told = answer.json
        assert len(lines) == told["accepted"] + len(told["quarantined"])
        reasons = Counter(entry["reason"] for entry in told["quarantined"])
        assert reasons == Counter(SEAL.open(line).reason for line in lines if is_sealed(line))
    for line in lines:
        check_line(line)


def check_line(line):
    """The worker reads what entered the topic: an event as an event, a sealed line with its reason."""
    verdict = judge(line)
    if is_sealed(line):
        assert verdict is SEAL.open(line).reason
        assert CANARY.encode() not in line
    else:
        assert not isinstance(verdict, Reason)
        assert json.loads(line)["viewer_id"] == verdict.viewer_id
        assert len(verdict.viewer_id) == 32


def is_sealed(line):
    return b'"event_type":"sealed"' in line

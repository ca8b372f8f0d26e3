"""Requests generated from the OpenAPI description: what is described is what is answered."""

from collections import Counter

import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.hostile.generated import PATHS
from tests.support.collector import PLAYER, WEBHOOK

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 50


@pytest.fixture(scope="module")
def description(collector):
    return schemathesis.openapi.from_asgi("/openapi.json", collector.app)


def test_every_way_in_is_described(description):
    described = {operation.ok().path for operation in description.get_all_operations()}
    assert described == set(PATHS)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("has_key", [True, False], ids=["with a key", "without"])
def test_generated_requests_are_answered_as_described(description, path, has_key):
    statuses = Counter()

    @settings(settings.get_profile("hostile"), max_examples=EXAMPLES)
    @given(case=description[path]["POST"].as_strategy())
    def send(case):
        if has_key:
            for made_up in ("Authorization", "X-Session-Token", "Content-Encoding"):
                case.headers.pop(made_up, None)  # what is behind the door is tried
            case.headers["X-Write-Key"] = WEBHOOK if path == "/v1/revenuecat" else PLAYER
        answer = case.call_and_validate(checks=CHECKS)
        statuses[answer.status_code] += 1

    send()
    assert has_key or statuses.keys() == {401}, statuses
    assert path != "/v1/events" or not has_key or statuses[200] > EXAMPLES / 10, statuses


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head", "trace"])
def test_other_methods_are_refused(collector, method):
    assert collector.post(b"", method=method.upper()).status == 405

"""The SDK is served to every page, may be kept for an hour, and is not sent twice."""

import pytest

from producers.collector.sdk import PATH, SOURCE
from tests.support.collector import PAGE, Collector


@pytest.fixture(scope="module")
def collector():
    return Collector()


def get(collector, **headers):
    return collector.post(b"", PATH, key=None, method="GET", headers=headers)


def test_any_page_may_load_it_as_a_module(collector):
    answer = get(collector, origin="https://somebody.example")
    assert (answer.status, answer.body) == (200, SOURCE.read_bytes())
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=3600"


def test_a_page_of_a_write_key_may_load_it_too(collector):
    assert get(collector, origin=PAGE).headers["access-control-allow-origin"] in {"*", PAGE}


def test_a_browser_that_has_it_gets_no_second_copy(collector):
    tag = get(collector).headers["etag"]
    answer = get(collector, **{"if-none-match": f'"other", W/{tag}'})
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == tag
    assert get(collector, **{"if-none-match": '"other"'}).status == 200

"""One browser for these tests, and for each a collector that records and a site of its own."""

import pytest

from tests.e2e.sdk.browser import Site, browsing
from tests.e2e.sdk.recorder import Recorder, serving


@pytest.fixture(scope="module")
def browser():
    """Ended before other tests begin: while it runs, its driver holds the thread's event loop."""
    with browsing() as browser:
        yield browser


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def site(browser, recorder):
    """A site whose collector records."""
    with serving(recorder) as origin:
        context = browser.new_context()
        yield Site(context, recorder, origin)
        context.close()

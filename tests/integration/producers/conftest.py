"""kafka-python reads its message schemas with a function that Python 3.11 alone calls deprecated."""

import gc
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka  # noqa: F401


def pytest_collection_modifyitems(items):
    """kafka-python leaves sockets of failed connections to the garbage collector."""
    for item in items:
        if "integration/producers" in item.path.as_posix():
            mark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
            item.add_marker(mark)


@pytest.fixture(autouse=True)
def _collect_the_sockets():
    yield
    gc.collect()

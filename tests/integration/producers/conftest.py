"""kafka-python reads its message schemas with a function that Python 3.11 alone calls deprecated."""

import warnings

import pytest

from tests.support.sockets import sockets_collected

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka  # noqa: F401

__all__ = ["sockets_collected"]


def pytest_collection_modifyitems(items):
    """kafka-python leaves sockets of failed connections to the garbage collector."""
    for item in items:
        if "integration/producers" in item.path.as_posix():
            mark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
            item.add_marker(mark)

"""A fixture for tests whose broker goes away: no socket of theirs is left to be found in a later test."""

import gc
import logging
import warnings

import pytest


@pytest.fixture(autouse=True)
def sockets_collected():
    """Have the sockets collected that kafka-python forgets when a connection fails: now, and in silence.

    It is silent itself, since its log records hold its connections until pytest forgets the records,
    which is in the middle of the next test.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()

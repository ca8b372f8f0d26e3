"""kafka-python leaves sockets of failed connections to the garbage collector: here, not in a later test."""

import gc

import pytest


@pytest.fixture(autouse=True)
def _collect_the_sockets():
    yield
    gc.collect()

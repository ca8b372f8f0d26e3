"""How many examples hypothesis tries, and which build of the fold this process tests.

Few examples by default, many with `--hypothesis-profile thorough`. Tests in this process fold with the
sources, which mutants can patch; with `--compiled`, with what mypyc made of them. Workers that tests start
choose for themselves: the compiled build, if there is one.
"""

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

from streams import compiled

COMPILED = "--compiled"
if COMPILED not in sys.argv:
    compiled.leave()  # here, since other conftests import the fold before pytest_configure is called

os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
"""Brokers that live for a minute: the compiler that pays off after an hour takes half of their start."""

_COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("default", max_examples=100, **_COMMON)
settings.register_profile("thorough", max_examples=5_000, **_COMMON)
settings.load_profile("default")


def pytest_addoption(parser):
    parser.addoption(COMPILED, action="store_true", help="test the compiled fold")


def pytest_configure(config):
    if config.getoption(COMPILED) and not compiled.is_in_use():
        raise pytest.UsageError("no compiled fold of these sources: python -m streams.compiling")

"""Fuzzing of the door, and of unpack, parse and validate behind it: every answer is of a closed list.

Two ways: hypothesis, which finds the smallest request that fails, and a faster one of seeded mutations.
"""

import asyncio
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings

from tests.hostile.checks import answer_to
from tests.hostile.generated import of_anybody, of_insiders
from tests.hostile.mutations import mutated

OF_INSIDERS, OF_ANYBODY = 1_000, 600
SEEDS, A_SEED = 20, 500


@pytest.fixture(scope="module")
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def fuzz(collector, loop, requests, examples):
    """Send generated requests, check every answer, and return how many had which status."""
    statuses = Counter()

    @settings(settings.get_profile("hostile"), max_examples=examples)
    @given(request=requests)
    def send(request):
        statuses[loop.run_until_complete(answer_to(collector, request)).status] += 1

    send()
    assert statuses.total() >= examples
    return statuses


def test_whatever_an_insider_sends_is_answered(collector, loop):
    statuses = fuzz(collector, loop, of_insiders(), OF_INSIDERS)
    assert statuses[200] > OF_INSIDERS / 10, f"too few get as far as to be judged: {statuses}"


def test_whatever_anybody_sends_is_answered(collector, loop):
    statuses = fuzz(collector, loop, of_anybody(), OF_ANYBODY)
    assert {200, 401, 403, 405, 415} <= statuses.keys(), statuses


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_mutations_make_is_answered(collector, loop, seed):
    rng = Random(seed)

    async def send_all():
        return Counter([(await answer_to(collector, mutated(rng))).status for _ in range(A_SEED)])

    statuses = loop.run_until_complete(send_all())
    assert statuses[200] > A_SEED / 4, f"too few get as far as to be judged: {statuses}"


def test_while_the_log_is_away_nothing_is_taken(collector, loop):
    rng = Random(99)
    collector.delivery.away = True

    async def send_all():
        return Counter([(await answer_to(collector, mutated(rng))).status for _ in range(A_SEED)])

    try:
        statuses = loop.run_until_complete(send_all())
    finally:
        collector.delivery.away = False
    assert statuses[503] > A_SEED / 4

"""The model and the law of the written rows catch what they are there to catch."""

import pytest

from tests.model.model import Peaceful
from tests.model.mutants import MUTANTS, OPENERS, PEACEFUL, nothing
from tests.model.schedules import first_failure
from tests.model.written import law_broken

SEEDS = (*range(12_200, 12_220), *range(1_000))
"""The rarest of the openers is missed in one log of some thousands: the first seeds are those around it."""


@pytest.fixture
def mutant(name, monkeypatch):
    for where, function, instead in MUTANTS[name].patches:
        monkeypatch.setattr(where, function, instead)
    return MUTANTS[name]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found(name, mutant):
    found = first_failure(range(mutant.within), mutant.ways, mutant.model)
    assert found is not None, f"{mutant.within} schedules did not find it"
    assert str(found[1]).startswith(mutant.finds)


@pytest.mark.parametrize("name", PEACEFUL)
def test_a_mutant_is_right_while_nothing_fails(name, mutant):
    class InPeace(Peaceful):
        rows = mutant.model.rows

    assert first_failure(range(100), mutant.ways, InPeace) is None


@pytest.mark.parametrize("name", OPENERS)
def test_no_row_is_opened_without_need(name, monkeypatch):
    """Each function that has a row written although nothing changed is one that the law needs."""
    monkeypatch.setattr(*OPENERS[name], nothing)
    assert any(law_broken(seed) for seed in SEEDS)

"""Schedules of real workers catch what they are there to catch, and nothing else."""

import pytest

from tests.model.live.mutants import HARMLESS, MUTANTS
from tests.model.live.schedules import first_failure


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found(name, monkeypatch):
    mutant = MUTANTS[name]
    for where, function, instead in mutant.patches:
        monkeypatch.setattr(where, function, instead)
    found = first_failure(range(mutant.within))
    assert found is not None, f"{mutant.within} schedules did not find it"
    assert str(found[1]).startswith(mutant.finds)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_as_any_zombie_is_changes_no_number(name, monkeypatch):
    monkeypatch.setattr(*HARMLESS[name])
    assert first_failure(range(60)) is None

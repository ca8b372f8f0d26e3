"""Law: which rows are written follows from the log, not from when somebody counted."""

from hypothesis import settings

from tests.model.written import law_broken

WORLDS_PER_EXAMPLE = 15
"""1,500 worlds by default, 75,000 with `--hypothesis-profile thorough`."""


def test_whatever_anybody_may_have_written_is_written_again():
    for seed in range(settings.default.max_examples * WORLDS_PER_EXAMPLE):
        assert law_broken(seed) == []


def test_so_it_is_around_a_deletion():
    for seed in range(settings.default.max_examples * WORLDS_PER_EXAMPLE // 5):
        assert law_broken(seed, forget=0.2) == []

"""The suite fits into its time."""

from tests.faults.budget import ALL, MINUTES, minutes_of


def test_the_shares_of_all_scenarios_fit():
    assert sum(MINUTES.values()) <= ALL


def test_a_run_of_its_own_has_no_share():
    assert minutes_of("soak") == ALL

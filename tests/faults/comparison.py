"""What is in the warehouse at the end, held against the truth."""

from tests.oracle.oracle import diff
from tests.support.rollups import actual_rollups, expected_rollups

TOLD = 20
"""Differences that are told; all are counted."""

MANY = 1_000_000


def compare(pipeline, outcome, expected, bad):
    """Add to an outcome: rows of the base views, and what is wrong in all views, quarantine and tallies."""
    actual = pipeline.rows()
    outcome.rows += sum(len(rows) for rows in actual.values())
    wrong = diff(expected, actual, limit=MANY)
    wrong += diff(expected_rollups(expected), actual_rollups(pipeline), limit=MANY)
    quarantined = pipeline.quarantined()
    for entry in ((quarantined - bad) + (bad - quarantined)).elements():
        wrong.append(f"quarantine {entry}: in truth {bad[entry]}, found {quarantined[entry]}")
    try:
        pipeline.assert_conserved(outcome.events)
    except AssertionError as error:
        wrong.append(f"conservation: {error}")
    outcome.wrong += len(wrong)
    outcome.differences += wrong[:TOLD]

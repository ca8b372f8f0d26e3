"""What is in the warehouse at the end, held against the truth."""

from tests.oracle.oracle import diff

TOLD = 20
"""Differences that are told; all are counted."""


def compare(pipeline, outcome, expected, bad):
    """Add to an outcome: rows of the views, and what is wrong in them, in quarantine and in the tallies."""
    actual = pipeline.rows()
    outcome.rows += sum(len(rows) for rows in actual.values())
    wrong = diff(expected, actual, limit=1_000_000)
    quarantined = pipeline.quarantined()
    for entry in ((quarantined - bad) + (bad - quarantined)).elements():
        wrong.append(f"quarantine {entry}: in truth {bad[entry]}, found {quarantined[entry]}")
    try:
        pipeline.assert_conserved(outcome.events)
    except AssertionError as error:
        wrong.append(f"conservation: {error}")
    outcome.wrong += len(wrong)
    outcome.differences += wrong[:TOLD]

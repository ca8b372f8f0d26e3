"""A pipeline on the shared stack, ended with the test."""

import pytest

from tests.support.pipeline import Pipeline


@pytest.fixture
def make_pipeline(stack, database, tmp_path):
    """Builds the pipeline of a test; at most one, since the topics have one name."""
    made = []

    def make(**settings):
        made.append(Pipeline(stack, database, tmp_path, **settings))
        return made[-1]

    yield make
    for pipeline in made:
        pipeline.close()

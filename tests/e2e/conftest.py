"""A program without a stack, and one whose stack all tests of a session share."""

import pytest

from tests.e2e.program import Program


@pytest.fixture
def program(tmp_path):
    """The program, with nothing running."""
    return Program(tmp_path / "home")


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    """The program after `cliffhanger up`; `running.said` is what that wrote."""
    program = Program(tmp_path_factory.mktemp("e2e") / "home")
    try:
        program.said = program("up")
        yield program
    finally:
        program("down")
    assert program.processes() == []

"""The fold as mypyc made it passes the exam of its sources, and is used only if it was made of them."""

import shutil
import subprocess
import sys

import pytest

from streams import compiled, compiling

ROOT = compiled.ROOT
EXAM = (
    "tests/unit/streams",
    "tests/properties",
    "tests/model/test_schedules.py",
    "tests/model/test_written_rows.py",
)
WHERE = "import streams.fold, streams.compiled as c; print(streams.fold.__file__, c.is_in_use())"


@pytest.fixture(scope="module", autouse=True)
def build():
    """Without a C compiler there is nothing to test: then these fail, as for any missing component."""
    assert compiling.main() == 0, "needs a C compiler (on Debian and Ubuntu: apt install gcc)"


def test_the_compiled_fold_passes_the_tests_of_its_sources():
    command = [sys.executable, "-m", "pytest", "--compiled", "-q", "-p", "no:cacheprovider", *EXAM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5_000:]


@pytest.fixture
def copy(tmp_path):
    """The sources and the build in another folder."""
    for folder in ("streams", "schemas", "runtime", "warehouse", ".compiled"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def used_in(folder):
    done = subprocess.run(
        [sys.executable, "-c", WHERE], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_build_of_these_sources_is_used(copy):
    file, in_use = used_in(copy)
    assert file.startswith(str(copy / ".compiled"))
    assert in_use == "True"


def test_a_build_of_other_sources_is_not_used(copy):
    """What runs is what is written: one more comment, and it is the source that runs."""
    with (copy / "streams" / "plays.py").open("a") as source:
        source.write("# changed\n")
    assert used_in(copy) == [str(copy / "streams" / "fold.py"), "False"]


def test_a_build_that_was_not_finished_is_not_used(copy):
    (copy / ".compiled" / compiled.build_folder().name / compiled.FINISHED).unlink()
    assert used_in(copy) == [str(copy / "streams" / "fold.py"), "False"]


def test_sources_cannot_be_chosen_once_the_build_is_loaded(copy):
    program = "import streams.fold, streams.compiled as c; c.leave()"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=copy, capture_output=True, text=True, check=False
    )
    assert "RuntimeError: compiled modules are loaded already" in done.stderr

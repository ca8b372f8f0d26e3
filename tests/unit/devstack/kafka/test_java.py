"""What is said about a Java that is missing, too old or broken."""

import pytest

from devstack.errors import MissingToolError
from devstack.kafka.java import find_java, major_version


@pytest.fixture
def java(tmp_path, monkeypatch):
    """Install a `java` that prints a version and ends with a status."""

    def install(version, status=0):
        path = tmp_path / "java"
        path.write_text(f"#!/bin/sh\necho '{version}' >&2\nexit {status}\n")
        path.chmod(0o755)
        return str(path)

    monkeypatch.setenv("PATH", str(tmp_path))
    return install


@pytest.mark.parametrize("version", ["17.0.15", "21", "25-ea"])
def test_a_recent_java_is_found(java, version):
    path = java(f'openjdk version "{version}" 2025-04-15')
    assert find_java() == path


def test_a_missing_java_is_named_with_what_to_install(java):
    with pytest.raises(MissingToolError, match="no `java` on the PATH: install Java 17 or newer"):
        find_java()


@pytest.mark.parametrize(("version", "major"), [("1.8.0_402", 8), ("11.0.2", 11)])
def test_an_old_java_is_named_with_its_version(java, version, major):
    java(f'java version "{version}"')
    with pytest.raises(MissingToolError, match=f"is Java {major}, which is too old.*Java 17 or newer"):
        find_java()


@pytest.mark.parametrize(
    ("told", "status"), [("Unable to locate a Java Runtime", 1), ("hello", 0), ('version "17"', 1)]
)
def test_a_java_that_does_not_work_is_no_java(java, told, status):
    java(told, status)
    with pytest.raises(MissingToolError, match="does not work"):
        find_java()


def test_no_version_is_no_number():
    assert major_version("no such thing") is None

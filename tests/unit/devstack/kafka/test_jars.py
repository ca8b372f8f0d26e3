"""Kafka's jars: fetched once, whole or not at all."""

import pytest

from devstack.errors import DevStackError, MissingToolError
from devstack.kafka.jars import POM, fetch_jars

COPY = """#!/bin/sh
for word in "$@"; do
    case $word in -DoutputDirectory=*) folder=${word#*=} ;; esac
done
mkdir -p "$folder" && echo jar > "$folder/kafka.jar" && echo called >> "$(dirname "$0")/calls"
"""


@pytest.fixture
def maven(tmp_path):
    """Install a `mvn` that is a shell script."""

    def install(script=COPY):
        path = tmp_path / "mvn"
        path.write_text(script)
        path.chmod(0o755)
        return str(path)

    return install


def test_jars_are_fetched_once_and_then_found(tmp_path, maven):
    said = []
    folder = fetch_jars(tmp_path / "cache", say=said.append, maven=maven())
    assert [jar.name for jar in folder.iterdir()] == ["kafka.jar"]
    assert fetch_jars(tmp_path / "cache", say=said.append, maven="no-such-maven") == folder
    assert (tmp_path / "calls").read_text() == "called\n"
    assert said == ["fetching Kafka's jars by Maven (43 MB, once)"]


def test_a_missing_maven_is_named(tmp_path):
    with pytest.raises(MissingToolError, match="no `no-such-maven` on the PATH: install Maven"):
        fetch_jars(tmp_path, say=print, maven="no-such-maven")


def test_what_maven_complains_of_is_shown_and_nothing_is_left_behind(tmp_path, maven):
    script = COPY + "echo 'Could not resolve kafka_2.13'; exit 1\n"
    with pytest.raises(DevStackError, match="could not fetch Kafka's jars:\nCould not resolve"):
        fetch_jars(tmp_path / "cache", say=print, maven=maven(script))
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]


def test_the_version_of_kafka_is_pinned():
    assert "<version>4.3.1</version>" in POM.read_text()

"""Finds the Java runtime that Kafka runs in and says what to install when it will not do."""

import re
import shutil
import subprocess

from devstack.errors import MissingToolError

OLDEST_JAVA = 17

_INSTALL = f"install Java {OLDEST_JAVA} or newer (OpenJDK: openjdk-{OLDEST_JAVA}-jre-headless)"


def find_java(program: str = "java") -> str:
    """Return the path of a Java that can run Kafka, or raise MissingToolError."""
    path = shutil.which(program)
    if path is None:
        message = f"Kafka needs Java and there is no `{program}` on the PATH: {_INSTALL}"
        raise MissingToolError(message)
    told = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
    version = major_version(told.stderr + told.stdout)
    if told.returncode != 0 or version is None:
        message = f"`{path} -version` does not work, so it cannot run Kafka: {_INSTALL}"
        raise MissingToolError(message)
    if version < OLDEST_JAVA:
        message = f"{path} is Java {version}, which is too old for Kafka: {_INSTALL}"
        raise MissingToolError(message)
    return path


def major_version(told: str) -> int | None:
    """Read 17 from `openjdk version "17.0.15"` and 8 from `java version "1.8.0_402"`."""
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found[1]) if found else None

"""Fetches Kafka's jars by Maven, once per version, into a folder that many stacks may share."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from devstack.errors import DevStackError, MissingToolError
from devstack.lock import locked

POM = Path(__file__).with_name("pom.xml")

_TIMEOUT_S = 600


def fetch_jars(cache: Path, *, say: Callable[[str], None], maven: str = "mvn") -> Path:
    """Return the folder with the jars that pom.xml names, fetching them if they are not there.

    The folder is named after the content of pom.xml and appears whole or not at all, so an
    interrupted fetch is simply repeated and several stacks can ask at the same time.
    """
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    folder = cache.resolve() / digest
    if folder.is_dir():
        return folder
    path = shutil.which(maven)
    if path is None:
        message = (
            f"the jars of Kafka come by Maven and there is no `{maven}` on the PATH: install "
            f"Maven (Debian: maven, macOS: brew install maven), or copy a filled {folder} here"
        )
        raise MissingToolError(message)
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "lock"):
        if not folder.is_dir():  # else another stack was faster
            say("fetching Kafka's jars by Maven (43 MB, once)")
            _copy_dependencies(path, folder)
    return folder


def _copy_dependencies(maven: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as name:
        draft = Path(name)
        shutil.copy(POM, draft / "pom.xml")
        command = [
            *(maven, "-q", "-B", "-f", str(draft / "pom.xml"), "dependency:copy-dependencies"),
            *(f"-DoutputDirectory={draft / 'jars'}", "-DincludeScope=runtime"),
        ]
        try:
            told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            message = f"Maven did not fetch Kafka's jars within {_TIMEOUT_S} s; try again"
            raise DevStackError(message) from None
        if told.returncode != 0:
            tail = "\n".join((told.stdout + told.stderr).splitlines()[-15:])
            message = f"Maven could not fetch Kafka's jars:\n{tail}"
            raise DevStackError(message)
        (draft / "jars").rename(folder)

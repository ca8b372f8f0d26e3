"""Finds the fold as machine code, if it was compiled from these very sources. It reads files.

The modules below decide every number, and where an event costs what it costs. They are ordinary Python,
and run as such; mypyc compiles them to C extensions as well (compiling.py), which take half the time for
an event, and no object for a number. A build is named by the digest of its sources: one of other
sources is not found, so what runs is always what is written here.
"""

import hashlib
import sys
from functools import cache
from pathlib import Path
from typing import Final

MODULES: Final = (
    "ids", "binary", "rows", "state", "shared", "partition", "plays", "sittings", "paywall", "days",
    "packed_plays", "cold", "count",
    "merge_plays", "merge_paywall", "decode", "fold", "flat",
)  # fmt: skip
ROOT: Final = Path(__file__).parent.parent
HOME: Final = ROOT / ".compiled"
FINISHED: Final = "finished"


@cache
def build_folder() -> Path:
    """Return where a build of these sources by this Python is, or would be."""
    digest = hashlib.sha256((sys.implementation.cache_tag or "").encode())
    for folder in ("schemas", "streams"):
        for source in sorted((ROOT / folder).glob("*.py")):
            digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return HOME / digest.hexdigest()[:16]


def is_built() -> bool:
    """Whether there is one."""
    return (build_folder() / FINISHED).exists()


def search_path(sources: list[str]) -> list[str]:
    """Return where to look for the modules of this package: in the build first, if there is one."""
    if not is_built():
        return sources
    sys.path.append(str(build_folder()))  # what the extensions share stands beside the package
    return [str(build_folder() / "streams"), *sources]


def is_in_use() -> bool:
    """Whether this process folds with the compiled modules."""
    return str(build_folder()) in sys.path


def leave() -> None:
    """Let this process use the sources. Raises RuntimeError when a module of the build is in use already."""
    package = sys.modules["streams"]
    loaded = [name for name in MODULES if f"streams.{name}" in sys.modules]
    if is_in_use() and loaded:
        raise RuntimeError(f"compiled modules are loaded already: {', '.join(loaded)}")
    if is_in_use():
        sys.path.remove(str(build_folder()))
        package.__path__ = [str(ROOT / "streams")]

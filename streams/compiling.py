"""Compiles the fold to C extensions: `python -m streams.compiling`. It owns IO, and is no part of a worker.

Needs mypy and setuptools (among the development packages) and a C compiler. Takes half a minute, once for
each state of the sources. Exits with 3 when there is no compiler: the fold then runs as Python.
"""

import contextlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from streams.compiled import FINISHED, HOME, MODULES, ROOT, build_folder, is_built

NO_COMPILER = 3
FAILED = 1
_MYPY_SETTINGS = "[mypy]\nexplicit_package_bases = True\nignore_missing_imports = True\n"


def main() -> int:
    """Compile if need be; return the exit code."""
    if is_built():
        return 0
    if not has_compiler():
        say("no C compiler: the fold runs as Python, half as fast (on Debian and Ubuntu: apt install gcc)")
        return NO_COMPILER
    say("compiling the fold (half a minute, once)")
    HOME.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as scratch:
        log = HOME / "build.log"
        with log.open("w") as output:
            command = [sys.executable, "-m", "streams.compiling", scratch]
            done = subprocess.run(command, cwd=ROOT, stdout=output, stderr=output, check=False)
        if done.returncode != 0:
            say(f"compiling failed: the fold runs as Python; {log.relative_to(ROOT)} says why")
            return FAILED
        _take_over(Path(scratch) / "lib")
    return 0


def has_compiler() -> bool:
    """Whether the C compiler is there that Python's own build names, or one of the usual names."""
    named = (sysconfig.get_config_var("CC") or "cc").split()[0]
    return shutil.which(named) is not None


def build_into(scratch: Path) -> None:
    """Compile the modules into `scratch`/lib."""
    from mypyc.build import mypycify  # noqa: PLC0415 -- a development package
    from setuptools import Distribution  # noqa: PLC0415

    settings = scratch / "mypy.ini"
    settings.write_text(_MYPY_SETTINGS)
    with contextlib.chdir(ROOT):
        extensions = mypycify(
            [*(f"streams/{module}.py" for module in MODULES), f"--config-file={settings}"],
            opt_level="3",
            debug_level="0",
            target_dir=str(scratch / "c"),
        )
        command = Distribution({"name": "fold", "ext_modules": extensions}).get_command_obj("build_ext")
        command.build_lib, command.build_temp = str(scratch / "lib"), str(scratch / "temp")
        command.ensure_finalized()
        command.run()


def _take_over(built: Path) -> None:
    """Put a finished build into its place, and remove those of other sources."""
    (built / FINISHED).touch()
    target = build_folder()
    shutil.rmtree(target, ignore_errors=True)
    built.rename(target)
    for other in HOME.iterdir():
        if other.is_dir() and other not in {target, built.parent}:
            shutil.rmtree(other, ignore_errors=True)


def say(text: str) -> None:
    """Tell the person who runs it."""
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        build_into(Path(sys.argv[1]))
    else:
        sys.exit(main())

"""One child process that outlives its starter: spawned, found again, signalled, ended.

A pid file alone proves nothing, because the kernel hands numbers out again. This one also records
when the process was born, and no signal is sent to a process that was born at another time.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from devstack.errors import DevStackError

_ROOT = Path(__file__).parents[1]  # from here `python -m devstack...` works without an installation
_POLL_S = 0.02
_KILL_GRACE_S = 10.0

# Children of this very process: unless somebody polls them they stay as zombies after their death.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Sighting:
    """A living process as the kernel shows it: `birth` tells two holders of one pid apart."""

    birth: str
    suspended: bool


@dataclass(frozen=True)
class Record:
    """What a pid file says about the process that was started last."""

    pid: int
    birth: str
    address: str
    ports: Mapping[str, int]


def sight(pid: int) -> Sighting | None:
    """Look a pid up; None when it is free or its holder is dead and only waits to be collected."""
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]
        return None
    return _sight_in_proc(pid) if sys.platform == "linux" else _sight_by_ps(pid)


def _sight_in_proc(pid: int) -> Sighting | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name in brackets may hold spaces
    state, thread_count, started_ticks = fields[0], int(fields[17]), fields[19]
    if state in "ZX" and thread_count <= 1:  # until the last thread has ended it holds its ports
        return None
    return Sighting(birth=f"{boot}/{started_ticks}", suspended=state == "T")


def _sight_by_ps(pid: int) -> Sighting | None:
    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = found.stdout.strip().partition(" ")
    if not state or state.startswith("Z"):
        return None
    return Sighting(birth=started.strip(), suspended=state.startswith("T"))


class Process:
    """A named process with `<name>.pid` and `<name>.log` in one folder.

    Nothing is kept in memory: any program that knows the folder sees and controls the same process.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.log_path = folder / f"{name}.log"
        self.pid_path = folder / f"{name}.pid"

    @property
    def record(self) -> Record | None:
        """What was started last, alive or not; None after a stop."""
        try:
            fields = json.loads(self.pid_path.read_text())
            return Record(int(fields["pid"]), fields["birth"], fields["address"], fields.get("ports", {}))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    @property
    def pid(self) -> int | None:
        """The pid while the recorded process lives."""
        record = self.record
        return record.pid if record and self._sighting(record) else None

    @property
    def crashed(self) -> bool:
        """Whether it was started, never stopped, and is gone all the same."""
        record = self.record
        return record is not None and self._sighting(record) is None

    @property
    def suspended(self) -> bool:
        """Whether it lives but was paused by a signal."""
        record = self.record
        sighting = self._sighting(record) if record else None
        return sighting is not None and sighting.suspended

    def _sighting(self, record: Record) -> Sighting | None:
        sighting = sight(record.pid)
        return sighting if sighting and sighting.birth == record.birth else None

    def spawn(self, command: Sequence[str], *, address: str, ports: Mapping[str, int]) -> int:
        """Start `command` in a session of its own, its output appended to the log file."""
        if self.pid is not None:
            message = f"{self.name} is running already (pid {self.pid})"
            raise DevStackError(message)
        self.pid_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is not for it
            )
        _children[child.pid] = child
        sighting = sight(child.pid)
        birth = sighting.birth if sighting else "died at once"
        self._write(Record(child.pid, birth, address, dict(ports)))
        return child.pid

    def _write(self, record: Record) -> None:
        draft = self.pid_path.with_suffix(".pid.draft")
        draft.write_text(json.dumps(asdict(record)))
        draft.replace(self.pid_path)

    def send(self, number: signal.Signals) -> bool:
        """Signal the recorded process; False when it no longer lives, whoever holds its pid."""
        pid = self.pid
        if pid is None:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def stop(self, *, grace_s: float = 20.0) -> None:
        """End the process with SIGTERM, after `grace_s` with SIGKILL, and forget it."""
        if self.send(signal.SIGTERM):
            self.send(signal.SIGCONT)  # a paused process would not get to hear the first one
            if not self._wait_for_end(grace_s):
                self.send(signal.SIGKILL)
                if not self._wait_for_end(_KILL_GRACE_S):
                    message = f"{self.name} (pid {self.pid}) survives SIGKILL"
                    raise DevStackError(message)
        self.pid_path.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the process with SIGKILL; its record stays, so it counts as crashed."""
        if self.send(signal.SIGKILL):
            self._wait_for_end(_KILL_GRACE_S)

    def _wait_for_end(self, timeout_s: float) -> bool:
        return wait_until(lambda: self.pid is None, timeout_s=timeout_s)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of the log, for an error message."""
        with suppress(FileNotFoundError):
            return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])
        return ""


def wait_until(met: Callable[[], bool], *, timeout_s: float, poll_s: float = _POLL_S) -> bool:
    """Poll `met` until it is true or the time is over; return its last answer."""
    deadline = time.monotonic() + timeout_s
    while not met():
        if time.monotonic() > deadline:
            return False
        time.sleep(poll_s)
    return True

"""Starts the processes of the demo, starts again those that die, and ends them all. It owns IO."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.clock import Clock
from runtime.settings import Settings, as_environment

ROOT = Path(__file__).parents[2]
LONGEST_PAUSE_S = 30.0
STEADY_S = 30.0
"""Who lived so long has earned a quick restart."""


class Child:
    """One process: `python -m cliffhanger ...` in a session of its own, its output in a log file.

    `ends` means that ending with 0 is its purpose: it is not started again then.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], settings: Settings, log_path: Path, *, ends: bool = False
    ) -> None:
        self.name = name
        self.log_path = log_path
        self.ends = ends
        self._arguments = [sys.executable, "-m", "cliffhanger", *arguments, "--parent", str(os.getpid())]
        self._settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process."""
        inherited = os.environ  # noqa: TID251 -- what a child inherits: PATH, locale; no setting is read
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self._arguments,
                env=inherited | as_environment(self._settings) | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the demo, which ends its children in order
            )

    @property
    def ended_with(self) -> int | None:
        """The exit code once it has ended."""
        return None if self.process is None else self.process.poll()

    def terminate(self) -> None:
        """Ask it to leave in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float) -> None:
        """Wait until it has ended, by force after `timeout_s`."""
        if self.process is None:
            return
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Nursery:
    """Looks after children: one that dies is started again, after a pause that grows."""

    def __init__(self, children: Sequence[Child], clock: Clock, say: Callable[[str], None]) -> None:
        self._children = list(children)
        self._clock = clock
        self._say = say
        self._started = dict.fromkeys((child.name for child in children), 0.0)
        self._pause = dict.fromkeys((child.name for child in children), 1.0)
        self._due: dict[str, float] = {}

    def start(self) -> None:
        """Start all of them."""
        for child in self._children:
            self._start(child)

    def look(self) -> None:
        """Start again who has died and whose pause is over. Call it about once a second."""
        now = self._clock.monotonic_s()
        for child in self._children:
            code = child.ended_with
            if code is None or (child.ends and code == 0):
                continue
            if child.name not in self._due:
                self._grieve(child, code, now)
            elif now >= self._due[child.name]:
                del self._due[child.name]
                self._start(child)

    def stop(self, timeout_s: float) -> None:
        """End all of them: together, and none outlives the timeout."""
        for child in self._children:
            child.terminate()
        deadline = self._clock.monotonic_s() + timeout_s
        for child in self._children:
            child.wait(max(0.1, deadline - self._clock.monotonic_s()))

    def _grieve(self, child: Child, code: int, now: float) -> None:
        if now - self._started[child.name] > STEADY_S:
            self._pause[child.name] = 1.0
        pause = self._pause[child.name]
        self._due[child.name] = now + pause
        self._pause[child.name] = min(pause * 2, LONGEST_PAUSE_S)
        self._say(f"{child.name} ended with {code} and is started again in {pause:g} s; see {child.log_path}")

    def _start(self, child: Child) -> None:
        child.start()
        self._started[child.name] = self._clock.monotonic_s()

"""Ends a process that is up and gets nowhere: in a rebalance without end, or with an event loop that hangs.

It is a thread, since Faust's timers wait for the end of a rebalance. Kafka's client has a thread too, which
goes on sending heartbeats: the group would count on a process that hangs for ever. What hangs in compiled
code keeps the interpreter's lock, and no thread of Python runs: a timer of faulthandler, in C, ends that.
"""

import asyncio
import faulthandler
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress

log = logging.getLogger(__name__)

EVERY_S, SAYS_S = 0.5, 1.0
PATIENCE = 10
STDERR = 2
SLACK_S = 2.0
"""So much later than this thread faulthandler ends a process in which it does not run."""


class Watchdog:
    """Looks every half second. What it has seen counts, not the time: a process may have been suspended.

    Where each thread stands is told on standard error. A process that was suspended for longer than the limit
    may find the timer of faulthandler over, and end with exit code 1.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        is_rebalancing: Callable[[], bool],
        progress: Callable[[], object],
        *,
        limit_s: float,
        end: Callable[[], None],
    ) -> None:
        """Call `end`, from the thread, when something lasts longer than `limit_s` seconds.

        A rebalance may last `PATIENCE` times as long while `progress` changes: states are large.
        """
        self._loop = loop
        self._is_rebalancing = is_rebalancing
        self._progress = progress
        self._seen = progress()
        self._limit_s = limit_s
        self._end = end
        self._stderr = _unblocked_stderr()
        self._has_answered = threading.Event()
        self._silent_s = self._rebalancing_s = self._still_s = 0.0

    def start(self) -> None:
        """Look from now on, for as long as the process lives."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def look(self) -> None:
        """Ask the loop whether it runs; end the process if it has not said so for too long."""
        self._look_at_rebalance()
        self._silent_s += EVERY_S
        if self._has_answered.is_set():
            self._silent_s = 0.0
            self._has_answered.clear()
        with suppress(RuntimeError):  # closed just now
            self._loop.call_soon_threadsafe(self._has_answered.set)
        if self._still_s > self._limit_s or self._rebalancing_s > PATIENCE * self._limit_s:
            self._give_up("a rebalance has not ended", self._rebalancing_s)
        elif self._silent_s > self._limit_s:
            self._give_up("the event loop has not answered", self._silent_s)

    def _look_at_rebalance(self) -> None:
        """Count for how long it has lasted, and for how long nothing has come of it."""
        seen, before = self._progress(), self._seen
        self._seen = seen
        if not self._is_rebalancing():
            self._rebalancing_s = self._still_s = 0.0
            return
        self._rebalancing_s += EVERY_S
        self._still_s = self._still_s + EVERY_S if seen == before else 0.0

    def _give_up(self, what: str, for_s: float) -> None:
        """Say why, if that is possible: the loop may hang in a log that nobody reads, and hold its lock."""
        text = f"{what} for {for_s:.0f} s: ending to be started again\n{_stacks()}"
        says = threading.Thread(target=log.critical, args=(text,), daemon=True)
        says.start()
        says.join(SAYS_S)
        self._end()

    def _watch(self) -> None:
        while not self._loop.is_closed():
            self.look()
            faulthandler.dump_traceback_later(self._limit_s + SLACK_S, file=self._stderr, exit=True)
            time.sleep(EVERY_S)
        faulthandler.cancel_dump_traceback_later()


def _stacks() -> str:
    """Return where each thread stands."""
    with tempfile.TemporaryFile() as file:
        faulthandler.dump_traceback(file)
        file.seek(0)
        return file.read().decode(errors="replace")


def _unblocked_stderr() -> int:
    """Return a descriptor of standard error in which a write never waits for who reads it.

    Where it cannot be opened once more, as a socket cannot, that itself; of nowhere when it is closed.
    """
    try:
        return os.open("/dev/stderr", os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        with suppress(OSError):
            return os.dup(STDERR)
        return os.open(os.devnull, os.O_WRONLY)

"""Ends a process whose parent has ended: what a killed demo started does not outlive it."""

import os
import signal
import threading
import time

EVERY_S = 1.0


def end_with(parent: int | None) -> None:
    """Send this process SIGTERM once its parent is another than the one named; None: never."""
    if parent is not None:
        threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)

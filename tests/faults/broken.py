"""A worker that is broken on purpose: somebody must notice. `python -m tests.faults.broken HOW worker`."""

import ctypes
import sys
import time

from cliffhanger.__main__ import main
from streams import app
from streams.intake import Intake
from streams.owned import Owned
from streams.position import checkpoint_consumer
from streams.sink import Flush, Sink

WINDOW_S = 0.5
"""For how long the rows are behind their checkpoint: a kill must be able to strike in between."""


def without_offset_checks():
    """Go on where Kafka was last told, and fold whatever comes."""

    def plain_consumer(positions):
        ours = checkpoint_consumer(positions)
        del ours.seek_to_committed, ours.positions
        return ours

    app.checkpoint_consumer = plain_consumer
    Owned.accepts = lambda self, offset: True


def checkpoint_before_rows():
    """Write the checkpoint first, and the rows that it covers a moment later."""
    write = Sink._write

    def turned_round(self, flush):
        if flush.checkpoint is None:
            return write(self, flush)
        checkpoint = write(self, Flush(checkpoint=flush.checkpoint))
        time.sleep(WINDOW_S)
        write(self, Flush(flush.lines, flush.rows, deletions=flush.deletions))
        return checkpoint

    Sink._write = turned_round


def hung():
    """Block the event loop with the first fetch; Kafka's client goes on in its own thread."""
    Intake.fold_all = lambda self, fetch: time.sleep(3600)


def hung_in_c():
    """The same in compiled code that keeps the interpreter's lock: no thread of Python runs."""
    Intake.fold_all = lambda self, fetch: ctypes.PyDLL(None).sleep(3600)


HOW = {
    "hung": hung,
    "hung-in-c": hung_in_c,
    "without-offset-checks": without_offset_checks,
    "checkpoint-before-rows": checkpoint_before_rows,
}

if __name__ == "__main__":
    HOW[sys.argv.pop(1)]()
    main()

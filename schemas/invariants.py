"""The closed list of what must always hold of a partition, in production as in the tests."""

from enum import StrEnum


class Invariant(StrEnum):
    """What a worker watches of every partition it owns. A break is a metric, a log line and a row."""

    CONSERVATION = "conservation"
    """Every line received has one outcome. A break is a defect: keep the log and report it."""
    NO_WAY_BACK = "no_way_back"
    """Within a logic epoch no state is loaded that ends before one that was stored. A break: the warehouse
    was put back to a backup, or lost checkpoints; what is missing is counted again from the log."""
    ROWS_NEAR_CHECKPOINT = "rows_near_checkpoint"
    """Rows are never newer than the last checkpoint plus the time between two and a flush. A break:
    checkpoints are not being written while rows are, and a restart would replay ever more."""
    RETENTION = "retention"
    """The log reaches back to the last checkpoint, with a tenth of its retention to spare. A break: counting
    lags by days, and events will be deleted before they are counted."""

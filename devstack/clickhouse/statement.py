"""What the front knows about a statement before it runs."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a statement has to be run."""

    QUERY = "rows can be streamed"
    INSERT = "the data come after the statement"
    OTHER = "runs as a whole"


@dataclass(frozen=True)
class Statement:
    """A statement that may run; `sql` is without its FORMAT clause."""

    kind: Kind
    sql: str
    output_format: str | None = None

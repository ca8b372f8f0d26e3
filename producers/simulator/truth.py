"""What a simulation knows about its own lines, written before they are sent."""

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from schemas.reasons import Reason


class Truth(Protocol):
    """Is told of each delivered line that is no copy, just before it is handed out."""

    def event(self, line: bytes) -> None:
        """Take a line that counts or is excluded, in the form in which it came first."""

    def bad(self, reason: Reason, line: bytes) -> None:
        """Take a line that belongs into quarantine for this reason."""


class TruthFile:
    """A truth as JSON lines in a file: `{"event": {...}}` or `{"bad": reason, "line_sha256": hex}`.

    Buffered; complete once closed. After a crash it may lack the last lines that were sent.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def event(self, line: bytes) -> None:
        """Write the event; its text is the line itself."""
        self._file.write(b'{"event":%b}\n' % line)

    def bad(self, reason: Reason, line: bytes) -> None:
        """Write the reason and the SHA-256 of the line without its newline."""
        digest = hashlib.sha256(line).hexdigest()
        self._file.write(f'{{"bad":"{reason}","line_sha256":"{digest}"}}\n'.encode())

    def close(self) -> None:
        """Write what is buffered and close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

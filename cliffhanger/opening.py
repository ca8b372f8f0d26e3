"""Opens lines that were set aside and writes them out for a person or for a replay."""

import json
import sys
from collections.abc import Iterable
from typing import NamedTuple

from cliffhanger.terminal import answer, say
from runtime.cutting import read_cut
from runtime.errors import SealError
from runtime.sealing import Seal, read
from warehouse.reader import KeptLine


class OpenedLine(NamedTuple):
    """A line that was set aside, opened; `line` is None when no key given opens it."""

    kept: KeptLine
    sealed_by: str
    line: bytes | None


def opened(kept: KeptLine, seal: Seal) -> OpenedLine:
    """Open one line; one that was never sealed is as it is."""
    sealed = read(kept.line)
    if sealed is None:
        return OpenedLine(kept, "", kept.line)
    try:
        return OpenedLine(kept, sealed.sealed_by, seal.open(kept.line).line)
    except SealError:
        return OpenedLine(kept, sealed.sealed_by, None)


def show(found: Iterable[OpenedLine], lines: str = "") -> None:
    """Write lines to standard output: as JSON with all that is known, or only those of `lines`, as they are.

    A line that was cut is none of `lines`: what is left of it is no line to be sent. How many is said.
    Raises SealError at the end when there were some that no key given opens.
    """
    shut: set[str] = set()
    cut = 0
    for each in found:
        if each.line is None:
            sealed = read(each.kept.line)
            shut.add(sealed.key_id if sealed else "")
        elif lines and lines == (each.sealed_by or "worker"):
            if read_cut(each.line) is None:
                sys.stdout.buffer.write(each.line + b"\n")
            else:
                cut += 1
        if not lines:
            answer(_as_json(each))
    sys.stdout.buffer.flush()
    if cut:
        say(f"{cut:,} lines that were cut are left out; without --lines they are shown")
    if shut:
        raise SealError(f"some lines were sealed with another key: {', '.join(sorted(shut))}")


def _as_json(each: OpenedLine) -> str:
    """One object a line. What is not UTF-8 shows replacement characters; `--lines` gives the bytes."""
    known = each.kept._asdict() | {"sealed_by": each.sealed_by or None}
    known["line"] = None if each.line is None else each.line.decode(errors="replace")
    return json.dumps(known)

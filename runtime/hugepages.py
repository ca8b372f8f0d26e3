"""Puts the memory of this process on huge pages. It asks the kernel, and does nothing but on Linux.

A large state is read at random, and with pages of 4 kB most of these reads miss the translation buffer.
glibc asks for huge pages only for its own heap, and Python takes its memory from the kernel by itself.
"""

import ctypes
import mmap
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

HUGE: Final = 2 * 1024 * 1024
DENSE: Final = 0.9
"""The share of a region that must be in use: on huge pages all of it is."""
MADV_COLLAPSE: Final = 25
"""Since Linux 6.1: at once, rather than when the kernel comes around to it."""
SMAPS: Final = Path("/proc/self/smaps")


class Region(NamedTuple):
    """A mapping of this process: where it is, and how much of it is in use and on huge pages, in bytes."""

    begin: int
    end: int
    used: int
    huge: int

    @property
    def is_worth_it(self) -> bool:
        """Whether it is large, in use, and not on huge pages already."""
        whole = self.end // HUGE * HUGE - -(-self.begin // HUGE) * HUGE
        return whole > 0 and self.used >= DENSE * (self.end - self.begin) and self.huge < DENSE * whole


def use_huge_pages() -> int:
    """Put what is large and in use on huge pages; return how many bytes were asked for.

    Blocks for about 2 ms a megabyte that is not on them yet, without the lock of the interpreter: for a
    thread. What the kernel does not grant stays as it is.
    """
    if not sys.platform.startswith("linux"):
        return 0
    try:
        smaps = SMAPS.read_text()
    except (OSError, ValueError):  # not compiled in, hidden from this process, or of another form
        return 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    asked = 0
    for region in [region for region in regions(smaps) if region.is_worth_it]:
        size = region.end - region.begin
        madvise(region.begin, size, mmap.MADV_HUGEPAGE)
        begin, end = -(-region.begin // HUGE) * HUGE, region.end // HUGE * HUGE
        madvise(begin, end - begin, MADV_COLLAPSE)
        asked += end - begin
    return asked


def regions(smaps: str) -> Iterator[Region]:
    """Yield the private, writable, anonymous mappings and the heap, from the text of /proc/self/smaps."""
    where: tuple[int, int] | None = None
    used = 0
    for line in smaps.splitlines():
        name, *values = line.split()
        if not name.endswith(":"):
            access, path = values[0], values[4:]
            where = None
            if access == "rw-p" and path in ([], ["[heap]"]):
                begin, _, end = name.partition("-")
                where = int(begin, 16), int(end, 16)
        elif where and name == "Rss:":
            used = int(values[0]) * 1024
        elif where and name == "AnonHugePages:":
            yield Region(*where, used, int(values[0]) * 1024)

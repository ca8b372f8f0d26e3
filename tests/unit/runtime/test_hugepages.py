"""Which memory is worth huge pages: large, private, in use, and not on them already."""

import sys

import pytest

from runtime.hugepages import HUGE, Region, regions, use_huge_pages

SMAPS = """\
7f0000000000-7f0000800000 rw-p 00000000 00:00 0
Size:               8192 kB
Rss:                8000 kB
AnonHugePages:      2048 kB
VmFlags: rd wr mr mw me ac
7f0001000000-7f0001800000 rw-p 00000000 08:01 77                         /lib/some.so
Rss:                8000 kB
AnonHugePages:         0 kB
7f0002000000-7f0002800000 r--p 00000000 00:00 0
Rss:                8000 kB
AnonHugePages:         0 kB
5500000000-5500400000 rw-p 00000000 00:00 0                              [heap]
Rss:                  12 kB
AnonHugePages:         0 kB
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
Rss:                  12 kB
AnonHugePages:         0 kB
"""


def test_only_writable_memory_of_its_own_is_looked_at():
    assert list(regions(SMAPS)) == [
        Region(0x7F0000000000, 0x7F0000800000, 8000 * 1024, HUGE),
        Region(0x5500000000, 0x5500400000, 12 * 1024, 0),
    ]


@pytest.mark.parametrize(
    ("region", "worth_it"),
    [
        (Region(0, 4 * HUGE, 4 * HUGE, 0), True),
        (Region(0, 4 * HUGE, 4 * HUGE, 4 * HUGE), False),
        (Region(0, 4 * HUGE, HUGE, 0), False),
        (Region(4096, 4096 + HUGE, HUGE, 0), False),
    ],
)
def test_what_is_small_or_sparse_or_done_is_left_alone(region, worth_it):
    assert region.is_worth_it is worth_it


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has them")
def test_memory_that_is_there_is_asked_for():
    held = bytearray(b"x") * (8 * HUGE)
    assert use_huge_pages() >= 7 * HUGE
    assert held.count(b"x") == len(held)

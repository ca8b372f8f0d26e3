"""Which characters a text of the contract may hold. Pure.

`str.isprintable` would say so by the tables of the interpreter: a character that is new in Unicode is
unprintable to an older Python. Of two workers of one `logic_epoch` one would refuse an event that the
other counts. So the characters that are refused are listed here, and no interpreter is asked.
"""

import re
from typing import Final

REFUSED: Final = (
    # controls
    (0x0000, 0x001F), (0x007F, 0x009F),
    # separators but the space, U+0020
    (0x00A0, 0x00A0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000),
    # format
    (0x00AD, 0x00AD), (0x0600, 0x0605), (0x061C, 0x061C), (0x06DD, 0x06DD), (0x070F, 0x070F),
    (0x0890, 0x0891), (0x08E2, 0x08E2), (0x180E, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E),
    (0x2060, 0x2064), (0x2066, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0x110BD, 0x110BD),
    (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0001, 0xE0001),
    (0xE0020, 0xE007F),
    # surrogates, private use; the last range has the noncharacters of its two planes
    (0xD800, 0xDFFF), (0xE000, 0xF8FF), (0xF0000, 0x10FFFF),
    # noncharacters: 32, and the last two of every plane
    (0xFDD0, 0xFDEF), *((plane << 16 | 0xFFFE, plane << 16 | 0xFFFF) for plane in range(15)),
)  # fmt: skip
"""First and last code point of what is refused, as of Unicode 16. What it has not assigned is not refused.

Another list is another meaning of the numbers: it needs another `logic_epoch`.
"""


def _allowed() -> str:
    """What lies between the refused, as ranges of a regular expression."""
    ranges, start = "", 0
    for first, last in sorted(REFUSED):
        if start < first:
            ranges += f"{chr(start)}-{chr(first - 1)}"
        start = last + 1
    return ranges


_PRINTABLE = re.compile(f"[{_allowed()}]*")  # found among the allowed, a character costs a tenth of a search


def is_printable(text: str) -> bool:
    """Whether a text holds no character that is refused. It says the same on every Python."""
    # ASCII is the same in every Unicode, and isprintable takes half the time.
    return text.isprintable() if text.isascii() else _PRINTABLE.fullmatch(text) is not None

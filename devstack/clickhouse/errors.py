"""The errors that clients of the development ClickHouse see, with ClickHouse's own numbers."""

import re
from enum import IntEnum
from typing import Self


class Code(IntEnum):
    """The numbers that this front uses itself; the engine's pass through as they are."""

    CHECKSUM_DOESNT_MATCH = 40
    UNKNOWN_IDENTIFIER = 47
    NOT_IMPLEMENTED = 48
    SYNTAX_ERROR = 62
    UNKNOWN_COMPRESSION_METHOD = 89
    UNKNOWN_PACKET_FROM_CLIENT = 99
    UNEXPECTED_PACKET_FROM_CLIENT = 101
    UNKNOWN_SETTING = 115
    QUERY_WAS_CANCELLED = 394
    ACCESS_DENIED = 497
    AUTHENTICATION_FAILED = 516
    STD_EXCEPTION = 1001


_CODED = re.compile(r"(?:DB::\w+: )?Code: (\d+)\. (.*)", re.DOTALL)


class QueryError(Exception):
    """A statement failed; `message` is what a server says after its number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def of(cls, code: Code, sentence: str) -> Self:
        """Make an error of this front's own in the engine's wording."""
        return cls(code, f"DB::Exception: {sentence}. ({code.name})")

    @classmethod
    def told_by_engine(cls, error: Exception) -> Self:
        """Read the number out of the engine's text, which may hold the prefix more than once."""
        text = str(error)
        start = text.find("Code: ")
        found = _CODED.match(text, start) if start >= 0 else None
        if found is None:
            return cls(Code.STD_EXCEPTION, f"DB::Exception: {text}")
        code, message = int(found[1]), found[2].strip()
        while inner := _CODED.match(message):
            code, message = int(inner[1]), inner[2]
        return cls(code, message)

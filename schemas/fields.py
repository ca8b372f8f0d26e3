"""The field types of the contract: what an id, a time, a country or an amount may be.

Both readers of the contract, the pydantic models and the decoder of the workers, take their limits
and closed lists from here.
"""

from itertools import product
from string import ascii_uppercase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from schemas.printable import is_printable

SCHEMA_VERSION = 1
MAX_LINE_BYTES = 32 * 1024
MAX_MESSAGE_BYTES = 1024 * 1024
MAX_OVERSIZE_LINES = 100_000  # of a message over the limit: one that has more is a single line
MAX_ID_CHARS = 128
MAX_EPISODE_NO = 10_000
MAX_SPAN_MS = 86_400_000  # a day: longer than any episode or play
MAX_TIME_MS = 4_102_444_800_000  # 2100-01-01
MAX_COINS = 1_000_000_000
MAX_USD_MICROS = 10**15

PLATFORMS = ("ios", "android", "web", "tv")
ENVIRONMENTS = ("production", "sandbox", "internal")
PAYER_STATES = ("never", "lapsed", "coin_payer", "subscriber")
START_REASONS = (
    "tap",
    "next_tap",
    "next_swipe",
    "auto_next",
    "resume",
    "deep_link",
    "replay",
    "preview",
)
END_REASONS = ("completed", "next", "exit", "background_timeout", "paywall", "error")
TRIGGERS = ("auto_next", "next_tap", "list_tap", "deep_link")
UNLOCK_METHODS = ("coins", "ad", "subscription", "bundle", "free_grant", "auto_coins")
PRODUCT_TYPES = ("coin_pack", "subscription_initial", "subscription_renewal", "bundle")
COUNTRIES = tuple(a + b for a, b in product(ascii_uppercase, repeat=2))
"""Every pair of capitals. Which of them are countries is judged where a new one costs no event."""

EVENT_ID_PATTERN = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"


def printable(value: str) -> str:
    """Return the text; raise ValueError when it holds a character that `schemas.printable` refuses."""
    if not is_printable(value):
        raise ValueError("holds a character that cannot be printed")
    return value


Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS), AfterValidator(printable)]
EventId = Annotated[str, Field(pattern=EVENT_ID_PATTERN, description="a UUID made by the sender")]
Time = Annotated[int, Field(ge=0, le=MAX_TIME_MS, description="ms since the epoch, UTC")]
Span = Annotated[int, Field(ge=0, le=MAX_SPAN_MS, description="milliseconds")]
Duration = Annotated[int, Field(gt=0, le=MAX_SPAN_MS, description="milliseconds")]
EpisodeNo = Annotated[int, Field(ge=1, le=MAX_EPISODE_NO, description="1-based")]
PaywallNo = Annotated[int, Field(ge=0, le=255, description="0 in the free part")]
Coins = Annotated[int, Field(ge=0, le=MAX_COINS)]
UsdMicros = Annotated[int, Field(ge=0, le=MAX_USD_MICROS, description="millionths of a dollar")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]

Platform = Literal["ios", "android", "web", "tv"]
Environment = Literal["production", "sandbox", "internal"]
PayerState = Literal["never", "lapsed", "coin_payer", "subscriber"]
StartReason = Literal[
    "tap", "next_tap", "next_swipe", "auto_next", "resume", "deep_link", "replay", "preview"
]
EndReason = Literal["completed", "next", "exit", "background_timeout", "paywall", "error"]
Trigger = Literal["auto_next", "next_tap", "list_tap", "deep_link"]
UnlockMethod = Literal["coins", "ad", "subscription", "bundle", "free_grant", "auto_coins"]
ProductType = Literal["coin_pack", "subscription_initial", "subscription_renewal", "bundle"]

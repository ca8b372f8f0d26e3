"""One copy of the values that many viewers have in common, for the whole process. Pure: they never change."""

from typing import Any, Final

from mypy_extensions import i64

from streams.paywall_state import Gate
from streams.state import DayDimensions, Place

SHARED_AT_MOST: Final = 100_000
"""Of each kind, about 30 MB. Senders choose some of these values: what is shared must not grow for ever."""

_PLACES: Final[dict[tuple[Any, ...], Place]] = {}
_VALUES: Final[dict[Any, Any]] = {}


def place(
    series_id: str, episode_no: i64, paywall_no: i64, platform: str, country: str, duration_ms: i64
) -> Place:
    """Return the one place of these values, or a new one after very many."""
    found = _PLACES.get((series_id, episode_no, paywall_no, platform, country, duration_ms))
    if found is None:
        if len(_PLACES) > SHARED_AT_MOST:
            _PLACES.clear()
        series_id, platform, country = text(series_id), text(platform), text(country)
        found = Place(series_id, episode_no, paywall_no, platform, country, duration_ms)
        _PLACES[series_id, episode_no, paywall_no, platform, country, duration_ms] = found
    return found


def text(value: str) -> str:
    """Return the one copy of a text."""
    found: str = _share(value)
    return found


def gate(value: Gate) -> Gate:
    """Return the one copy of a gate."""
    found: Gate = _share(value)
    return found


def dimensions(value: DayDimensions) -> DayDimensions:
    """Return the one copy of a day's dimensions."""
    found: DayDimensions = _share(value)
    return found


def _share(value: Any) -> Any:
    if len(_VALUES) > SHARED_AT_MOST:
        _VALUES.clear()
    return _VALUES.setdefault(value, value)

"""What a person may say about pace. Pure."""

import re

from runtime.errors import SettingsError


def speed_of(pace: str) -> float | None:
    """Return how much faster than real time: `real` and `recorded` are 1, `60x` is 60, `max` is None."""
    if pace in {"real", "recorded"}:
        return 1.0
    if pace == "max":
        return None
    factor = re.fullmatch(r"(\d+(?:\.\d+)?)x", pace)
    if factor is None or float(factor[1]) == 0:
        raise SettingsError(f"--pace {pace}: say real (or recorded), max, or a factor above 0 such as 60x")
    return float(factor[1])

"""Turns what a person says about a simulation into its settings. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from producers.simulator import Dirt, SimulationSettings
from runtime.errors import SettingsError

EVENTS_A_VIEWER_S = 0.19
"""What one live viewer sends a second, on average: measured over minutes of the simulator."""

DIRT = {"none": Dirt.none, "usual": Dirt, "heavy": Dirt.heavy}


def simulation(
    *,
    events: int | None,
    minutes: float | None,
    rate: float | None,
    viewers: int,
    series: int,
    seed: int,
    start: datetime | None,
    now_ms: int | None,
    dirt: str,
    knobs: Sequence[str],
    lateness_ms: int,
) -> SimulationSettings:
    """Return the settings of a simulation that begins at `start`, else now, else on its fixed day.

    Raises SettingsError that names each wrong one.
    """
    said: dict[str, Any] = {
        "seed": seed,
        "series": series,
        "live_viewers": viewers if rate is None else max(1, round(rate / EVENTS_A_VIEWER_S)),
        "max_events": events,
        "duration_s": minutes * 60 if minutes is not None else None,
        "lateness_ms": lateness_ms,
    }
    if start is not None:
        said["start_ms"] = int(start.replace(tzinfo=start.tzinfo or UTC).timestamp() * 1000)
    elif now_ms is not None:
        said["start_ms"] = now_ms
    try:
        return SimulationSettings(**said, dirt=_dirt(dirt, knobs))
    except ValidationError as error:
        raise SettingsError("; ".join(_complaint(problem) for problem in error.errors())) from None


def _dirt(name: str, knobs: Sequence[str]) -> Dirt:
    if name not in DIRT:
        raise SettingsError(f"--dirt {name}: say {', '.join(DIRT)}")
    values: dict[str, Any] = DIRT[name]().model_dump()
    for knob in knobs:
        field, equals, value = knob.partition("=")
        if not equals or field not in values:
            raise SettingsError(f"--knob {knob}: say NAME=VALUE with one of {', '.join(values)}")
        values[field] = value
    return Dirt(**values)


def _complaint(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    return f"{name}: {problem['msg']}" if name else str(problem["msg"])

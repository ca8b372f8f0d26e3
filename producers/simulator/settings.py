"""What one may set about a simulated platform, and about the dirt in what it sends."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.fields import MAX_TIME_MS
from schemas.rules import HOUR_MS, MINUTE_MS, FoldRules

Share = Annotated[float, Field(ge=0, le=1)]
SLACK_MS = 10 * MINUTE_MS
"""What latency and the clock of a broker may add to the age of an event."""


class Model(BaseModel):
    """Frozen, and an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Dirt(Model):
    """How often the real world gets in the way. A share is of what its description names."""

    duplicates: Share = Field(0.01, description="of the events: sent once more")
    resend_minutes: float = Field(10, ge=0.1, le=120, description="a re-send comes at most so late")
    disorder: Share = Field(0.01, description="of the events: overtaken on their way to the topic")
    disorder_minutes: float = Field(3, ge=0.1, le=120, description="overtaken by at most so much")
    offline: Share = Field(0.005, description="of the app sessions: sent hours after they happened")
    offline_hours: float = Field(4, ge=0.1, le=48, description="offline for at most so long")
    skewed_clocks: Share = Field(0.01, description="of the viewers: a clock days off")
    clock_days: float = Field(3, ge=0, le=365, description="off by at most so much")
    preloaded_paywalls: Share = Field(0.01, description="of the paywalls: no impression is sent")
    unnamed_unlocks: Share = Field(0.3, description="of the unlocks: name no impression")
    unprompted_unlocks: Share = Field(0.01, description="of the gates: unlocked with no paywall")
    sandbox_viewers: Share = Field(0.002, description="of the viewers: testers of a store")
    internal_viewers: Share = Field(0.002, description="of the viewers: colleagues")
    sandbox_purchases: Share = Field(0.005, description="of the purchases: a second one in sandbox")
    twin_purchases: Share = Field(0.05, description="of the purchases: the player reports it too")
    counters_back: Share = Field(0.001, description="of the heartbeats: counters below the last")
    counter_restarts: Share = Field(0.002, description="of the plays: counters restart inside")
    past_end: Share = Field(0.002, description="of the heartbeats: a position past the end")
    missing_starts: Share = Field(0.003, description="of the plays: no play_start is sent")
    changed_durations: Share = Field(0.003, description="of the plays: started twice, other length")
    late: Share = Field(0.0005, description="of the lines: one more, beyond the lateness")
    malformed: Share = Field(0.001, description="of the lines: one more that cannot be used")
    without_received_at: Share = Field(
        0, description="of the events: no collector. Only where simulated time is the real time"
    )

    @property
    def worst_age_ms(self) -> float:
        """Return how much older than the watermark an event that counts may be when it arrives."""
        minutes = (
            (self.disorder_minutes if self.disorder else 0)
            + (self.resend_minutes if self.duplicates else 0)
            + (self.offline_hours * 60 if self.offline else 0)
        )
        return minutes * MINUTE_MS + SLACK_MS

    @classmethod
    def none(cls) -> Self:
        """Return a clean world: every share is 0."""
        return cls(**dict.fromkeys(_SHARES, 0.0))

    @classmethod
    def heavy(cls) -> Self:
        """Return a world in which every kind of dirt is met within a few thousand events."""
        return cls(**{**dict.fromkeys(_SHARES, 0.03), "without_received_at": 0.0, "late": 0.005})


_BOUNDS = {"resend_minutes", "disorder_minutes", "offline_hours", "clock_days"}
_SHARES = tuple(name for name in Dirt.model_fields if name not in _BOUNDS)


class SimulationSettings(Model):
    """One simulated run. The stream ends at `duration_s` or `max_events`, whichever comes first."""

    seed: int = Field(1, ge=0, description="the same seed and settings give the same bytes")
    start_ms: int = Field(
        1_767_268_800_000,
        ge=100_000_000_000,
        le=MAX_TIME_MS,
        description="simulated time of the beginning, UTC",
    )
    duration_s: float | None = Field(None, gt=0, description="simulated seconds")
    max_events: int | None = Field(None, ge=1, description="lines delivered, dirt included")
    live_viewers: int = Field(2_000, ge=1, le=2_000_000, description="in the app at once")
    population: int | None = Field(None, ge=1, description="viewers in all; 5 times the live ones")
    series: int = Field(40, ge=1, le=10_000)
    warm: bool = Field(True, description="begin with viewers in the middle of a binge")
    warm_up_s: float = Field(20, gt=0, le=3600, description="the first sessions begin within it")
    eagerness: float = Field(1.0, ge=0, le=10, description="how readily viewers pay; 1 is usual")
    deletions: Share = Field(0.0005, description="of the sessions: end with a deletion request")
    experiment: str = Field("paywall-copy", min_length=1, max_length=64, pattern=r"^[\w.-]+$")
    experiment_share: Share = Field(0.5, description="of the viewers: in the experiment")
    lateness_ms: int = Field(FoldRules().lateness_ms, ge=HOUR_MS, description="of the fold")
    dirt: Dirt = Dirt()

    @property
    def viewers(self) -> int:
        """Return how many viewers there are in all."""
        return self.population if self.population is not None else 5 * self.live_viewers

    @property
    def end_ms(self) -> int:
        """Return the simulated time at which the stream ends, if it does."""
        if self.duration_s is None:
            return MAX_TIME_MS
        return self.start_ms + int(self.duration_s * 1000)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.viewers < 2 * self.live_viewers:
            raise ValueError(
                f"population {self.viewers} is less than twice live_viewers {self.live_viewers}: "
                "nobody is left to come when somebody leaves"
            )
        if self.dirt.worst_age_ms > self.lateness_ms:
            raise ValueError(
                f"offline_hours, disorder_minutes and resend_minutes make events "
                f"{self.dirt.worst_age_ms / HOUR_MS:.2f} h old, the lateness is "
                f"{self.lateness_ms / HOUR_MS:.2f} h: the truth would call late events good"
            )
        return self

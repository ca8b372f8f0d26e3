"""The series of a simulated platform: how long, what is free, where the gates stand, what it costs."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from random import Random

LONG_SERIES_SHARE = 0.08


@dataclass(frozen=True, slots=True)
class Series:
    """One series. Episode k (1-based) lasts `durations_ms[k - 1]` and stands behind `gates`.

    Attributes:
        gates: the first episode of each paywalled part; `paywall_no` counts them from 1.
        coin_price: what one locked episode costs.
    """

    number: int
    series_id: str
    durations_ms: tuple[int, ...]
    gates: tuple[int, ...]
    coin_price: int

    @property
    def episodes(self) -> int:
        """Return how many episodes there are."""
        return len(self.durations_ms)

    def paywall_no(self, episode_no: int) -> int:
        """Return the number of the gate before the episode; 0 in the free part."""
        return bisect_right(self.gates, episode_no)

    def content(self, episode_no: int) -> str:
        """Return the content fields of an event as JSON text."""
        gate = self.paywall_no(episode_no)
        return (
            f'"series_id":"{self.series_id}","episode_no":{episode_no},'
            f'"duration_ms":{self.durations_ms[episode_no - 1]},'
            f'"is_free":{"false" if gate else "true"},"paywall_no":{gate}'
        )


class Catalogue:
    """All series, drawn by popularity: the n-th is met about 1/n as often as the first."""

    def __init__(self, count: int, random: Random) -> None:
        self.series = tuple(_series(number, random) for number in range(1, count + 1))
        self._weights = tuple(accumulate(1 / n**0.9 for n in range(1, count + 1)))

    def draw(self, random: Random) -> Series:
        """Return a series, the popular ones more often."""
        return random.choices(self.series, cum_weights=self._weights)[0]


def _series(number: int, random: Random) -> Series:
    episodes = random.randint(24, 96)
    shortest, longest = (60_000, 180_000)
    if random.random() < LONG_SERIES_SHARE:
        shortest, longest = (240_000, 600_000)
    free = random.randint(4, 10)
    step = random.randint(6, 18)
    return Series(
        number=number,
        series_id=f"series-{number:04d}",
        durations_ms=tuple(random.randint(shortest, longest) for _ in range(episodes)),
        gates=tuple(range(free + 1, episodes + 1, step)),
        coin_price=random.choice((30, 45, 60, 80)),
    )

"""The viewers of a simulated platform: where they live, when they watch, how they binge and pay."""

from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from producers.simulator.settings import SimulationSettings

DAY_MS = 86_400_000
HOUR_MS = 3_600_000

# Country: its offset from UTC in hours, currency, minor units a dollar, weight.
COUNTRIES = {
    "US": (-6, "USD", 100, 30),
    "BR": (-3, "BRL", 540, 12),
    "MX": (-6, "MXN", 1_850, 8),
    "GB": (0, "GBP", 79, 6),
    "DE": (1, "EUR", 92, 5),
    "ID": (7, "IDR", 1_600_000, 12),
    "PH": (8, "PHP", 5_800, 9),
    "JP": (9, "JPY", 150, 9),
    "KR": (9, "KRW", 1_380, 7),
    "TH": (7, "THB", 3_400, 6),
}
_CODES = tuple(COUNTRIES)
_CODE_WEIGHTS = tuple(accumulate(country[3] for country in COUNTRIES.values()))
_PLATFORMS, _PLATFORM_WEIGHTS = ("android", "ios", "web", "tv"), (55, 90, 98, 100)
_STATES, _STATE_WEIGHTS = ("never", "lapsed", "coin_payer", "subscriber"), (80, 88, 97, 100)
_RATES, _RATE_WEIGHTS = (1.0, 1.25, 1.5, 2.0), (92, 95, 99, 100)
# How likely somebody watches at this local hour, of 1: before noon, after noon.
_MORNING = (0.55, 0.35, 0.2, 0.1, 0.08, 0.1, 0.2, 0.35, 0.4, 0.35, 0.35, 0.45)
_EVENING = (0.6, 0.5, 0.4, 0.4, 0.45, 0.55, 0.65, 0.8, 0.95, 1.0, 0.95, 0.8)
_HOURS = (*_MORNING, *_EVENING)


@dataclass(slots=True, eq=False)
class Viewer:
    """Somebody with habits, a purse and a memory of what they watched and opened."""

    viewer_id: str
    platform: str
    country: str
    app_version: str
    environment: str
    installed_at: int
    tells_tenure: bool
    experiment: str
    skew_ms: int
    hunger: float  # goes on to the next episode
    patience: float  # stays to the end of one
    autoplay: bool
    rate: float  # of playback
    purse: float  # pays at a gate
    likes_ads: float
    payer_state: str
    coins_paid: int
    coins_bonus: int
    coin_usd_micros: int = 0  # what a paid coin was bought for
    auto_coins: bool = False
    live: bool = False
    gone: bool = False
    owned: set[int] = field(default_factory=set)  # series bought as a bundle
    opened: set[tuple[int, int]] = field(default_factory=set)  # (series, episode)
    place: dict[int, tuple[int, int]] = field(default_factory=dict)  # series: episode, position

    def common(self) -> str:
        """Return the fields that are the same on all events of a session, as JSON text."""
        tenure = (
            f',"installed_at":{self.installed_at},"payer_state":"{self.payer_state}"'
            if self.tells_tenure
            else ""
        )
        return (
            f'"schema_version":1,"viewer_id":"{self.viewer_id}","platform":"{self.platform}",'
            f'"app_version":"{self.app_version}","country":"{self.country}",'
            f'"environment":"{self.environment}"{tenure}{self.experiment}'
        )


def draw_country(random: Random) -> str:
    """Return where somebody lives."""
    return random.choices(_CODES, cum_weights=_CODE_WEIGHTS)[0]


def likes_hour(country: str, at_ms: int) -> float:
    """Return how likely somebody in the country watches at this hour of their day, of 1."""
    return _HOURS[(at_ms // HOUR_MS + COUNTRIES[country][0]) % 24]


def draw_viewer(country: str, settings: SimulationSettings, random: Random) -> Viewer:
    """Return somebody who was not seen before."""
    dirt = settings.dirt
    state = random.choices(_STATES, cum_weights=_STATE_WEIGHTS)[0]
    pays = state in {"coin_payer", "subscriber"}
    new = random.random()
    age_ms = random.randint(0, HOUR_MS) if new < 0.15 else random.randint(DAY_MS, 400 * DAY_MS)  # noqa: PLR2004
    return Viewer(
        viewer_id=f"v-{random.getrandbits(64):016x}",
        platform=random.choices(_PLATFORMS, cum_weights=_PLATFORM_WEIGHTS)[0],
        country=country,
        app_version=f"3.{random.randint(0, 12)}.{random.randint(0, 4)}",
        environment=_environment(random.random(), settings),
        installed_at=settings.start_ms - age_ms,
        tells_tenure=random.random() < 0.9,  # noqa: PLR2004
        experiment=_experiment(random, settings),
        skew_ms=_skew_ms(random, dirt.skewed_clocks, dirt.clock_days),
        hunger=random.betavariate(9, 1.6),
        patience=random.betavariate(8, 2),
        autoplay=random.random() < 0.75,  # noqa: PLR2004
        rate=random.choices(_RATES, cum_weights=_RATE_WEIGHTS)[0],
        purse=random.betavariate(2, 5) * (2.0 if pays else 1.0) * settings.eagerness,
        likes_ads=random.random(),
        payer_state=state,
        coins_paid=random.choice((0, 40, 120, 400)) if pays else 0,
        coins_bonus=random.choice((0, 0, 10, 30, 60)),
        coin_usd_micros=10_000 if pays else 0,
        auto_coins=pays and random.random() < 0.4,  # noqa: PLR2004
    )


def _environment(u: float, settings: SimulationSettings) -> str:
    if u < settings.dirt.sandbox_viewers:
        return "sandbox"
    if u > 1 - settings.dirt.internal_viewers:
        return "internal"
    return "production"


def _experiment(random: Random, settings: SimulationSettings) -> str:
    if random.random() >= settings.experiment_share:
        return ""
    variant = random.choice(("control", "treatment"))
    return f',"experiments":[{{"id":"{settings.experiment}","variant":"{variant}"}}]'


def _skew_ms(random: Random, share: float, days: float) -> int:
    if random.random() < share:
        return int(random.uniform(-days, days) * DAY_MS)
    return int(random.gauss(0, 1500))

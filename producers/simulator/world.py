"""The simulated platform: who is there, what time it is, whose turn it is."""

from collections.abc import Generator, Iterator
from heapq import heapify, heappop, heappush, heapreplace
from itertools import count, islice
from random import Random

from producers.simulator.catalogue import Catalogue
from producers.simulator.delivery import Delivery
from producers.simulator.life import slot
from producers.simulator.outbox import Outbox
from producers.simulator.settings import SimulationSettings
from producers.simulator.truth import Truth
from producers.simulator.viewers import Viewer, draw_country, draw_viewer, likes_hour

CANDIDATES = 6


def simulate(settings: SimulationSettings, truth: Truth | None = None) -> Iterator[Delivery]:
    """Yield the lines of a simulated platform in the order in which they reach the topic.

    Deterministic: the same settings give the same bytes. Lazy: it holds the viewers it has met and
    the lines under way, no more. `truth` is told of each line just before it is handed out.
    """
    deliveries = World(settings, truth).run()
    return islice(deliveries, settings.max_events)


class World:
    """All that is shared: random numbers, catalogue, population, the agenda, the lines under way."""

    def __init__(self, settings: SimulationSettings, truth: Truth | None) -> None:
        self.settings = settings
        self.random = Random(settings.seed)
        self.catalogue = Catalogue(settings.series, self.random)
        self._viewers: dict[int, Viewer] = {}
        self._outbox = Outbox(settings, truth)
        self.emit = self._outbox.put
        self._turn = 0
        self._agenda: list[tuple[int, int, Generator[int]]] = []

    def chance(self, share: float) -> bool:
        """Draw: true so often."""
        return self.random.random() < share

    def new_id(self, kind: str) -> str:
        """Return an id that does not come again."""
        return f"{kind}-{self.random.getrandbits(64):016x}"

    def new_uuid(self) -> str:
        """Return the text of a random UUID."""
        bits = self.random.getrandbits
        return f"{bits(32):08x}-{bits(16):04x}-4{bits(12):03x}-9{bits(12):03x}-{bits(48):012x}"

    def arrival(self, t: int) -> Viewer:
        """Choose who comes: somebody who is not there, rather one who likes to watch at this hour."""
        random, viewers = self.random, self.settings.viewers
        for tries in count(1):
            number = int(random.random() * viewers)
            viewer = self._viewers.get(number)
            if viewer is not None and viewer.gone:
                viewer = None  # somebody else takes the place of one who was forgotten
            if viewer is not None and viewer.live:
                continue
            country = viewer.country if viewer else draw_country(random)
            if tries >= CANDIDATES or random.random() < likes_hour(country, t):
                break
        if viewer is None:
            viewer = self._viewers[number] = draw_viewer(country, self.settings, random)
        return viewer

    def later(self, source: Generator[int]) -> None:
        """Let something happen later, apart from the session that caused it."""
        self._schedule(next(source), source)

    def run(self) -> Iterator[Delivery]:
        """Yield the deliveries until the end of the simulated time."""
        agenda, outbox, end_ms = self._agenda, self._outbox, self.settings.end_ms
        for number in range(self.settings.live_viewers):
            source = slot(self)
            agenda.append((next(source), number, source))
        heapify(agenda)
        self._turn = self.settings.live_viewers
        while agenda and agenda[0][0] < end_ms:
            t, _, source = agenda[0]
            yield from outbox.arrivals(t)
            wake = next(source, None)
            # A step may have put something else on the agenda, before this turn at the earliest.
            if wake is None:
                heappop(agenda)
            else:
                self._turn += 1
                heapreplace(agenda, (wake, self._turn, source))
        yield from outbox.arrivals(end_ms - 1)

    def _schedule(self, t: int, source: Generator[int]) -> None:
        self._turn += 1
        heappush(self._agenda, (t, self._turn, source))

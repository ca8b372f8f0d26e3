"""What viewers do with their time: which series, which episode, how they go on, when they leave."""

from collections.abc import Generator
from typing import TYPE_CHECKING

from producers.simulator.catalogue import Series
from producers.simulator.gate import open_episode
from producers.simulator.play import COMPLETED, NEXT, PREVIEW_SHARE, watch
from producers.simulator.session import Session
from producers.simulator.till import renew

if TYPE_CHECKING:
    from producers.simulator.world import World

Life = Generator[int]
"""Yields the simulated time at which to go on."""

BACK_TO_SERIES_SHARE = 0.6
DEEP_LINK_SHARE = 0.12
REPLAY_SHARE = 0.02
RENEWAL_SHARE = 0.05
ANOTHER_SERIES_SHARE = 0.35
NEAR_A_GATE_SHARE = 0.6


def visit(session: Session, *, warm: bool) -> Life:
    """Open the app, binge, leave. A warm visit resumes an episode in its middle, often near a gate."""
    world, viewer = session.world, session.viewer
    if viewer.payer_state == "subscriber" and world.chance(RENEWAL_SHARE):
        renew(session)
    while True:
        series, episode_no, reason, start_ms = _choose(session, warm=warm)
        finished = yield from _binge(session, series, episode_no, reason, start_ms)
        if not finished or not world.chance(ANOTHER_SERIES_SHARE):
            break
        warm = False
        session.t += world.random.randint(3_000, 40_000)
        yield session.t
    if world.chance(world.settings.deletions):
        yield from _ask_for_deletion(session)


def _choose(session: Session, *, warm: bool) -> tuple[Series, int, str, int]:
    """Return the series, the episode, the reason and the position to begin with."""
    world, viewer = session.world, session.viewer
    random = world.random
    if warm:
        return _in_the_middle(session)
    if viewer.place and world.chance(BACK_TO_SERIES_SHARE):
        number = next(reversed(viewer.place))
        series = world.catalogue.series[number - 1]
        episode_no, position_ms = viewer.place[number]
        if 0 < position_ms < series.durations_ms[episode_no - 1]:
            return series, episode_no, "resume", position_ms
        if episode_no < series.episodes:
            return series, episode_no + 1, "tap", 0
    series = world.catalogue.draw(random)
    if world.chance(DEEP_LINK_SHARE):
        return series, random.randint(1, min(series.episodes, 12)), "deep_link", 0
    return series, 1, "preview" if world.chance(PREVIEW_SHARE) else "tap", 0


def _in_the_middle(session: Session) -> tuple[Series, int, str, int]:
    """Choose as if the viewer had binged up to here: what lies behind them is open."""
    world = session.world
    random = world.random
    series = world.catalogue.draw(random)
    if world.chance(NEAR_A_GATE_SHARE):
        episode_no = series.gates[0] - 1
    else:
        episode_no = random.randint(1, series.episodes)
    session.viewer.opened.update((series.number, n) for n in range(series.gates[0], episode_no + 1))
    duration_ms = series.durations_ms[episode_no - 1]
    return series, episode_no, "resume", int(duration_ms * random.random())


def _binge(
    session: Session, series: Series, episode_no: int, reason: str, start_ms: int
) -> Generator[int, None, bool]:
    """Watch episode after episode; return whether the viewer would rather see something else."""
    world, viewer = session.world, session.viewer
    while True:
        trigger = {"auto_next": "auto_next", "next_tap": "next_tap", "next_swipe": "next_tap"}.get(
            reason, "deep_link" if reason == "deep_link" else "list_tap"
        )
        locked = session.t
        if not (yield from open_episode(session, series, episode_no, trigger)):
            return False
        if session.t != locked and reason == "auto_next":
            reason = "next_tap"  # after a paywall the viewer goes on by hand
        ending = yield from watch(session, series, episode_no, reason, start_ms)
        start_ms = 0
        if reason == "preview":
            reason = "tap"
        elif ending == COMPLETED and world.chance(REPLAY_SHARE):
            reason = "replay"
        elif ending in {COMPLETED, NEXT} and world.chance(viewer.hunger):
            if episode_no == series.episodes:
                return True
            episode_no += 1
            reason = _go_on(session, ending)
        else:
            return ending == COMPLETED
        if reason != "auto_next":
            session.t += world.random.randint(400, 4_000)
            yield session.t


def _go_on(session: Session, ending: str) -> str:
    world = session.world
    if ending == COMPLETED and session.viewer.autoplay:
        return "auto_next"
    return world.random.choice(("next_tap", "next_swipe"))


def _ask_for_deletion(session: Session) -> Life:
    """Ask to be forgotten, as the last thing that ever reaches the topic of this viewer."""
    session.t += 20_000
    yield session.t
    session.viewer.gone = True
    session.server("viewer_deletion", f'"requested_at":{session.t}')


def slot(world: "World") -> Life:
    """Keep one place on the platform taken: a viewer comes, watches, leaves, the next one comes."""
    settings, random = world.settings, world.random
    t = settings.start_ms + int(random.random() * settings.warm_up_s * 1000)
    warm = settings.warm
    while True:
        yield t
        viewer = world.arrival(t)
        viewer.live = True
        session = Session(world, viewer, t)
        yield from visit(session, warm=warm)
        viewer.live = False
        warm = False
        t = session.t + int(random.expovariate(1 / 8_000)) + 500

"""One play: from the first frame to the end, with its heartbeats and everything that interrupts it."""

from collections.abc import Generator
from dataclasses import dataclass

from producers.simulator.catalogue import Series
from producers.simulator.session import Session

BEAT_MS = 5_000
COMPLETED, NEXT, EXIT, TIMEOUT, ERROR = "completed", "next", "exit", "background_timeout", "error"
INTERRUPTIONS = ("pause", "background", "seek", "stall", "error", "fatal", "timeout")
_WEIGHTS = (30, 44, 70, 88, 94, 95, 97)
INTERRUPTED_SHARE = 0.16
PREVIEW_SHARE = 0.06

Steps = Generator[int, None, str]
"""Yields the simulated time at which to go on; returns how it ended."""


@dataclass(slots=True)
class Play:
    """A play under way. Counters are what the player reports, positions are true."""

    session: Session
    playback_id: str
    duration_ms: int
    position_ms: int
    seen_until_ms: int  # what lies before it is not watched anew
    played_ms: int = 0
    watched_ms: int = 0

    def advance(self, wall_ms: int) -> None:
        """Play on for so much wall time."""
        self.session.t += wall_ms
        self.played_ms += wall_ms
        self.position_ms += int(wall_ms * self.session.viewer.rate)
        fresh_ms = self.position_ms - self.seen_until_ms
        if fresh_ms > 0:
            self.watched_ms += fresh_ms
            self.seen_until_ms = self.position_ms

    def say(self, event_type: str, body: str = "") -> None:
        """Send an event of this play with the counters."""
        self.session.player(
            event_type,
            f'"playback_id":"{self.playback_id}","position_ms":{self.position_ms},'
            f'"played_ms":{self.played_ms},"watched_ms":{self.watched_ms}{body}',
        )

    def beat(self) -> None:
        """Send a heartbeat; rarely with counters or a position that are wrong."""
        world = self.session.world
        dirt = world.settings.dirt
        u = world.random.random()
        if u < dirt.counters_back:
            kept = (self.position_ms, self.played_ms, self.watched_ms)
            self.position_ms, self.played_ms, self.watched_ms = (n * 2 // 3 for n in kept)
            self.say("heartbeat")
            self.position_ms, self.played_ms, self.watched_ms = kept
        elif u > 1 - dirt.past_end:
            kept_ms = self.position_ms
            self.position_ms = self.duration_ms + int(u * 30_000)
            self.say("heartbeat")
            self.position_ms = kept_ms
        elif self.session.viewer.rate != 1:
            self.say("heartbeat", f',"rate":{self.session.viewer.rate},"bitrate_kbps":1800')
        else:
            self.say("heartbeat")


def watch(session: Session, series: Series, episode_no: int, reason: str, start_ms: int) -> Steps:
    """Play an episode from a position until it ends or the viewer has enough."""
    world, viewer = session.world, session.viewer
    random, dirt = world.random, world.settings.dirt
    duration_ms = series.durations_ms[episode_no - 1]
    play = Play(session, world.new_id("p"), duration_ms, start_ms, start_ms)
    if random.random() >= dirt.missing_starts:
        _start(play, series, episode_no, reason)
    target_ms, ending = _plan(play, reason)
    trouble = (
        random.choices(INTERRUPTIONS, cum_weights=_WEIGHTS)[0] if world.chance(INTERRUPTED_SHARE) else ""
    )
    trouble_ms = random.randint(start_ms, max(target_ms, start_ms)) if trouble else 0
    restart_ms = random.randint(start_ms, target_ms) if world.chance(dirt.counter_restarts) else 0
    while play.position_ms < target_ms:
        left_ms = int((target_ms - play.position_ms) / viewer.rate) + 1
        play.advance(min(BEAT_MS, left_ms))
        play.position_ms = min(play.position_ms, duration_ms)
        yield session.t
        if 0 < restart_ms <= play.position_ms:
            play.played_ms, play.watched_ms, restart_ms = 0, 0, 0
        if trouble and play.position_ms >= trouble_ms:
            fate = yield from _interrupt(play, trouble)
            trouble = ""
            if fate:
                ending = fate
                break
        elif play.position_ms < target_ms:
            play.beat()
    viewer.place[series.number] = (episode_no, 0 if ending == COMPLETED else play.position_ms)
    at_gate = ending == COMPLETED and episode_no + 1 in series.gates
    play.say("play_end", f',"end_reason":"{"paywall" if at_gate else ending}"')
    return ending


def _start(play: Play, series: Series, episode_no: int, reason: str) -> None:
    session = play.session
    body = (
        f'"playback_id":"{play.playback_id}","start_reason":"{reason}",'
        f'"start_position_ms":{play.position_ms},'
    )
    content = series.content(episode_no)
    session.player("play_start", body + content)
    if session.world.chance(session.world.settings.dirt.changed_durations):
        longer = content.replace(
            f'"duration_ms":{play.duration_ms}', f'"duration_ms":{play.duration_ms + 1_500}'
        )
        session.t += 900
        session.player("play_start", body + longer)


def _plan(play: Play, reason: str) -> tuple[int, str]:
    """Decide up front where the viewer stops, and why. The hazard is highest in the first seconds."""
    session = play.session
    random, viewer = session.world.random, session.viewer
    left_ms = play.duration_ms - play.position_ms
    if reason == "preview":
        return play.position_ms + min(left_ms, random.randint(4_000, 12_000)), EXIT
    u = random.random()
    bored = 0.4 * (1 - viewer.patience)
    if u < bored:
        target_ms = play.position_ms + min(left_ms, int(random.expovariate(1 / 9_000)) + 800)
    elif u < 2 * bored:
        target_ms = play.position_ms + int(left_ms * random.random())
    else:
        return play.duration_ms, COMPLETED
    return target_ms, random.choice((NEXT, EXIT, EXIT))


def _interrupt(play: Play, trouble: str) -> Steps:
    """Let one thing come between; return the reason of the end if it ends the play, else ''."""
    session = play.session
    random = session.world.random
    if trouble in {"pause", "background", "timeout"}:
        return (yield from _pause(play, trouble))
    if trouble == "seek":
        to_ms = random.randint(0, play.duration_ms)
        play.say("seek", f',"from_ms":{play.position_ms},"to_ms":{to_ms}')
        play.position_ms = play.seen_until_ms = to_ms
        return ""
    if trouble == "stall":
        stalled_ms = int(random.expovariate(1 / 2_500)) + 200
        session.t += stalled_ms
        yield session.t
        play.say("stall", f',"stalled_ms":{stalled_ms}')
        return ""
    fatal = trouble == "fatal"
    code = random.choice(("decoder", "drm", "network", "manifest"))
    play.say("player_error", f',"code":"{code}","fatal":{"true" if fatal else "false"}')
    return ERROR if fatal else ""


def _pause(play: Play, trouble: str) -> Steps:
    session = play.session
    random = session.world.random
    play.say("pause")
    foreground = "true" if trouble == "pause" else "false"
    play.say("heartbeat", f',"foreground":{foreground}')
    if trouble == "timeout":
        session.t += random.randint(5, 20) * 60_000
        yield session.t
        return TIMEOUT
    session.t += min(int(random.expovariate(1 / 25_000)) + 500, 25 * 60_000)
    yield session.t
    play.say("resume")
    return ""

"""One app session: it turns what happens into lines, stamped by the clocks that would stamp them."""

from typing import TYPE_CHECKING

from producers.simulator.viewers import Viewer

if TYPE_CHECKING:
    from producers.simulator.world import World

SERVER_LAG_MS = 40


class Session:
    """A viewer in the app. `t` is the session's simulated time, in ms since the epoch.

    A phone that is offline stamps `sent_at` with the time at which it is back; what happens at the
    same millisecond travels together, so its event times are tied.
    """

    __slots__ = ("_last_t", "_prefix", "_received", "_sent", "_tail", "back_at", "t", "viewer", "world")

    def __init__(self, world: "World", viewer: Viewer, t: int) -> None:
        self.world = world
        self.viewer = viewer
        self.t = t
        random, dirt = world.random, world.settings.dirt
        self.back_at = 0
        if random.random() < dirt.offline:
            self.back_at = t + int(random.uniform(0.1, 1) * dirt.offline_hours * 3_600_000)
        self._prefix = (
            f"{random.getrandbits(32):08x}-{random.getrandbits(16):04x}"
            f"-4{random.getrandbits(12):03x}-8{random.getrandbits(12):03x}-"
        )
        self._last_t = self._sent = self._received = -1
        self._tail = f'"app_session_id":"{world.new_id("a")}",{viewer.common()}}}'

    @property
    def offline(self) -> bool:
        """Whether the phone has no network at this moment."""
        return self.t < self.back_at

    def remember_payer(self, payer_state: str) -> None:
        """Let the events from here on tell that the viewer pays."""
        self.viewer.payer_state = payer_state
        session_id, _, _ = self._tail.partition(",")
        self._tail = f"{session_id},{self.viewer.common()}}}"

    def player(self, event_type: str, body: str) -> None:
        """Send an event of the player, by the clock of the device."""
        t = self.t
        if t != self._last_t:
            u = self.world.random.random()
            self._last_t = t
            self._sent = t + int(u * 200) if t >= self.back_at else self.back_at + (t & 1023)
            self._received = self._sent + 20 + int(u * u * 400)
        skew = self.viewer.skew_ms
        self.world.emit(
            self._received,
            self.viewer.viewer_id,
            f'{{"event_type":"{event_type}","event_id":"{self._prefix}'
            f'{self.world.random.getrandbits(48):012x}","occurred_at":{t + skew},'
            f'"sent_at":{self._sent + skew},"received_at":{self._received},{body},{self._tail}',
        )

    def server(self, event_type: str, body: str, *, at: int | None = None, environment: str = "") -> None:
        """Send an event of a backend that serves the session, by the clock of a server."""
        t = self.t if at is None else at
        tail = self._tail
        if environment:
            tail = tail.replace(
                f'"environment":"{self.viewer.environment}"', f'"environment":"{environment}"'
            )
        self.world.emit(
            t + SERVER_LAG_MS,
            self.viewer.viewer_id,
            f'{{"event_type":"{event_type}","event_id":"{self.world.new_uuid()}",'
            f'"occurred_at":{t},"sent_at":{t + 1},"received_at":{t + SERVER_LAG_MS},{body},{tail}',
        )

"""What is measured with: viewers in mid-binge from the simulator, packed as producers pack."""

from collections.abc import Iterable, Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

from producers.packing import Packer, PackLimits
from producers.partitioning import partition_of
from producers.simulator import Dirt, SimulationSettings, simulate
from producers.simulator.malformed import break_line
from schemas.rules import FoldRules
from schemas.topics import PLAYER_EVENTS
from streams.checkpoint import compress, decode, encode
from streams.count import count_all
from streams.fold import apply
from streams.partition import Partition

SEED = 20
_partition_of = partition_of.__wrapped__
"""Without the sender's memory of viewers, which would be measured as a worker's."""
EARLY_EVENTS_A_MESSAGE = 500
WARM_UP_S = 20.0
SERIES = 400
SETTLED_S = 25.0
"""Simulated seconds after which every live viewer has been heard of."""
LONGEST_BROKEN_LINE = 4_096

Line = tuple[int, str, bytes]
"""Arrival in ms, viewer, bytes."""


class Message(NamedTuple):
    """One message as a consumer sees it."""

    partition: int
    timestamp_ms: int
    value: bytes
    events: int


class Workload(NamedTuple):
    """States of all partitions in which everybody is known, and the messages that come next.

    Attributes:
        states: packed, one a partition: each round unpacks its own.
        messages: in the order in which their packs were complete.
    """

    states: tuple[bytes, ...]
    messages: list[Message]
    live_viewers: int

    @property
    def events(self) -> int:
        """How many lines the messages hold."""
        return sum(message.events for message in self.messages)

    @property
    def size(self) -> int:
        """How many bytes the messages hold."""
        return sum(len(message.value) for message in self.messages)

    def partitions(self, rules: FoldRules) -> list[Partition]:
        """Return the states, unpacked anew, each ready for the first of its messages."""
        return [decode(state, rules) for state in self.states]


class Platform(NamedTuple):
    """A platform in mid-stream: how it came there, the state that this left, and what comes next.

    Attributes:
        early: the messages until everybody has been heard of.
        states: of all partitions after these, packed.
        lines: what follows, in the order of arrival.
    """

    early: list[Message]
    states: tuple[bytes, ...]
    lines: list[Line]


def mid_stream(*, live_viewers: int, events: int) -> Platform:
    """Simulate until everybody is there, fold that, and keep the `events` lines that follow.

    The dirt is the usual one but for lines that cannot be used and lines that come too late: with
    none of these a message takes the fast path.
    """
    settings = SimulationSettings(
        seed=SEED,
        live_viewers=live_viewers,
        warm_up_s=WARM_UP_S,
        series=SERIES,
        dirt=Dirt(malformed=0, late=0),
    )
    settled_ms = settings.start_ms + int(SETTLED_S * 1000)
    lines = ((delivery.at_ms, delivery.viewer_id, delivery.line) for delivery in simulate(settings))
    begun: list[Line] = []
    for line in lines:
        begun.append(line)
        if line[0] >= settled_ms:
            break
    early = list(pack(begun, EARLY_EVENTS_A_MESSAGE))
    partitions = [Partition(FoldRules()) for _ in range(PLAYER_EVENTS.partitions)]
    for message in early:
        partition = partitions[message.partition]
        apply(partition, partition.next_offset, message.timestamp_ms, message.value)
    for partition in partitions:
        count_all(partition)
    states = tuple(compress(list(encode(partition))) for partition in partitions)
    return Platform(early, states, list(islice(lines, events)))


def steady_state(*, live_viewers: int, events: int, events_a_message: int) -> Workload:
    """Return the state of a platform in mid-stream, and what follows, packed."""
    platform = mid_stream(live_viewers=live_viewers, events=events)
    return Workload(platform.states, list(pack(platform.lines, events_a_message)), live_viewers)


def pack(lines: Iterable[Line], events_a_message: int) -> Iterator[Message]:
    """Pack lines (arrival in ms, viewer, bytes) as a sender does at full load: by number only."""
    packer = Packer(PackLimits(events=events_a_message, bytes=1_000_000, age_ms=60_000))
    at_ms = 0
    for at_ms, viewer_id, line in lines:
        for full in packer.add(_partition_of(viewer_id, PLAYER_EVENTS.partitions), line, at_ms):
            yield Message(full.partition, at_ms, full.value, full.events)
    for rest in packer.rest():
        yield Message(rest.partition, at_ms, rest.value, rest.events)


def with_malformed(messages: Iterable[Message], share: float) -> list[Message]:
    """Add lines that cannot be used, one for so many good ones, of all kinds but the very long ones."""
    random = Random(SEED)
    dirty = []
    for message in messages:
        lines = message.value.split(b"\n")
        for line in list(lines):
            if random.random() < share:
                event_id = f"{random.getrandbits(64):08x}-0000-4000-8000-000000000000"[-36:]
                broken = break_line(line.decode(), event_id, random)[1]
                if len(broken) <= LONGEST_BROKEN_LINE:
                    lines.append(broken)
        dirty.append(message._replace(value=b"\n".join(lines), events=len(lines)))
    return dirty

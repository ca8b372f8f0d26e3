"""A log: partitions of messages, what is committed of them, and what a fold without faults makes of them."""

from random import Random

from schemas.rules import FoldRules
from schemas.tables import COUNTER_TABLES
from streams.count import count_all
from streams.owned import Owned
from streams.partition import Partition
from tests.model.warehouse import Tables, Warehouse, view
from tests.model.world import IMPATIENT, PATIENT, Message, World, world
from tests.oracle.lives import lives
from tests.oracle.oracle import Rules, tables
from warehouse.writer import MetDeletion


class Log:
    """One or two partitions, each a small dense world; nothing in it changes but what is committed."""

    def __init__(self, worlds: list[World]) -> None:
        self.rules: FoldRules = worlds[0].rules
        self.partitions = [world.messages for world in worlds]
        self.committed = [0] * len(worlds)
        straight = Warehouse()
        self.lines, self.received = set(), []
        self.deletions: set[MetDeletion] = set()
        for number, messages in enumerate(self.partitions):
            owned = fold_straight(number, messages, self.rules)
            self.lines.update(line[:5] for line in owned.take_lines(1))
            self.deletions.update(owned.take_deletions(1))
            for table, rows in owned.take_rows(COUNTER_TABLES, source_epoch=1, logic_epoch=1):
                straight.write_rows(table, rows)
            self.received.append(owned.state.tally.received)
        self.truth: Tables = view(straight)
        self.events = [event for world in worlds for event in world.events]
        if self.rules is PATIENT:
            self.truth = tables(lives(self.events), rules=oracle_rules(PATIENT))

    def begins(self) -> dict[int, int]:
        """The first offset of each partition."""
        return dict.fromkeys(range(len(self.partitions)), 0)

    def truth_under(self, rules: FoldRules) -> Tables:
        """What the oracle says under other rules. Nothing may have been late or forgotten under them."""
        return tables(lives(self.events), rules=oracle_rules(rules))

    def end(self, partition: int) -> int:
        """The offset after the last message."""
        return len(self.partitions[partition])


def oracle_rules(rules: FoldRules) -> Rules:
    """The rules as the oracle takes them."""
    return Rules(
        sitting_gap_ms=rules.sitting_gap_ms,
        valid_play_ms=rules.valid_play_ms,
        played_after_ms=rules.played_after_ms,
        experiment=rules.experiment,
    )


def draw(rng: Random, most: int, border: float = 0.0, forget: float = 0.0) -> Log:
    """Draw a log. One in five is impatient, one in four has two partitions; a share is on the border."""
    rules = rng.choice((PATIENT, PATIENT, PATIENT, PATIENT, IMPATIENT))
    viewers = rng.choice((["vvvvw"],) * 3 + (["vvvw", "x"],))
    on = border > 0 and rng.random() < border
    most //= len(viewers)
    return Log([world(rng, rules, most=most, viewers=some, border=on, forget=forget) for some in viewers])


def fold_straight(number: int, messages: tuple[Message, ...], rules: FoldRules) -> Owned:
    """Fold a partition from its beginning to its end, and count once."""
    owned = Owned(number, Partition(rules), fresh=True, now_s=0.0)
    for offset, message in enumerate(messages):
        owned.fold(offset, message.timestamp_ms, message.payload)
    count_all(owned.state)
    return owned

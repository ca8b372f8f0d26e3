"""What `cliffhanger quarantine` does: judges the lines anew, sends what can be used, notes what it did."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple, Protocol

from rich.table import Table

from cliffhanger.terminal import say, show
from producers.sender import Sender, SenderSettings
from runtime.cutting import read_cut
from runtime.errors import SealError
from runtime.sealing import Seal, read
from runtime.settings import Settings
from schemas.reasons import Reason
from schemas.rules import FoldRules
from streams.requeue import dated, speaks_against, viewer_of
from warehouse.inventory import Inventory, newest
from warehouse.quarantine import Outcome, Quarantine
from warehouse.writer import QuarantinedLine

BATCH = 1_000
COUNTS = "would count"
CUT = "is cut, cannot be sent"


class Policy(StrEnum):
    """What to do with a line that would be set aside again."""

    STOP = "stop"
    REQUEUE = "requeue"
    DROP = "drop"


class Judged(NamedTuple):
    """A line as it would be sent, and what speaks against it.

    `is_cut`: only its beginning was kept. It is never sent: it would count as one more line.
    """

    place: QuarantinedLine
    line: bytes
    against: Reason | None
    is_cut: bool = False

    @property
    def verdict(self) -> str:
        """What would become of it, in a word or a few."""
        return CUT if self.is_cut else self.against or COUNTS


class Told(NamedTuple):
    """What a replay has done: lines by outcome, and by what speaks against them; why it stopped, or ''."""

    outcomes: Counter[Outcome]
    verdicts: Counter[str]
    stopped: str


class Sends(Protocol):
    """What takes lines: `producers.sender.Sender`."""

    def send(self, viewer_id: str, line: bytes) -> None:
        """Take one line."""

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until all lines have arrived."""


class Notes(Protocol):
    """What remembers the outcomes: `warehouse.quarantine.Quarantine`."""

    def note(self, replayed: list[tuple[QuarantinedLine, Outcome]]) -> None:
        """Say what became of lines."""


def of_workers(lines: Iterator[QuarantinedLine], seal: Seal | None) -> Iterator[QuarantinedLine]:
    """Yield the lines that workers set aside, opened.

    What the collector refused is left out: it names viewers as their apps do, and belongs to the collector.
    Raises SealError for a line that no key given opens.
    """
    for place in lines:
        sealed = read(place.line)
        if sealed is None:
            yield place
        elif sealed.sealed_by == "worker":
            if seal is None:
                raise SealError("these lines are sealed: set CLIFFHANGER_QUARANTINE_KEY to the key")
            yield place._replace(line=seal.open(place.line).line)


def judged(
    lines: Iterator[QuarantinedLine], rules: FoldRules, watermarks: dict[int, int]
) -> Iterator[Judged]:
    """Judge lines as the workers of these rules would when they came now."""
    for place in lines:
        if read_cut(place.line) is not None:
            yield Judged(place, place.line, place.reason, is_cut=True)
            continue
        line = dated(place.line, place.message_at_ms)
        watermark = watermarks.get(place.partition, 0)
        yield Judged(place, line, speaks_against(line, place.message_at_ms, rules, watermark))


def send_again(
    lines: Iterator[Judged], policy: Policy, most: int | None, sender: Sends, notes: Notes
) -> Told:
    """Send lines as the policy says, so many at most. What is noted as sent has arrived.

    A crash in between leaves lines that were sent and not noted: they are sent again, and as their event
    ids are what they were, that changes no number.
    """
    told = Told(Counter(), Counter(), "")
    batch: list[tuple[QuarantinedLine, Outcome]] = []

    def settle() -> None:
        sender.flush()
        notes.note(batch)
        batch.clear()

    for judged_line in lines:
        if most is not None and told.outcomes.total() >= most:
            told = told._replace(stopped=f"{most} lines are done")
            break
        told.verdicts[judged_line.verdict] += 1
        outcome = _outcome(judged_line, policy)
        if outcome is None:
            told = told._replace(stopped=_why_it_stops(judged_line))
            break
        if outcome is not Outcome.DROPPED:
            sender.send(viewer_of(judged_line.line), judged_line.line)
        batch.append((judged_line.place, outcome))
        told.outcomes[outcome] += 1
        if len(batch) >= BATCH:
            settle()
    settle()
    return told


def replay_quarantine(
    settings: Settings,
    reasons: list[Reason],
    policy: Policy,
    *,
    most: int | None,
    dry_run: bool,
    wait_s: float,
) -> bool:
    """Replay what is in quarantine, or say what would be done; return whether it came to the end."""
    quarantine = Quarantine(settings.clickhouse, settings.worker.source_epoch)
    try:
        seal = Seal.of(settings.quarantine_key) if settings.quarantine_key.get_secret_value() else None
        found = of_workers(quarantine.lines(reasons), seal)
        lines = judged(found, settings.fold, _watermarks(settings))
        if dry_run:
            _show(Counter((line.place.reason, line.verdict) for line in lines))
            return True
        with Sender(SenderSettings(brokers=settings.kafka, connect_s=wait_s)) as sender:
            told = send_again(lines, policy, most, sender, quarantine)
    finally:
        quarantine.close()
    for outcome, count in sorted(told.outcomes.items()):
        say(f"{count:,} lines {outcome}")
    if told.outcomes[Outcome.DROPPED] and told.verdicts[CUT]:
        say(f"{told.verdicts[CUT]:,} of those dropped were cut when they were set aside: they cannot be sent")
    if told.stopped:
        say(f"stopped: {told.stopped}")
    return not told.stopped


def _outcome(line: Judged, policy: Policy) -> Outcome | None:
    if line.against is None:
        return Outcome.SENT
    if line.is_cut and policy is Policy.REQUEUE:
        return Outcome.DROPPED
    return {Policy.STOP: None, Policy.REQUEUE: Outcome.REQUEUED, Policy.DROP: Outcome.DROPPED}[policy]


def _why_it_stops(line: Judged) -> str:
    place = line.place
    where = f"partition {place.partition}, offset {place.offset}, line {place.line_index}"
    if line.is_cut:
        return f"{where} was cut when it was set aside and cannot be sent; `--policy drop` leaves it out"
    return f"{where} would be set aside again as {line.against}"


def _watermarks(settings: Settings) -> dict[int, int]:
    inventory = Inventory(settings.clickhouse, settings.worker.source_epoch)
    try:
        return {s.partition: s.watermark_ms for s in newest(inventory.stored(), 1)}
    finally:
        inventory.close()


def _show(found: Counter[tuple[Reason, str]]) -> None:
    table = Table("set aside as", "and now", "lines", box=None, pad_edge=False)
    for (reason, verdict), count in sorted(found.items()):
        table.add_row(reason, verdict, f"{count:,}")
    show(table)
    say(f"{found.total():,} lines that nobody has replayed")

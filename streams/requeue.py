"""Judge a quarantined line once more, and make it fit to be sent again. Pure.

What is sent again must count as it would have counted then. So the line keeps its event id, and tells when
it was received: a line that does not is dated by its message, which will be another, later one.
"""

import msgspec

from schemas.reasons import Reason
from schemas.rules import FoldRules
from streams.decode import judge

_RECEIVED = "received_at"


def dated(line: bytes, message_at_ms: int) -> bytes:
    """Return a line that says when it was received: then, if it does not say itself."""
    try:
        event = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return line
    if not isinstance(event, dict) or event.get(_RECEIVED) is not None:
        return line
    event[_RECEIVED] = message_at_ms
    return msgspec.json.encode(event)


def speaks_against(line: bytes, message_at_ms: int, rules: FoldRules, watermark_ms: int) -> Reason | None:
    """Return the reason for which a dated line would be set aside again, or None when it would count.

    `watermark_ms` is that of its partition; by the time the line is folded it may be later still.
    """
    event = judge(line)
    if isinstance(event, Reason):
        return event
    said = message_at_ms if event.received_at is None else event.received_at
    received_at = min(said, message_at_ms + rules.clock_ahead_ms)
    at = received_at - event.sent_at + event.occurred_at
    if at < 0 or event.occurred_at > event.sent_at:
        return Reason.CLOCK_UNUSABLE
    return Reason.LATE if at + rules.lateness_ms < watermark_ms else None


def viewer_of(line: bytes) -> str:
    """Return the viewer of a line, who decides its partition; '' when it names none."""
    try:
        event = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    viewer_id = event.get("viewer_id") if isinstance(event, dict) else None
    return viewer_id if isinstance(viewer_id, str) else ""

"""The sealed line: how a line that could not be used is kept so that only the holder of a key can read it.

It is no event of the contract: no sender may send one. The collector puts it into the topic in the place
of the line that it refused, so that the worker accounts for it; the worker seals what it refuses itself.

    {"schema_version":1,"event_type":"sealed","reason":"...","sealed_by":"...","key_id":"...","sealed":"..."}
"""

from typing import Final, Literal

from schemas.fields import MAX_MESSAGE_BYTES

SEALED: Final = "sealed"
"""The `event_type` of a sealed line."""

SEALED_START: Final = b'{"schema_version":1,"event_type":"sealed",'
"""How every sealed line begins. One that holds a line at the limit is longer than the limit."""

Sealer = Literal["collector", "worker"]
"""Who refused the line. The collector seals it as it was sent, `viewer_id` and all; the worker as it stood
in the topic, where it has a pseudonym."""

MAX_SEALED_LINE_BYTES: Final = MAX_MESSAGE_BYTES * 4 // 3 + 512
"""base64 and the fields around it."""

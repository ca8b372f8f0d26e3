"""Write the JSON Schema of an event to a file, or with `--check` say whether the file is current."""

import json
import sys
from pathlib import Path
from typing import Any

from schemas.events import EVENT
from schemas.fields import MAX_LINE_BYTES, MAX_MESSAGE_BYTES
from schemas.topics import PLAYER_EVENTS

DEFAULT_PATH = Path("docs/event.schema.json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_schema() -> dict[str, Any]:
    """Return the JSON Schema of one line of the topic of events."""
    return {
        "$schema": DIALECT,
        "title": f"One line of {PLAYER_EVENTS.name}",
        "description": (
            f"A message holds one event a line, {MAX_MESSAGE_BYTES} bytes at most; a line {MAX_LINE_BYTES}. "
            "Fields that are not named here are allowed and ignored. Not said here: no text holds a "
            "control, format, surrogate or private-use character, a separator other than the space, or a "
            "noncharacter (schemas/printable.py lists them), and sent_at is not before occurred_at."
        ),
    } | EVENT.json_schema()


def as_text(schema: dict[str, Any]) -> str:
    """Return a schema as the file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the file; return the exit code."""
    check = "--check" in arguments
    paths = [Path(argument) for argument in arguments if argument != "--check"] or [DEFAULT_PATH]
    text = as_text(event_schema())
    for path in paths:
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"{path} is not the contract of schemas/events.py: run python -m schemas\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

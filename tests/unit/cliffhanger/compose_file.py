"""Reads the part of YAML that docker-compose.yml is written in, so that a test can hold it.

Maps by indentation, lists of one scalar a line, quoted text, JSON lists, anchors on maps. Anything else
raises: a file that uses more needs a real parser.
"""

import json
import re

KEY = re.compile(r"(?P<key>[A-Za-z][\w.-]*):(?: &(?P<anchor>\w+))?(?: (?P<value>\S.*))?")


def read(text):
    """Return the document as nested dicts, lists, text and integers."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    anchors = {}
    document, rest = block(lines, 0, anchors)
    assert not rest, f"not understood from here: {rest[0]!r}"
    return document


def block(lines, depth, anchors):
    if lines and lines[0].strip().startswith("- "):
        return items(lines, depth)
    found = {}
    while lines and indent(lines[0]) == depth:
        match = KEY.fullmatch(lines[0].strip())
        assert match, f"no key: {lines[0]!r}"
        key, value = match["key"], match["value"]
        assert key not in found, f"twice: {key}"
        lines = lines[1:]
        if value is None:
            assert lines, f"nothing below {key}"
            assert indent(lines[0]) == depth + 2, f"indentation: {lines[0]!r}"
            found[key], lines = block(lines, depth + 2, anchors)
        else:
            found[key] = anchors[value[1:]] if value.startswith("*") else scalar(value)
        if match["anchor"]:
            anchors[match["anchor"]] = found[key]
    return found, lines


def items(lines, depth):
    found = []
    while lines and indent(lines[0]) == depth:
        assert lines[0].strip().startswith("- "), lines[0]
        found.append(scalar(lines[0].strip()[2:]))
        lines = lines[1:]
    return found, lines


def scalar(text):
    """JSON as it is (text is always quoted, so it is no surprise of YAML's), or a plain word."""
    if re.fullmatch(r"[a-z]\w*", text):
        assert text not in {"yes", "no", "on", "off", "true", "false", "null"}, text
        return text
    return json.loads(text)


def indent(line):
    return len(line) - len(line.lstrip())

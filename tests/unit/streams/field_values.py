"""Values of a declared field of the contract: wrong in every way that suits it, at its limits, or any."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st

from tests.unit.streams.contract import EXAMPLES

ABSENT = object()
_ARM = {"id": "x", "variant": "a"}
_EVENT_ID = EXAMPLES["pause"]["event_id"]
_WRONG_EXPERIMENTS = {
    "too many": [_ARM] * 33,
    "text": "x",
    "entry without id": [{"variant": "a"}],
    "entry with null": [{"id": "x", "variant": None}],
    "entry of wrong type": [{"id": 1, "variant": "a"}],
    "entry that is text": ["x"],
    "entry with empty text": [{"id": "", "variant": "a"}],
    "entry with DEL": [{"id": "x", "variant": "\x7f"}],
    "entry too long": [{"id": "x", "variant": "a" * 129}],
}
_WRONG_VERSIONS = {
    "another": 2,
    "zero": 0,
    "huge": 10**30,
    "text": "1",
    "boolean for integer": True,
    "float for integer": 1.0,
}
_WRONG_COUNTRIES = {
    "small letters": "us",
    "three letters": "USA",
    "digits": "U1",
    "a newline at its end": "US\n",
}
_WRONG_EVENT_IDS = {
    "no hyphens": _EVENT_ID.replace("-", ""),
    "a newline at its end": _EVENT_ID + "\n",
    "a letter past f": "g" + _EVENT_ID[1:],
    "hyphens elsewhere": _EVENT_ID[1:9] + _EVENT_ID[0] + _EVENT_ID[9:],
    "36 characters": "0" * 36,
    "braces": "{" + _EVENT_ID + "}",
    "36 digits of another script": _EVENT_ID.replace("0", "\u0660"),
}
NOT_PRINTABLE = {
    "escaped NUL": "a\0b",
    "a newline": "a\nb",
    "DEL": "a\x7fb",
    "a soft hyphen": "a\xadb",
    "a zero-width joiner": "a\u200db",
    "a private character": "a\ue000b",
    "a no-break space": "a\xa0b",
    "a separator of lines": "a\u2028b",
    "an old mark of format": "a\U00013430b",
    "a mark of format since Unicode 15": "a\U00013439b",
    "no character": "a\ufdd0b",
    "the last of a plane": "a\U0001ffffb",
    "the last of all": "a\U0010ffffb",
}


def kind_of(info: Any) -> Any:
    """The type of a field without its `None` and its annotations."""
    kind = info.annotation
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (option for option in get_args(kind) if option is not type(None))
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def outside(field: str, info: Any) -> dict[str, Any]:
    """Values that a field must not have, each under the name of what is wrong with it."""
    found = {"an object": {}}
    if info.is_required():
        found["missing"] = ABSENT
    if type(None) not in get_args(info.annotation):
        found["null"] = None
    if field == "experiments":
        return found | _WRONG_EXPERIMENTS
    return found | {"a list": []} | _outside_of_its_type(field, info)


def inside(info: Any) -> list[Any]:
    """Values at the limits of what a field may have."""
    kind = kind_of(info)
    if info.annotation is Literal[1] or kind is bool:
        return []
    if kind is int:
        return [*_bounds(info)]
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if get_origin(kind) is tuple:
        return [[], [_ARM] * 32]
    return _text_inside(info)


def anything(info: Any) -> st.SearchStrategy[Any]:
    """Values of the type of a field, inside of its limits or not."""
    kind = kind_of(info)
    limits = inside(info) if kind is not float else [1.5]
    if kind is int:
        return st.sampled_from(limits) | st.integers() | st.integers(*_bounds(info))
    if kind is bool:
        return st.booleans()
    if kind is str:
        return st.sampled_from(limits) | st.text(min_size=1, max_size=130)
    return st.sampled_from(limits) if limits else st.just(1)


def _outside_of_its_type(field: str, info: Any) -> dict[str, Any]:
    kind = kind_of(info)
    if field == "schema_version":
        return _WRONG_VERSIONS
    if kind is int:
        return _wrong_numbers(*_bounds(info))
    if kind is bool:
        return {"a number": 1, "text": "true", "a float": 1.0}
    if get_origin(kind) is Literal:
        return {"not in the list": "never heard of", "empty": "", "a number": 1, "a boolean": True}
    assert kind is str
    return _wrong_text(field)


def _wrong_numbers(low: int, high: int) -> dict[str, Any]:
    return {
        "too low": low - 1,
        "too high": high + 1,
        "far too high": 2**63,
        "huge": 10**30,
        "text": str(high),
        "boolean for integer": True,
        "float for integer": float(high),
        "a fraction": low + 0.5,
    }


def _wrong_text(field: str) -> dict[str, Any]:
    own = {"country": _WRONG_COUNTRIES, "event_id": _WRONG_EVENT_IDS}
    found = {"a number": 1, "a float": 1.5, "a boolean": True, "empty": ""}
    return found | own.get(field, {"one character too many": "a" * 129}) | NOT_PRINTABLE


def _text_inside(info: Any) -> list[Any]:
    if any(getattr(m, "pattern", None) for m in info.metadata):
        return [_EVENT_ID.upper()]
    if "pattern" in repr(info.annotation):
        return ["AA", "ZZ"]
    return [
        "a",
        "a" * 128,
        "\U0001f600" * 128,
        "with a space",
        "\xe9\u4e2d\u0661",
        "new \U0001fae8",
        "unassigned \u0378",
        '"\\/',
    ]


def _bounds(info: Any) -> tuple[int, int]:
    """The lowest and the highest number that a field may be."""
    text = [*info.metadata]
    for option in get_args(info.annotation):
        if get_origin(option) is Annotated:
            for extra in get_args(option)[1:]:
                text += getattr(extra, "metadata", [extra])
    low = next((m.ge for m in text if hasattr(m, "ge")), None)
    low = next((m.gt + 1 for m in text if hasattr(m, "gt")), low)
    high = next(m.le for m in text if hasattr(m, "le"))
    assert low is not None
    return low, high

"""The models of the contract as types that decode fast: derived from them, not written again. Pure.

`fast(model)` knows every kind of field that `schemas/` uses, and refuses a kind that it does not know
when the module is imported: a contract that grows past it is noticed before any event is.
"""

import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from schemas.events import Event
from schemas.fields import printable

_TAG = "event_type"
_PLAIN = (str, int, float, bool)
_BOUNDS = {Ge: "ge", Gt: "gt", Le: "le", MinLen: "min_length", MaxLen: "max_length"}

_structs: dict[type[BaseModel], type[msgspec.Struct]] = {}
_printable_fields: dict[type[msgspec.Struct], tuple[str, ...]] = {}


def fast(model: type[BaseModel]) -> type[msgspec.Struct]:
    """Return the struct that reads what a model reads; `event_type` becomes its tag."""
    if model not in _structs:
        infos = {name: info for name, info in model.model_fields.items() if name != _TAG}
        tag = get_args(model.model_fields[_TAG].annotation)[0] if _TAG in model.model_fields else None
        struct = msgspec.defstruct(
            model.__name__,
            [_field(name, info) for name, info in infos.items()],
            tag_field=_TAG if tag else None,
            tag=tag,
            kw_only=True,
            omit_defaults=True,
            gc=False,
        )
        _structs[model] = struct
        _printable_fields[struct] = tuple(name for name, info in infos.items() if _is_printable(info))
    return _structs[model]


def texts(event: msgspec.Struct) -> Iterator[str]:
    """Yield every text of an event that must be printable, that of the structs within it included."""
    for name in _printable_fields[type(event)]:
        value = getattr(event, name)
        if value is not None:
            yield value
    for name in event.__struct_fields__:
        value = getattr(event, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, msgspec.Struct):
                yield from texts(part)


def _field(name: str, info: FieldInfo) -> tuple[Any, ...]:
    kind = _kind(info.annotation, info.metadata)
    return (name, kind) if info.is_required() else (name, kind, info.default)


def _kind(annotation: Any, extras: Iterable[Any] = ()) -> Any:
    """Return the type as msgspec reads it, with the limits that the extras of pydantic set."""
    limits = _limits(extras)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return Union[tuple(_kind(option) for option in arguments)]  # noqa: UP007 -- made of values
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return Annotated[tuple.__class_getitem__((_kind(arguments[0]), ...)), msgspec.Meta(**limits)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return fast(annotation)
    if origin is Literal or annotation is type(None):
        return annotation
    if annotation in _PLAIN:
        return Annotated[annotation, msgspec.Meta(**limits)] if limits else annotation
    raise TypeError(f"the contract holds a kind of field that the collector cannot read: {annotation}")


def _limits(extras: Iterable[Any]) -> dict[str, Any]:
    """Return the limits among the extras by msgspec's names; `printable` is not one: see `texts`."""
    limits: dict[str, Any] = {}
    for extra in extras:
        if isinstance(extra, FieldInfo):
            limits |= _limits(extra.metadata)
        elif type(extra) in _BOUNDS:
            name = _BOUNDS[type(extra)]
            limits[name] = getattr(extra, name)
        elif getattr(extra, "pattern", None):
            limits["pattern"] = extra.pattern.removesuffix("$") + r"\Z"  # `$` lets a newline pass
        elif isinstance(extra, AfterValidator) and extra.func is not printable:
            raise TypeError(f"the contract judges with {extra.func}, which the collector does not know")
    return limits


def _is_printable(info: FieldInfo) -> bool:
    extras = list(info.metadata)
    for part in (info.annotation, *get_args(info.annotation)):
        extras += get_args(part)[1:] if get_origin(part) is Annotated else ()
    return any(isinstance(extra, AfterValidator) for extra in extras)


MODELS: tuple[type[BaseModel], ...] = get_args(get_args(Event)[0])
EVENT_TYPES = frozenset(str(fast(model).__struct_config__.tag) for model in MODELS)
AnyEvent: Any = Union[tuple(fast(model) for model in MODELS)]  # noqa: UP007 -- made of values
"""One usable line: a struct with the fields of the contract, `viewer_id` and `received_at` among them."""

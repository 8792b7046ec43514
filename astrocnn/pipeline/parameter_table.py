"""The parameters of a stage or the options of a network as rows of text, made from their pydantic class."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from astrocnn.pipeline.stage import Edge, InputValue, Outside

_NAMES = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "null", Any: "anything"}
_BOUNDS = (
    (annotated_types.Ge, "ge", ">="), (annotated_types.Gt, "gt", ">"),
    (annotated_types.Le, "le", "<="), (annotated_types.Lt, "lt", "<"),
)  # fmt: skip


@dataclass(frozen=True)
class ParameterRow:
    """One parameter: its key in the file, what it takes, its default (`needed` where it has none), its meaning."""

    key: str
    type: str
    default: str
    meaning: str


def parameter_rows(model: type[BaseModel], prefix: str = "") -> Iterator[ParameterRow]:
    """Rows of a parameter class in the order of its fields; keys of nested mappings follow theirs, dotted."""
    for name, info in model.model_fields.items():
        key = prefix + (info.alias or name)
        yield ParameterRow(key, _type_text(info), _default_text(info), info.description or "")
        for inner in _models(info.annotation):
            yield from parameter_rows(inner, f"{key}.")


def _type_text(info: FieldInfo) -> str:
    for mark in info.metadata:
        if isinstance(mark, Edge):
            return f"{mark.kind if mark.kind != 'any' else 'product'}{', or some splits of one' * mark.splits}"
        if isinstance(mark, Outside):
            return "${inputs.NAME}"
    return _words(info.annotation, _bounds(info.metadata))


def _bounds(metadata: list[Any]) -> str:
    found = [
        f"{sign} {getattr(mark, attribute):g}"
        for mark in metadata
        for kind, attribute, sign in _BOUNDS
        if isinstance(mark, kind)
    ]
    return " and ".join(found)


def _words(annotation: Any, bounds: str = "") -> str:
    """Words for a type and its bounds: `number > 0 or null`, `list of text`, `[number, number]`, `error | warn`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0], bounds or _bounds(list(arguments[1:])))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(one, "" if one is types.NoneType else bounds) for one in arguments))
    return f"{_plain_words(annotation, origin, arguments)} {bounds}".strip()


def _plain_words(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin is Literal:
        return " | ".join(str(value) for value in arguments)
    if origin in (tuple, list):
        inner = [_words(one) for one in arguments if one is not Ellipsis]
        return f"list of {inner[0]}" if Ellipsis in arguments or origin is list else f"[{', '.join(inner)}]"
    if origin is dict:
        return f"mapping of name to {_words(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping"
    return _NAMES.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default_text(info: FieldInfo) -> str:
    if info.is_required():
        return "needed"
    value = info.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return ""
    return _yaml(value) if value != () else ""


def _yaml(value: Any) -> str:
    """A default as it would stand in the file."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value) or '""'


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not InputValue:
        yield annotation
    for inner in get_args(annotation):
        if get_origin(annotation) is not dict:
            yield from _models(inner)

"""Turns what pydantic finds wrong into problems with file, line, key and nearest spelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from astrocnn.pipeline.document import Document, KeyPath
from astrocnn.pipeline.problems import Problem
from astrocnn.spelling import nearest

_SHOULD = "Input should be "
_LONGEST = 80


def _alternatives(annotation: Any) -> list[Any]:
    """Types that a value may have: the members of a union, else the type itself."""
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [member for one in get_args(annotation) for member in _alternatives(one)]
    return [annotation]


def _fields(annotation: Any) -> dict[str, FieldInfo]:
    """Fields of a model by the name they have in a file; none for other types."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return {}
    return {info.alias or name: info for name, info in annotation.model_fields.items()}


def _inside(annotation: Any, part: str | int) -> list[Any]:
    """Types that the value under a key or index of a type may have."""
    fields, origin = _fields(annotation), get_origin(annotation)
    if part in fields:
        return _alternatives(fields[str(part)].annotation)
    if origin in (dict, Mapping) and isinstance(part, str):
        return _alternatives(get_args(annotation)[1])
    if origin in (list, tuple) and isinstance(part, int):
        return [member for item in get_args(annotation) if item is not Ellipsis for member in _alternatives(item)]
    return []


def _is_tagged(annotation: Any, tag: str | int) -> bool:
    """Whether pydantic calls a member of a union so: by its name, or by the literal that tells it from the others."""
    literals = (info.annotation for info in _fields(annotation).values() if get_origin(info.annotation) is Literal)
    return getattr(annotation, "__name__", None) == tag or any(tag in get_args(literal) for literal in literals)


def _locate(location: tuple[str | int, ...], model: type[BaseModel], data: Any) -> tuple[KeyPath, list[str]]:
    """Find the key of the file that pydantic means, and the keys known around it.

    Pydantic adds the member of a union that it tried to the location, and `[key]` where a key itself is wrong; the file
    has no such keys.
    """
    path: list[str | int] = []
    types: list[Any] = [model]
    known: list[str] = []
    for part in (part for part in location if part != "[key]"):
        keys = sorted({key for one in types for key in _fields(one)})
        inner = [member for one in types for member in _inside(one, part)]
        is_there = part in (data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ())
        if inner or part in keys or is_there:
            path.append(part)
            known, types = keys, inner
            data = data[part] if is_there else None
        else:
            types = [one for one in types if _is_tagged(one, part)] or types
    return tuple(path), known


def _wanted(message: str) -> str:
    if message.startswith(_SHOULD):
        return f"expected {message.removeprefix(_SHOULD)}"
    return message[:1].lower() + message[1:]


def _joined(messages: list[str]) -> str:
    """What the members of a union expect, in one sentence."""
    first, *others = dict.fromkeys(messages)
    return " or ".join([first, *(message.removeprefix("expected ") for message in others)])


def problems_of(
    error: ValidationError, model: type[BaseModel], document: Document, base: KeyPath = ()
) -> list[Problem]:
    """List what a validation found, each at its place in the document.

    Parameters
    ----------
    error : ValidationError
        What pydantic raised.
    model : type
        The model that was validated, for spellings.
    document : Document
        Where the data was written.
    base : key path
        Where in the document the model's data stands.
    """
    data = document.data
    for part in base:
        data = data[part]
    return list(dict.fromkeys(_problems(error, model, document, base, data)))


def _problems(
    error: ValidationError, model: type[BaseModel], document: Document, base: KeyPath, data: Any
) -> Iterator[Problem]:
    mismatches: dict[KeyPath, list[Mapping[str, Any]]] = {}
    for item in error.errors(include_url=False):
        path, known = _locate(item["loc"], model, data)
        if item["type"] == "extra_forbidden":
            match = nearest(str(path[-1]), known)
            hint = f"did you mean {match}?" if match else f"expected one of {', '.join(known)}"
            yield document.problem((*base, *path), f"unknown key; {hint}")
        elif item["type"] == "missing":
            yield document.problem((*base, *path), "is missing; to fix, add it")
        elif item["type"] == "union_tag_not_found":
            yield document.problem((*base, *path), f"the key {_discriminator(item)} is missing; to fix, add it")
        elif item["type"] == "union_tag_invalid":
            tag, tags = item["ctx"]["tag"], item["ctx"]["expected_tags"].replace("'", "").split(", ")
            text = f"expected one of {', '.join(tags)}; received {tag!r}"
            match = nearest(tag, tags)
            hint = f"; did you mean {match}?" if match else ""
            yield document.problem((*base, *path, _discriminator(item)), text + hint)
        elif item["type"] == "value_error":  # raised by a class of this package, which says what it received
            yield document.problem((*base, *path), item["msg"].removeprefix("Value error, "))
        else:
            mismatches.setdefault(path, []).append(item)
    for path, items in mismatches.items():
        text = f"{_joined([_wanted(item['msg']) for item in items])}; received {_shown(items[0]['input'])}"
        yield document.problem((*base, *path), text)


def _discriminator(item: Mapping[str, Any]) -> str:
    """Key that tells the members of a union apart."""
    return str(item["ctx"]["discriminator"]).strip("'")


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."

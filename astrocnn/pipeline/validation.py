"""Turns what pydantic finds wrong into problems with file, line, key and nearest spelling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from astrocnn.pipeline.document import Document, KeyPath
from astrocnn.pipeline.problems import Problem
from astrocnn.spelling import nearest


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _known_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    models = [model]
    for part in path:
        fields = [info for one in models for name, info in one.model_fields.items() if part in (info.alias, name)]
        if fields:
            models = [inner for info in fields for inner in _models_in(info.annotation)]
    return sorted({info.alias or name for one in models for name, info in one.model_fields.items()})


def _text(error: Any, model: type[BaseModel]) -> str:
    location = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, location[:-1])
        match = nearest(str(location[-1]), known)
        return f"unknown key; {f'did you mean {match}?' if match else 'expected one of ' + ', '.join(known)}"
    if error["type"] == "missing":
        return "is missing; to fix, add it"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    wanted = message if error["type"] == "value_error" else f"expected {message}"
    return f"{wanted}; received {error['input']!r}"


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
    found = []
    for item in error.errors(include_url=False):
        # pydantic adds the tried member of a union to the location; the file has no such key
        location: KeyPath = (*base, *(part for part in item["loc"] if not (isinstance(part, str) and "[" in part)))
        found.append(document.problem(location, _text(item, model)))
    return list(dict.fromkeys(found))

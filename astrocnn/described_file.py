"""YAML files that describe one thing, checked by a model: instruments, cadences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from astrocnn.errors import InputMissing, PipelineFileError

Described = TypeVar("Described", bound=BaseModel)


def read_described(path: Path, model: type[Described], noun: str) -> Described:
    """What a file describes; its `name` is the file's.

    Parameters
    ----------
    path : Path
        The file.
    model : type
        The pydantic model, with a field `name`.
    noun : str
        What it is, for messages: "an instrument".

    Raises
    ------
    InputMissing
        When the file cannot be read.
    PipelineFileError
        When it describes something else; every error is named.
    """
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputMissing("cannot be read", where=str(path), expected=f"{noun} file") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise PipelineFileError("not valid YAML", where=str(path), received=str(error).splitlines()[0]) from error
    if not isinstance(data, Mapping):
        raise PipelineFileError(f"not {noun}", where=str(path), expected="keys and values", received=type(data))
    try:
        return model.model_validate({**data, "name": path.stem})
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False)]
        raise PipelineFileError(f"not {noun}: " + "; ".join(problems), where=str(path)) from error

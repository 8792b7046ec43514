"""Finds stages by the name they have in a file: this package's by file name, others by entry point."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

from astrocnn import plugins
from astrocnn.errors import PipelineFileError, UnknownName
from astrocnn.pipeline.stage import Stage
from astrocnn.spelling import suggestion

_PACKAGE = "astrocnn.stages"
_registered: dict[str, Stage[Any]] = {}


def register_stage(stage: Stage[Any]) -> Stage[Any]:
    """Add a stage from a plugin file.

    Raises
    ------
    PipelineFileError
        When another stage has its name already.
    """
    known = _registered.get(stage.use)
    if stage.use in _stages_found() or (known is not None and type(known).__qualname__ != type(stage).__qualname__):
        raise PipelineFileError(f"a stage called {stage.use!r} is there already", fix="give yours another name")
    _registered[stage.use] = stage
    return stage


@cache
def _stages_found() -> tuple[str, ...]:
    package = importlib.import_module(_PACKAGE)
    own = (info.name.replace("_", "-") for info in pkgutil.iter_modules(package.__path__) if info.name[0] != "_")
    return tuple(sorted({*own, *plugins.points(plugins.STAGES)}))


def stage_names() -> tuple[str, ...]:
    """Names of all stages that can be used."""
    return tuple(sorted({*_stages_found(), *_registered}))


def stage_named(use: str) -> Stage[Any]:
    """Load a stage.

    Raises
    ------
    UnknownName
        When no stage has that name.
    """
    if use not in stage_names():
        raise UnknownName(f"no stage is called {use!r}", fix=suggestion(use, stage_names()))
    if use in _registered:
        return _registered[use]
    if point := plugins.points(plugins.STAGES).get(use):
        stage: Stage[Any] = plugins.load_point(point)
        return stage
    return importlib.import_module(f"{_PACKAGE}.{use.replace('-', '_')}").STAGE

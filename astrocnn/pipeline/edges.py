"""Reads the values of product fields: stage names, splits, and what comes through `inputs`."""

from __future__ import annotations

import re
from typing import Any

from astrocnn.errors import PipelineFileError
from astrocnn.pipeline.stage import Edge, InputValue, Reference, References
from astrocnn.spelling import suggestion

_WHOLE_INPUT = re.compile(r"^\$\{inputs\.([A-Za-z_][\w-]*)\}$")


def substitute_inputs(value: Any, inputs: dict[str, InputValue]) -> Any:
    """Replace each `${inputs.NAME}` by the input itself, in lists and mappings too.

    Raises
    ------
    PipelineFileError
        When there is no such input, or the text holds more than that.
    """
    if isinstance(value, dict):
        return {key: substitute_inputs(item, inputs) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute_inputs(item, inputs) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    match = _WHOLE_INPUT.match(value)
    if match is None:
        raise PipelineFileError(f"cannot read {value!r}; expected ${{inputs.NAME}} and nothing beside it")
    if match.group(1) not in inputs:
        raise PipelineFileError(f"there is no input {match.group(1)!r}; {suggestion(match.group(1), inputs)}")
    return inputs[match.group(1)]


def parse_edge(value: Any, edge: Edge) -> References:
    """Read the value of a product field.

    Parameters
    ----------
    value : str, InputValue, list of these, or None
        What stands in the file, inputs already put in.
    edge : Edge
        What the field takes.

    Raises
    ------
    PipelineFileError
        When it is anything else.
    """
    if value is None:
        return ()
    if isinstance(value, list):
        if not value:
            raise PipelineFileError("expected at least one stage name, received an empty list")
        return _each_once([_reference(item, edge) for item in value])
    return (_reference(value, edge),)


def _each_once(references: list[Reference]) -> References:
    for number, reference in enumerate(references):
        if reference in references[:number]:
            raise PipelineFileError(f"{reference} stands twice; to fix, keep one")
    return tuple(references)


def _reference(value: Any, edge: Edge) -> Reference:
    if isinstance(value, InputValue):
        return Reference(outside=value)
    if not isinstance(value, str):
        raise PipelineFileError(f"expected the name of a stage or ${{inputs.NAME}}, received {value!r}")
    stage, dot, splits = value.partition(".")
    if dot and not edge.splits:
        raise PipelineFileError(f"takes a whole product; expected {stage!r}, received {value!r}")
    names = tuple(splits.split("+")) if dot else ()
    if dot and not (all(names) and len(set(names)) == len(names)):
        raise PipelineFileError(f"expected a split after the dot, as {stage}.train+validation, received {value!r}")
    return Reference(stage, names)

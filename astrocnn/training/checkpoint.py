"""Everything a training needs to go on exactly where an epoch ended: weights, optimizer, history."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from astrocnn.errors import StoreError

FILE = "checkpoint.h5"


def _variables(model: Any) -> list[Any]:
    return [*model.variables, *model.optimizer.variables]


def save_checkpoint(folder: Path, model: Any, history: list[dict[str, float]]) -> None:
    """Write the state after an epoch, replacing the one before in one step.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    model : keras.Model
        Compiled, its optimizer built.
    history : list of dict
        One row per epoch done.
    """
    import h5py
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{FILE}"
    with h5py.File(beside, "w") as file:
        file.attrs["history"] = json.dumps(history)
        for number, variable in enumerate(_variables(model)):
            file[f"variable_{number:04d}"] = np.asarray(variable)
    with beside.open("rb") as stream:
        os.fsync(stream.fileno())
    beside.replace(folder / FILE)


def load_checkpoint(folder: Path, model: Any) -> list[dict[str, float]]:
    """Bring a compiled model to the state of the last epoch done; returns its history, empty when there is none.

    Raises
    ------
    StoreError
        When the checkpoint is damaged or not of this network.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    variables = _variables(model)
    values, history = _read(path)
    if [value.shape for value in values] != [tuple(variable.shape) for variable in variables]:
        raise StoreError(
            "checkpoint of another network", where=str(path), expected=f"{len(variables)} variables of its shapes",
            received=f"{len(values)} variables", fix="remove it and run again",
        )  # fmt: skip
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return history


def _read(path: Path) -> tuple[list[Any], list[dict[str, float]]]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return [file[name][()] for name in sorted(file)], json.loads(file.attrs["history"])
    except (OSError, KeyError, ValueError) as error:
        raise StoreError(f"damaged checkpoint: {error}", where=str(path), fix="remove it and run again") from error

"""What computes a network's outputs when it scores: Keras, or OpenVINO where it is installed."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import numpy as np
from pydantic import BaseModel, Field

from astrocnn.errors import PipelineFileError
from astrocnn.training.engine_openvino import OpenvinoEngine, Precision
from astrocnn.training.fold_normalisation import fold_normalisation

EngineName = Literal["keras", "openvino"]


class EngineChoice(BaseModel):
    """What can be stated of the engine where a model scores."""

    engine: EngineName = Field(
        "keras", description="what computes the scores; openvino (an extra) is faster for most networks on a CPU"
    )
    precision: Precision = Field(
        "float32", description="of openvino's sums; bfloat16 takes less time on processors that have it"
    )


class Engine(Protocol):
    """What `predict_set` asks of a network; a Keras model is one."""

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """Shape of the outputs, None for the number of objects."""

    def predict_on_batch(self, x: np.ndarray) -> Any:
        """Outputs of normalised objects (n, ...)."""


def scoring_engine(network: Any, name: EngineName = "keras", precision: Precision = "float32") -> Engine:
    """Prepare a trained network for scoring: batch normalisations folded, and compiled where an engine does that.

    Parameters
    ----------
    network : keras.Model
        As it was trained; it is not changed.
    name : {"keras", "openvino"}
        Keras on its backend; or OpenVINO (extra `openvino`), faster for most networks on a CPU, its scores equal to
        some 1e-6.
    precision : {"float32", "bfloat16"}
        Of OpenVINO's sums. Processors with instructions for bfloat16 are faster by it, and scores move by some 1e-2;
        others compute in float32.

    Raises
    ------
    PipelineFileError
        When the engine is not installed, or Keras is asked for another precision.
    """
    folded = fold_normalisation(network)
    if name == "openvino":
        return OpenvinoEngine(folded, precision)
    if precision != "float32":
        raise PipelineFileError(
            "the precision of Keras is that of the training", expected="float32", received=precision,
            fix="state engine: openvino, or leave precision out",
        )  # fmt: skip
    return folded

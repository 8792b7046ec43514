"""Networks compiled by OpenVINO for the processor they run on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np

from astrocnn import backend
from astrocnn.errors import PipelineFileError

Precision = Literal["float32", "bfloat16"]
_NAMES = {"float32": "f32", "bfloat16": "bf16"}


class OpenvinoEngine:
    """A network compiled once, for batches of any number of objects.

    Parameters
    ----------
    network : keras.Model
        With one input and one output.
    precision : {"float32", "bfloat16"}
        Of the sums.

    Raises
    ------
    PipelineFileError
        When OpenVINO is not installed, or Keras does not run on TensorFlow, from which it takes networks.
    """

    def __init__(self, network: Any, precision: Precision = "float32") -> None:
        try:
            import openvino
        except ImportError as error:
            raise PipelineFileError(
                "OpenVINO is not installed", where="engine: openvino", fix="pip install 'astrocnn[openvino]'"
            ) from error
        import keras

        if keras.backend.backend() != "tensorflow":
            raise PipelineFileError(
                "OpenVINO takes networks from TensorFlow", where="engine: openvino", received=keras.backend.backend(),
                fix="set KERAS_BACKEND=tensorflow; a model folder loads on either",
            )  # fmt: skip
        self.output_shape: tuple[int | None, ...] = tuple(network.output_shape)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.xml"
            network.export(str(path), format="openvino", verbose=False)
            self._compiled = openvino.Core().compile_model(
                path, "CPU",
                {
                    "INFERENCE_PRECISION_HINT": _NAMES[precision], "INFERENCE_NUM_THREADS": backend.threads(),
                    "NUM_STREAMS": 1,
                },
            )  # fmt: skip

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """Outputs (n, ...) of objects (n, ...)."""
        return np.array(self._compiled([np.ascontiguousarray(x, np.float32)])[0])

"""A trained model as an ONNX file, for programs that have neither Keras nor this package.

Of the ways there are, tf2onnx (1.17, from a function of TensorFlow) writes all networks with TensorFlow 2.21, numpy 2.4
and protobuf 7, and asks for nothing else. Keras's own `export(format="onnx")` calls it too, but patches numpy first;
jax2onnx needs flax, orbax and a dozen more packages; OpenVINO writes only its own format. A model that was trained with
JAX is loaded with TensorFlow here, which a `.keras` file allows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from astrocnn import __version__, backend
from astrocnn.errors import InputMissing, StageFailed
from astrocnn.training.model_folder import load_model

if TYPE_CHECKING:
    from astrocnn.training.model_card import ModelCard

OPSET = 17
"""Version of the set of operators: read by ONNX Runtime since 1.13, of 2022."""
TOLERANCE = 1e-5
_CHECKED = 16


@dataclass(frozen=True)
class OnnxFile:
    """What was written.

    Attributes
    ----------
    path : Path
    input, output : str
        Names in the file.
    input_shape : tuple
        (batch, y, x, band) or (batch, time, channel); the batch is of any size.
    difference : float
        Largest difference from the output of Keras for `checked` random objects.
    checked : int
    """

    path: Path
    input: str
    output: str
    input_shape: tuple[Any, ...]
    difference: float
    checked: int = _CHECKED


def export_onnx(folder: Path, path: Path) -> OnnxFile:
    """Write a model folder as one ONNX file, after comparing its output with that of Keras.

    The file takes normalised objects (batch, y, x, band) or (batch, time, channel) and gives the network's raw output;
    of several networks their mean.
    How to normalise, and the model's bands, scale, size, classes and calibration stand in its metadata, as JSON by key.

    Parameters
    ----------
    folder : Path
        Of a trained model.
    path : Path
        File to write.

    Raises
    ------
    InputMissing
        When the extra `onnx` is not installed.
    StageFailed
        When Keras runs with another backend already, the network has an operation that ONNX has not, or an output
        differs by more than 1e-5 of the larger of itself and 1.
    StoreError
        When the model cannot be loaded.
    """
    backend.require("tensorflow")
    backend.prepare()
    try:
        import onnx
        import onnxruntime
        import tf2onnx
    except ImportError as error:
        raise InputMissing(
            f"{error.name} is not installed", where="export to ONNX", fix="pip install 'astrocnn[onnx]'"
        ) from error
    model = load_model(folder)
    import tensorflow

    network, name = model.network, model.network.layers[-1].name
    objects = tensorflow.TensorSpec(network.input_shape, tensorflow.float32, name=model.card.kind)
    function = tensorflow.function(lambda given: _mean_output(model.networks, given), input_signature=[objects])
    try:
        with backend.without_native_chatter():
            proto, _ = tf2onnx.convert.from_function(function, [objects], opset=OPSET)
    except (ValueError, NotImplementedError, RuntimeError) as error:
        raise StageFailed(f"cannot be written as ONNX: {error}", where=str(folder)) from error
    _name(proto, model.card, name)
    onnx.checker.check_model(proto)
    content = proto.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    given = _objects_like(model.card, network.input_shape[1:])
    expected = np.mean([one.predict_on_batch(given) for one in model.networks], axis=0)
    difference = _difference(expected, session.run(None, {model.card.kind: given})[0], folder)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(content)
    os.replace(beside, path)
    return OnnxFile(path, model.card.kind, name, ("batch", *network.input_shape[1:]), difference)


def metadata(card: ModelCard) -> dict[str, str]:
    """What stands in the metadata of the file: JSON by key."""
    mean, sigma, clip = card.normalisation.mean, card.normalisation.sigma, card.normalisation.clip_sigma
    said = "(value - mean) / sigma of each band" + (", 0 where sigma is 0" if 0 in sigma else "")
    said += ", then each band of an object by its own mean and deviation" if card.normalisation.own else ""
    said += "" if clip is None else ", cut off at -clip_sigma and clip_sigma"
    content = {
        "network": card.network, "kind": card.kind, "bands": card.bands, "scale": card.scale,
        "scale_unit": card.scale_unit, "size": card.axes_px, "views": card.views,
        "normalisation": {"is": said, "mean": mean, "sigma": sigma, "clip_sigma": clip},
        "classes": card.classes, "positive": card.positive, "targets": card.targets,
        "calibration": card.calibration.model_dump(mode="json") if card.calibration else None,
        "receptive_field": card.receptive_field, "samples_hash": card.samples_hash, "versions": card.versions,
    }  # fmt: skip
    return {key: json.dumps(value, sort_keys=True) for key, value in content.items()}


def _mean_output(networks: Sequence[Any], given: Any) -> Any:
    """Output of one network, or the mean over several."""
    from keras import ops

    outputs = [network(given, training=False) for network in networks]
    return outputs[0] if len(outputs) == 1 else ops.mean(ops.stack(outputs), axis=0)


def _name(proto: Any, card: ModelCard, output: str) -> None:
    """Give the file its names: of the output, of the first axis, of what wrote it and what it is."""
    (made,) = proto.graph.output
    for node in proto.graph.node:
        node.output[:] = [output if name == made.name else name for name in node.output]
        node.input[:] = [output if name == made.name else name for name in node.input]
    made.name = output
    for end in (*proto.graph.input, made):
        end.type.tensor_type.shape.dim[0].dim_param = "batch"
    proto.producer_name, proto.producer_version = "astrocnn", __version__
    proto.doc_string = f"{card.network} for {card.kind} in {', '.join(card.bands)}"
    for key, value in metadata(card).items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value


def _objects_like(card: ModelCard, shape: tuple[int, ...]) -> np.ndarray:
    """Random objects as the network gets them: noise of unit spread, half of them with bright pixels."""
    rng = np.random.default_rng(0)
    given = rng.normal(size=(_CHECKED, *shape))
    given[::2] += 3 * np.abs(rng.standard_t(3, size=given[::2].shape))
    clip = card.normalisation.clip_sigma
    return (given if clip is None else np.clip(given, -clip, clip)).astype(np.float32)


def _difference(expected: np.ndarray, received: np.ndarray, folder: Path) -> float:
    difference = float(np.max(np.abs(received - expected) / np.maximum(1.0, np.abs(expected))))
    if not difference <= TOLERANCE:  # NaN, too
        raise StageFailed(
            "the ONNX file gives another output than Keras, and is not written", where=str(folder),
            expected=f"a difference of at most {TOLERANCE:g}", received=f"{difference:.3g}",
        )  # fmt: skip
    return difference

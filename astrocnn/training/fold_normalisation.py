"""A copy of a network for scoring, with each batch normalisation folded into the layer before it."""

from __future__ import annotations

from typing import Any

import numpy as np

_FOLDED_INTO = ("Conv1D", "Conv2D", "Conv3D", "Dense")
"""Layers of Keras whose kernels have their filters along the last axis."""


def fold_normalisation(network: Any) -> Any:
    """Copy a network, with batch normalisations folded into the convolutions and dense layers that feed them.

    In inference a batch normalisation is `y = s x + t` with `s = gamma / sqrt(variance + epsilon)` and
    `t = beta - s mean`, so that a layer before it with kernel `w` and bias `b` becomes one with `s w` and `s b + t`:
    fewer passes over the maps, and the framework joins what follows (activation) to the convolution.

    Parameters
    ----------
    network : keras.Model
        It is not changed. Only a functional model's graph can be rewritten. What cannot be folded (after a sum, an
        activation, or where the layer before has another reader) stays as it is.

    Returns
    -------
    keras.Model
        Equal outputs up to rounding (some 1e-7 of a probability), not to be trained; the network itself where nothing
        can be folded.
    """
    import keras

    pairs = _foldable(network)
    if not pairs:
        return network
    gone = {normalisation.name for normalisation in pairs.values()}

    def copy(layer: Any) -> Any:
        if layer.name in gone:
            return keras.layers.Identity(name=layer.name)
        config = layer.get_config()
        if layer.name in pairs:
            config["use_bias"] = True
        return type(layer).from_config(config)

    def call(layer: Any, *args: Any, **keywords: Any) -> Any:
        return layer(*args) if layer.name in gone else layer(*args, **keywords)

    folded = keras.models.clone_model(network, clone_function=copy, call_function=call)
    for layer in network.layers:
        if layer.weights and layer.name not in gone:
            weights = _joined(layer, pairs[layer.name]) if layer.name in pairs else layer.get_weights()
            folded.get_layer(layer.name).set_weights(weights)
    return folded


def _foldable(network: Any) -> dict[str, Any]:
    """Batch normalisation by the name of the layer it can be folded into."""
    import keras

    if type(network).__name__ != "Functional":
        return {}
    kinds = tuple(getattr(keras.layers, name) for name in _FOLDED_INTO)
    layers = {layer.name: layer for layer in network.layers}
    read_outside = {id(tensor) for tensor in keras.tree.flatten(network.outputs)}
    pairs = {}
    for layer in network.layers:
        if type(layer) is not keras.layers.BatchNormalization or len(layer._inbound_nodes) != 1:
            continue
        (tensor,) = layer._inbound_nodes[0].input_tensors
        before = tensor._keras_history.operation
        linear = getattr(before, "activation", None) is keras.activations.linear
        alone = (
            len(before._outbound_nodes) == 1 and layers.get(before.name) is before and id(tensor) not in read_outside
        )
        if type(before) in kinds and linear and alone and layer.axis in (-1, len(tensor.shape) - 1):
            pairs[before.name] = layer
    return pairs


def _joined(layer: Any, normalisation: Any) -> list[np.ndarray]:
    """Kernel and bias of a layer and of the normalisation after it, summed in double precision."""
    kernel = np.asarray(layer.kernel, np.float64)
    bias = np.asarray(layer.bias, np.float64) if layer.use_bias else np.zeros(kernel.shape[-1])
    mean = np.asarray(normalisation.moving_mean, np.float64)
    scale = 1 / np.sqrt(np.asarray(normalisation.moving_variance, np.float64) + normalisation.epsilon)
    if normalisation.scale:
        scale = scale * np.asarray(normalisation.gamma, np.float64)
    shift = np.asarray(normalisation.beta, np.float64) if normalisation.center else 0.0
    return [(kernel * scale).astype(np.float32), ((bias - mean) * scale + shift).astype(np.float32)]

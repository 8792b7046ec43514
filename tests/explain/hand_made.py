"""Networks whose answers can be worked out on paper, with weights put in by hand."""

import keras
import numpy as np
from explained_models import with_weights
from keras import layers


def linear(weights, activation=None):
    """Score of one object of any shape: the sum of its values times the weights, then an activation."""
    inputs = keras.Input(weights.shape)
    flat = layers.Flatten(name="flatten")(inputs)
    model = keras.Model(inputs, layers.Dense(1, activation=activation, name="score")(flat), name="linear")
    return with_weights(model, score=[weights.reshape(-1, 1), [0.25]])


def pooled(kernel, dense, shape, activation="sigmoid", strides=1):
    """A convolution with ReLU, the mean over the map, and a dense layer: kernel (*axes, band, channel)."""
    inputs = keras.Input(shape)
    make = getattr(layers, f"Conv{len(shape) - 1}D")
    features = make(kernel.shape[-1], kernel.shape[:-2], strides, padding="same", activation="relu", name="conv")(
        inputs
    )
    features = getattr(layers, f"GlobalAveragePooling{len(shape) - 1}D")(name="pool")(features)
    model = keras.Model(inputs, layers.Dense(dense.shape[1], activation=activation, name="score")(features))
    return with_weights(model, conv=[kernel, np.zeros(kernel.shape[-1])], score=[dense, np.zeros(dense.shape[1])])


def convolved(value, kernel, stride=1):
    """Cross-correlation of one object (*axes, band) with zeros around it, by loops: (*axes, channel)."""
    sides, sizes = kernel.shape[:-2], value.shape[:-1]
    before = [
        max((-(-n // stride) - 1) * stride + side - n, 0) // 2 for n, side in zip(sizes, sides, strict=True)
    ]  # as Keras pads "same"
    out = np.zeros((*(-(-n // stride) for n in sizes), kernel.shape[-1]))
    for place in np.ndindex(*out.shape[:-1]):
        for tap in np.ndindex(*sides):
            at = tuple(p * stride + t - b for p, t, b in zip(place, tap, before, strict=True))
            if all(0 <= a < n for a, n in zip(at, sizes, strict=True)):
                out[place] += value[at] @ kernel[tap]
    return out

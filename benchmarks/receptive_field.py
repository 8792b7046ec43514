"""Receptive field of a built network: rules against the gradient of a copy with positive weights, as written by hand.

Both must find the same size of ResNet-50. The time for ResNet-152 stands beside. Run:
`python benchmarks/receptive_field.py`.
"""

from statistics import median
from time import perf_counter

import numpy as np

from astrocnn import backend

keras = backend.prepare()

from astrocnn.receptive_field.measure import receptive_field  # noqa: E402

PIXELS, LAYER, REPEATS = 544, "conv5_block3_out", 5


def linear(layer):
    """Average where the network takes the largest, nothing where it rectifies."""
    config = layer.get_config()
    if type(layer).__name__ == "MaxPooling2D":
        return keras.layers.AveragePooling2D.from_config(config)
    if "activation" in config:
        config["activation"] = "linear"
    return type(layer).from_config(config)


def by_gradient(model) -> int:
    """Side of the support of the middle feature's gradient; TensorFlow."""
    import tensorflow as tf

    twin = keras.models.clone_model(model, clone_function=linear)
    for variable in twin.trainable_variables:
        if variable.name == "kernel":
            variable.assign(np.full(variable.shape, 1 / np.prod(variable.shape[:-1]), "float32"))
    picture = tf.ones((1, PIXELS, PIXELS, 3))
    with tf.GradientTape() as tape:
        tape.watch(picture)
        features = twin(picture)
        feature = tf.reduce_sum(features[0, features.shape[1] // 2, features.shape[2] // 2])
    slope = np.abs(tape.gradient(feature, picture).numpy()[0]).sum(axis=(1, 2))
    seen = np.flatnonzero(slope > 1e-12 * slope.max())
    return int(seen[-1] - seen[0] + 1)


def main() -> None:
    resnet = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(PIXELS, PIXELS, 3))
    deep = keras.applications.ResNet152(weights=None)
    ratios, own, large = [], [], []
    for _ in range(REPEATS):
        start = perf_counter()
        field = receptive_field(resnet)
        own.append(perf_counter() - start)
        start = perf_counter()
        side = by_gradient(resnet)
        ratios.append((perf_counter() - start) / own[-1])
        start = perf_counter()
        size = receptive_field(deep).size
        large.append(perf_counter() - start)
        if field.size != (side, side) or size != (1507, 1507):
            raise SystemExit(f"the sizes differ: rules {field.size}, gradient {side}; ResNet-152 {size}")
    print(
        f"ResNet-50, {side} px: rules {1000 * median(own):.0f} ms, gradient by hand {median(ratios):.0f} times as long;"
        f" ResNet-152, {size[0]} px: rules {1000 * median(large):.0f} ms (medians of {REPEATS})"
    )


if __name__ == "__main__":
    main()

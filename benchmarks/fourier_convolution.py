"""Convolution by Fourier transform against Keras's own, for kernels of growing side: scoring and a training step.

Both layers stand in the same network (a 1 x 1 convolution before, so that the gradient by the input is taken too), have
the same weights, must give the same, and take turns. Run: `python benchmarks/fourier_convolution.py`.
"""

from functools import partial
from statistics import median
from time import perf_counter

import numpy as np

from astrocnn import backend

keras = backend.prepare()

from astrocnn.networks.layers.fourier_convolution import FourierConv2D  # noqa: E402

OBJECTS, PIXELS, CHANNELS, REPEATS = 16, 64, 16, 7
KERNELS = (3, 5, 7, 9, 11, 13, 15, 21, 31)


def network(kind, kernel: int):
    """Images of `CHANNELS` channels through one layer of that kernel."""
    inputs = keras.Input((PIXELS, PIXELS, CHANNELS))
    features = keras.layers.Conv2D(CHANNELS, 1)(inputs)
    model = keras.Model(inputs, kind(CHANNELS, kernel, padding="same")(features))
    model.compile(keras.optimizers.SGD(1e-6), "mse")
    return model


def seconds(call) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def first_faster(ratios: dict[int, float]) -> str:
    """Smallest kernel from which on the transform was always faster."""
    slower = [kernel for kernel, ratio in ratios.items() if ratio <= 1]
    faster = [kernel for kernel in ratios if kernel > max(slower, default=0)]
    return f"faster from {min(faster)} x {min(faster)} on" if faster else "not faster"


def main() -> None:
    random = np.random.default_rng(0)
    images = random.normal(size=(OBJECTS, PIXELS, PIXELS, CHANNELS)).astype("float32")
    print(f"{OBJECTS} maps of {PIXELS} x {PIXELS}, {CHANNELS} channels to {CHANNELS}; medians of {REPEATS}, in ms")
    print("kernel   scoring: direct  Fourier  ratio   training: direct  Fourier  ratio")
    scoring, training = {}, {}
    for kernel in KERNELS:
        direct, fourier = network(keras.layers.Conv2D, kernel), network(FourierConv2D, kernel)
        fourier.set_weights(direct.get_weights())
        expected, found = direct.predict_on_batch(images), fourier.predict_on_batch(images)
        difference = np.abs(found - expected).max() / np.abs(expected).max()
        if difference > 1e-4:
            raise SystemExit(f"kernel {kernel}: the layers differ by {difference:.1e} of the largest")
        calls = [partial(model.predict_on_batch, images) for model in (direct, fourier)]
        calls += [partial(model.train_on_batch, images, images) for model in (direct, fourier)]
        for call in calls:
            call()  # compiled
        times = [[] for _ in calls]
        for _ in range(REPEATS):
            for call, taken in zip(calls, times, strict=True):
                taken.append(seconds(call))
        row = [1000 * median(taken) for taken in times]
        scoring[kernel], training[kernel] = row[0] / row[1], row[2] / row[3]
        print(
            f"{kernel:6}   {row[0]:15.1f}  {row[1]:7.1f}  {scoring[kernel]:5.2f}   {row[2]:16.1f}  {row[3]:7.1f}"
            f"  {training[kernel]:5.2f}",
            flush=True,
        )
    print(f"scoring: {first_faster(scoring)}; training: {first_faster(training)}")


if __name__ == "__main__":
    main()

"""Training and scoring rate of every network of the zoo, against the same network written plainly with Keras.

Plainly is `fit` and `predict` on arrays in memory. The package reads its objects from a SampleSet, augments nothing
here, takes training steps as the stage `train` does, and scores with batch normalisations folded, by Keras and by
OpenVINO where it is installed. All take turns; ratios are medians of pairs. All must give the same scores.
Multiply-adds a second stand beside those of a matrix product. Run: `python benchmarks/networks.py [NAME ...]`.
"""

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from astrocnn import backend

keras = backend.prepare()

from astrocnn.networks import registry  # noqa: E402
from astrocnn.receptive_field.tables import field_of  # noqa: E402
from astrocnn.samples.meta import SampleMeta  # noqa: E402
from astrocnn.samples.sample_set import SampleSet  # noqa: E402
from astrocnn.samples.shards import ShardWriter  # noqa: E402
from astrocnn.training.augment import Augmentation  # noqa: E402
from astrocnn.training.batches import training_batches  # noqa: E402
from astrocnn.training.engines import scoring_engine  # noqa: E402
from astrocnn.training.normalise import Normalisation  # noqa: E402
from astrocnn.training.parameters import Training  # noqa: E402
from astrocnn.training.predict import BATCH, predict_set  # noqa: E402
from astrocnn.training.schedule import CosineSchedule  # noqa: E402

REPEATS, TRAINED = 5, 32
WORK = 30e9
"""Multiply-adds of one timing of `predict`."""
TRAINING = Training(
    epochs=1, batch_size=TRAINED, learning_rate=1e-4, schedule=CosineSchedule(),
    augment=Augmentation(rotate="none", flip=False),
)  # fmt: skip


def write_samples(folder: Path, data: np.ndarray) -> SampleSet:
    """The objects as the package keeps them."""
    kind, bands = "curves" if data.ndim == 3 else "images", tuple(f"band{n}" for n in range(data.shape[-1]))
    meta = SampleMeta(kind=kind, shape=data.shape[1:], bands=bands)
    with ShardWriter(folder / "part-0000.h5", meta) as writer:
        writer.append(data, {"id": np.array([f"object-{n}" for n in range(len(data))], dtype=object)})
    return SampleSet.open(folder)


def targets_for(network, number: int, shape: tuple[int, ...], rng) -> np.ndarray:
    """Anything that its loss takes."""
    outputs = network.usual_outputs
    if network.answer == "map":
        return (rng.random((number, *shape[:-1], 1)) > 0.5).astype("float32")
    if network.answer == "fractions":
        return rng.dirichlet(np.ones(outputs), number).astype("float32")
    if network.answer == "features":
        return np.repeat(np.arange(number // 2), 2).astype("float32")[:, None]
    return (np.arange(number) % max(outputs, 2)).astype("float32")[:, None]


def matrix_product() -> float:
    """Multiply-adds a second of a product of matrices."""
    side = 2048
    matrix = keras.ops.convert_to_tensor(np.random.default_rng(0).normal(size=(side, side)).astype("float32"))
    times = []
    for _ in range(REPEATS):
        start = perf_counter()
        np.asarray(keras.ops.matmul(matrix, matrix))
        times.append(perf_counter() - start)
    return side**3 / median(times)


def in_turns(calls: dict) -> dict[str, list[float]]:
    """Seconds of each call, after one that is not counted."""
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(REPEATS):
        for name, call in calls.items():
            start = perf_counter()
            call()
            times[name].append(perf_counter() - start)
    return times


def rate(number: int, times: list[float], plain: list[float]) -> str:
    """Objects a second, and the ratio to the plain way."""
    return f"{number / median(times):9.0f} ({median(a / b for a, b in zip(plain, times, strict=True)):4.2f})"


def measure(name: str, product: float) -> str:
    """One row: rates of the package, and in brackets how many times the plain way's."""
    network = registry.configure(name)
    shape = network.usual_shapes[0]
    cost = field_of(network, shape).multiply_adds or 1
    least = 4 if network.answer == "map" else BATCH  # maps are not scored by the package, so that no batch is filled up
    number = int(min(4096, max(least, WORK / cost // BATCH * BATCH)))
    number = least if number * np.prod(shape) > 2**26 else number
    trained = int(min(number, max(2 * TRAINED, WORK / 6 / cost // TRAINED * TRAINED)))
    training = TRAINING.model_copy(update={"batch_size": min(TRAINED, trained)})
    rng = np.random.default_rng(1)
    data = rng.normal(size=(number, *shape)).astype("float32")
    answers = targets_for(network, trained, shape, rng)
    models = []
    for _ in range(2):
        model = network.build(shape)
        model.compile(keras.optimizers.Adam(1e-4), network.loss(network.usual_outputs), jit_compile=backend.compiles())
        models.append(model)
    plain, own = models
    identity = Normalisation(mean=(0.0,) * shape[-1], sigma=(1.0,) * shape[-1])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "all").mkdir()
        (Path(folder) / "train").mkdir()
        samples, train = (
            write_samples(Path(folder) / "all", data),
            write_samples(Path(folder) / "train", data[:trained]),
        )
        weights = np.ones(trained, "float32")

        def steps() -> None:
            for inputs, rows, used in training_batches(train, weights, identity, training, shape[:-1], 1, 0):
                own.train_on_batch(inputs, answers[rows], used)

        fitting = in_turns({
            "plain": lambda: plain.fit(data[:trained], answers, batch_size=training.batch_size, epochs=1, verbose=0),
            "own": steps,
        })  # fmt: skip
        engines = {"own": scoring_engine(plain)}
        if find_spec("openvino") and keras.backend.backend() == "tensorflow":
            engines["openvino"] = scoring_engine(plain, "openvino")
        calls = {"plain": lambda: plain.predict(data, batch_size=BATCH, verbose=0)}
        if network.answer != "map":
            calls |= {
                key: lambda engine=engine: predict_set(engine, samples, identity, shape[:-1])[0]
                for key, engine in engines.items()
            }
        expected = calls["plain"]()
        for key, call in calls.items():
            if not np.allclose(call(), expected, rtol=1e-3, atol=1e-4):
                raise SystemExit(f"{name}: {key} gives other scores than predict")
        scoring = in_turns(calls)
    done = {key: rate(number, times, scoring["plain"]) for key, times in scoring.items()}
    share = number * cost / median(scoring.get("own", scoring["plain"])) / product
    fitted, predicted = trained / median(fitting["plain"]), number / median(scoring["plain"])
    return (
        f"{name:13}{fitted:9.0f}{rate(trained, fitting['own'], fitting['plain'])}{predicted:10.0f}"
        f"{done.get('own', '-'):>17}{done.get('openvino', '-'):>17}{share:9.0%}"
    )


def main() -> None:
    names = sys.argv[1:] or [name for name in registry.names() if registry.get(name).usual_shapes]
    product = matrix_product()
    print(f"matrix product: {product / 1e9:.0f} thousand million multiply-adds a second; objects a second (ratio):")
    print(f"{'network':13}{'fit':>9}{'train':>16}{'predict':>10}{'score':>17}{'OpenVINO':>17}{'product':>9}")
    for name in names:
        keras.backend.clear_session()
        print(measure(name, product), flush=True)


if __name__ == "__main__":
    main()

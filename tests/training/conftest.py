"""Small labelled sets, written as shards, and a small network that learns them in seconds."""

from pathlib import Path

import numpy as np
import pytest

from astrocnn import backend
from astrocnn.networks.registry import configure
from astrocnn.plugins import load_plugin
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter
from astrocnn.training.model_folder import ModelCard
from astrocnn.training.normalise import Normalisation

BANDS = ("g", "r")


def pictures(number, size, seed=0):
    """Noise (number, size, size, 2), and every second one with a round source in the middle; labels with it."""
    rng = np.random.default_rng(seed)
    label = np.arange(number) % 2
    axis = np.arange(size) - (size - 1) / 2
    source = 4.0 * np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / 8.0)[:, :, None]
    data = rng.normal(5.0, 1.0, (number, size, size, len(BANDS))) + label[:, None, None, None] * source
    return data.astype(np.float32), label


@pytest.fixture(scope="session")
def pocket():
    """The network of `small_network.py`, registered; pocket(**options) gives one with options."""
    load_plugin(Path(__file__).with_name("small_network.py"))
    return lambda **options: configure("pocket", options)


@pytest.fixture(scope="session")
def more_networks():
    """The networks of `small_curve_networks.py`, registered: thread for curves, gauge and meter for numbers, chart."""
    backend.prepare()
    load_plugin(Path(__file__).with_name("small_curve_networks.py"))
    return configure


@pytest.fixture(scope="session")
def write_set(tmp_path_factory):
    """Write a labelled set: write_set(number, size, name=..., data=..., columns={...}, **meta)."""

    def write(number=24, size=16, *, name="set", data=None, columns=None, **meta):
        made, label = pictures(number, size)
        pair = np.arange(number) // 2 % 6  # both classes in every split
        split = np.select([pair < 4, pair == 4], ["train", "validation"], "test")
        table = {
            "id": np.array([f"{name}-{row}" for row in range(number)], object),
            "label": label.astype(np.int8),
            "split": split.astype(object),
            **(columns or {}),
        }
        described = {"scale": 0.2, "scale_unit": "arcsec", "classes": ("nonlens", "lens"), "positive": "lens", **meta}
        bands = described.pop("bands", BANDS)
        data = made if data is None else data
        path = tmp_path_factory.mktemp(name) / "samples.h5"
        with ShardWriter(path, SampleMeta(kind="images", shape=data.shape[1:], bands=bands, **described)) as writer:
            writer.append(data, table)
        return SampleSet.open(path.parent)

    return write


@pytest.fixture
def card():
    """A model card of the small network for 16 px stamps; card(**changes)."""

    def make(**changes):
        content = {
            "network": "pocket", "options": {}, "kind": "images", "bands": BANDS, "scale": 0.2, "scale_unit": "arcsec",
            "stamp_px": 16, "size_px": 16, "normalisation": Normalisation(mean=(5.0, 5.0), sigma=(1.5, 1.5)),
            "views": 1, "receptive_field": {"level": "ok"}, "classes": ("nonlens", "lens"), "positive": "lens",
            "metrics": {"loss": 0.25}, "recipe": {"epochs": 3}, "samples_hash": "0" * 32, "seed": 1,
            "versions": {"keras": "3"},
        }  # fmt: skip
        return ModelCard(**{**content, **changes})

    return make

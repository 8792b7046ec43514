"""What every network of the zoo must do: serve its range of shapes, learn, and come back from its file the same."""

import keras
import numpy as np
import pytest

from astrocnn.errors import MismatchError
from astrocnn.networks import registry
from astrocnn.networks.base import Initialisers
from astrocnn.receptive_field.tables import field_of

SMALL = {
    "deeplens": {"widths": [4, 8], "units_per_block": 1, "stem_width": 4},
    "lastro": {"widths": [4, 4, 4, 4], "dense_widths": [8]},
    "petrillo2017": {"widths": [4, 4, 4, 4], "dense_widths": [8]},
    "petrillo2019": {"widths": [4, 8], "units_per_stage": 1},
}
NAMES = [name for name in registry.names() if registry.get(name).__module__.startswith("astrocnn.networks.")]


def shape_of(network, size, bands=2):
    return (*(size for _ in network.axis_names), bands)


def small(name, shape, **options):
    return registry.build(name, shape, **SMALL[name], **options)


def test_each_network_has_a_small_form_here():
    assert sorted(SMALL) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_builds_from_its_smallest_to_its_largest_input(name):
    network = registry.get(name)
    for size in (*network.sizes, *(shape[0] for shape in network.usual_shapes)):
        model = small(name, shape_of(network, size))
        assert model.output_shape == (None, 1)
        assert small(name, shape_of(network, size, 1), outputs=3).output_shape == (None, 3)


@pytest.mark.parametrize("name", NAMES)
def test_other_inputs_are_refused_with_those_that_serve(name):
    network = registry.get(name)
    smallest, largest = network.sizes
    outside = [shape_of(network, size) for size in (smallest - 1, largest + 1)]
    for shape in (*outside, (smallest,), shape_of(network, smallest, 0)):
        with pytest.raises(MismatchError, match=f"{name}.*from {smallest} to {largest}"):
            registry.build(name, shape)


@pytest.mark.parametrize("name", NAMES)
def test_one_step_lowers_the_loss_of_its_batch(name):
    network = registry.get(name)
    rng = np.random.default_rng(1)
    images = rng.normal(0, 1, (8, *shape_of(network, network.sizes[0]))).astype("float32")
    labels = (np.arange(8) % 2).astype("float32")[:, None]
    images[labels[:, 0] == 1] += 1
    model = small(name, images.shape[1:])
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0  # the same network before and after
    loss = keras.losses.BinaryCrossentropy()
    model.compile(keras.optimizers.SGD(0.001), loss)
    before = float(loss(labels, model(images, training=True)))
    model.train_on_batch(images, labels)
    assert float(loss(labels, model(images, training=True))) < before


@pytest.mark.parametrize("name", NAMES)
def test_comes_back_from_its_file_the_same(name, tmp_path):
    network = registry.get(name)
    images = np.random.default_rng(2).normal(0, 1, (3, *shape_of(network, network.sizes[0]))).astype("float32")
    model = small(name, images.shape[1:])
    model.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", compile=False, safe_mode=True)
    assert (again.predict_on_batch(images) == model.predict_on_batch(images)).all()


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_weights(name):
    shape = shape_of(registry.get(name), registry.get(name).sizes[0])
    first, same, other = (small(name, shape, seed=seed) for seed in (1, 1, 2))
    pairs = zip(first.get_weights(), same.get_weights(), strict=True)
    assert all((one == two).all() for one, two in pairs)
    assert any((one != two).any() for one, two in zip(first.get_weights(), other.get_weights(), strict=True))
    names = [layer.name for layer in first.layers]
    assert len(set(names)) == len(names)
    assert Initialisers(1).layer_seed("a") != Initialisers(1).layer_seed("b")


@pytest.mark.parametrize("name", NAMES)
def test_its_tables_are_shipped_and_its_branches_aligned(name):
    network = registry.configure(name)
    for shape in network.usual_shapes:
        field = field_of(network, shape)
        assert field.misaligned == ()
        assert field.input_size == shape[:-1]
        assert field.parameters > 1e6

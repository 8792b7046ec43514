"""What every network of the zoo must do: serve its range of shapes, learn, and come back from its file the same."""

import importlib.util
import os
import subprocess
import sys

import keras
import pytest
from zoo_examples import MISALIGNED_AS_PUBLISHED, NAMES, example_batch, shape_of, small

from astrocnn.errors import MismatchError
from astrocnn.networks import registry
from astrocnn.networks.base import Initialisers
from astrocnn.receptive_field.tables import field_of
from astrocnn.training.model_folder import load_network


@pytest.mark.parametrize("name", NAMES)
def test_builds_from_its_smallest_to_its_largest_input(name):
    network = registry.get(name)
    for size in (*network.sizes, *(shape[0] for shape in network.usual_shapes)):
        model = small(name, shape_of(network, size))
        configured = registry.configure(name, network.smoke_options)
        if configured.answer == "map":
            assert model.output_shape == (None, *model.input_shape[1:-1], 1)
        elif configured.answer == "classes":
            assert model.output_shape == (None, configured.usual_outputs)
            assert small(name, shape_of(network, size, 1), outputs=3).output_shape == (None, 3)
        else:
            assert len(model.output_shape) == 2


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
    images, targets = example_batch(name)
    network = registry.configure(name, registry.get(name).smoke_options)
    model = small(name, images.shape[1:])
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0  # the same network before and after
    loss = keras.losses.get(network.loss(network.usual_outputs))

    def value():
        answers = model(images, training=True)
        return float(keras.ops.mean(loss(keras.ops.convert_to_tensor(targets), answers)) + sum(model.losses))

    model.compile(keras.optimizers.SGD(0.001), loss)
    before = value()
    model.train_on_batch(images, targets)
    assert value() < before


@pytest.mark.parametrize("name", NAMES)
def test_comes_back_from_its_file_the_same(name, tmp_path):
    images, _ = example_batch(name)
    model = small(name, images.shape[1:])
    model.save(tmp_path / "network.keras")
    again = load_network(tmp_path / "network.keras")
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
        assert bool(field.misaligned) == (name in MISALIGNED_AS_PUBLISHED)
        assert field.input_size == shape[:-1]
        assert field.parameters > 1000


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="is run by the tests of the other backend")
def test_the_zoo_on_jax():
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]

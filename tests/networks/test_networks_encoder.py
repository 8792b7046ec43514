"""The encoder: fields of its stages, its features with and without a head, and what it learns without labels."""

import keras
import numpy as np
import pytest

from astrocnn.errors import MismatchError, PipelineFileError
from astrocnn.networks import registry
from astrocnn.networks.encoder import features_of
from astrocnn.networks.layers.contrastive_loss import NTXent
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field
from astrocnn.training.model_folder import load_network

SMALL = {"widths": [4, 8], "units_per_stage": 1}


def stage_fields(model, stages, unit=2):
    return tuple(receptive_field(model).row(f"stage{n}_unit{unit}_add").size[0] for n in range(1, stages + 1))


@pytest.mark.parametrize(("stride", "fields"), [(2, (21, 49, 105, 217)), (1, (13, 27, 55, 111))])
def test_field_of_each_stage(stride, fields):
    """By hand: 5 px of the stem; a unit adds 4 j, the first of a later stage 2 j and then 2 (2 j)."""
    size, jump, by_hand = 5, stride, []
    for stage in range(4):
        size += 4 * jump if stage == 0 else 2 * jump + 2 * 2 * jump
        jump *= 1 if stage == 0 else 2
        size += 4 * jump
        by_hand.append(size)
    model = registry.build("encoder", (128, 128, 1), widths=[1, 1, 1, 1], stem_stride=stride)
    assert stage_fields(model, 4) == tuple(by_hand) == fields
    field = receptive_field(model)
    assert (field.global_at, field.global_kind, field.misaligned) == ("features", "pooling", ())


def test_the_gradient_shows_the_same_field():
    outcome = confirm(registry.build("encoder", (96, 96, 1), **SMALL))
    assert outcome.agrees
    # 5 + 4 * 2 for the first stage, + 2 * 2 + 2 * 4 for the second
    assert [last - first + 1 for first, last in outcome.measured] == [25, 25]


def parameters_by_hand(widths, units, bands):
    """No bias before a batch normalisation, which has two parameters a channel."""
    total, before = 25 * bands * widths[0] + 2 * widths[0], widths[0]
    for width in widths:
        for _ in range(units):
            total += 9 * before * width + 9 * width**2 + 4 * width
            total += (before * width + 2 * width) if before != width else 0
            before = width
    return total


@pytest.mark.parametrize("bands", [1, 5])
def test_parameters(bands):
    model = registry.build("encoder", (64, 64, bands), head="features", outputs=256)
    trunk = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    assert trunk == parameters_by_hand((32, 64, 128, 256), 2, bands)
    assert trunk == pytest.approx(2.8e6, rel=0.02)


def test_the_head_of_simclr():
    model = registry.build("encoder", (32, 32, 1), **SMALL)
    assert model.output_shape == (None, 128)
    hidden, last = model.layers[-2:]
    assert (hidden.kernel.shape, hidden.use_bias, hidden.activation.__name__) == ((8, 8), True, "relu")
    assert (last.kernel.shape, last.use_bias, last.activation.__name__) == ((8, 128), False, "linear")


def test_features_of_a_trained_network(tmp_path):
    """The same vector as the network without a head and with the same weights, also after a round by its file."""
    images = np.random.default_rng(0).normal(0, 1, (3, 32, 32, 2)).astype("float32")
    trained = registry.build("encoder", (32, 32, 2), seed=4, **SMALL)
    bare = registry.build("encoder", (32, 32, 2), seed=4, head="features", **SMALL)
    expected = bare.predict_on_batch(images)
    assert expected.shape == (3, 8)
    np.testing.assert_allclose(features_of(trained).predict_on_batch(images), expected, rtol=1e-5)
    np.testing.assert_array_equal(features_of(bare).predict_on_batch(images), expected)
    trained.save(tmp_path / "network.keras")
    again = features_of(load_network(tmp_path / "network.keras"))
    np.testing.assert_allclose(again.predict_on_batch(images), expected, rtol=1e-5)
    assert receptive_field(again).size == receptive_field(trained).size
    with pytest.raises(MismatchError, match="expected a layer called features"):
        features_of(registry.build("deeplens", (45, 45, 1), widths=[2], units_per_block=1))


def test_averages_of_all_stages():
    network = registry.configure("encoder", {"head": "features", "pooled": "all", **SMALL})
    assert network.usual_outputs == network.number_of_features == 12
    model = network.build((32, 32, 1))
    images = np.random.default_rng(0).normal(0, 1, (2, 32, 32, 1)).astype("float32")
    ends = keras.Model(model.inputs, [model.get_layer(f"stage{n}_unit1_relu").output for n in (1, 2)])
    expected = np.concatenate([np.asarray(end).mean(axis=(1, 2)) for end in ends.predict_on_batch(images)], axis=1)
    np.testing.assert_allclose(model.predict_on_batch(images), expected, rtol=1e-4, atol=1e-6)
    assert receptive_field(model).size == (25, 25)


def test_features_cannot_be_more_than_there_are():
    with pytest.raises(PipelineFileError, match="expected 8; received 5"):
        registry.build("encoder", (32, 32, 1), outputs=5, head="features", **SMALL)


def test_its_loss():
    network = registry.configure("encoder", {"temperature": 0.3})
    assert isinstance(network.loss(128), NTXent)
    assert (network.answer, network.loss(128).temperature, network.usual_outputs) == ("features", 0.3, 128)


def stripes(rng, number):
    """Views of patches with stripes along x or along y, of any phase, with noise; and which of both they are."""
    kind = np.repeat(rng.integers(0, 2, number).astype(bool), 2)
    waves = np.sin(np.arange(32) / 1.5 + rng.uniform(0, 6.28, (2 * number, 1)))
    images = np.where(kind[:, None, None], waves[:, None, :], waves[:, :, None])
    images = images + rng.normal(0, 1.5, images.shape)
    return images[..., None].astype("float32"), np.repeat(np.arange(number), 2).astype("float32"), kind


def test_it_learns_to_tell_structures_apart_without_labels():
    """After a few steps on pairs of views, the nearest neighbour of a patch has stripes along the same axis."""
    rng = np.random.default_rng(5)
    model = registry.build("encoder", (32, 32, 1), seed=1, outputs=8, **SMALL)
    model.compile(keras.optimizers.Adam(0.005), NTXent(0.5))
    images, objects, kind = stripes(rng, 32)
    encode = features_of(model)

    def mixed():
        features = np.asarray(encode(images))
        features = features / np.linalg.norm(features, axis=1, keepdims=True)
        alike = features @ features.T - 2 * (objects[:, None] == objects)
        return np.mean(kind[alike.argmax(axis=1)] != kind)

    assert mixed() > 0.2
    for _ in range(12):
        batch, numbers, _ = stripes(rng, 16)
        model.train_on_batch(batch, numbers)
    assert mixed() < 0.05

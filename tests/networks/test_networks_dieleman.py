"""Dieleman et al. 2015: parameters, maps and receptive field as published, and the whole network against numpy."""

import keras
import numpy as np
import pytest
from scipy import ndimage

from astrocnn.errors import MismatchError, PipelineFileError, UnknownName
from astrocnn.networks import registry
from astrocnn.networks.decision_tree import named_tree
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.effective import effective_field
from astrocnn.receptive_field.measure import receptive_field
from astrocnn.training.model_folder import load_network

NARROW = {"widths": [3, 4, 5, 6], "dense_width": 7}


def small(size=99, bands=2, **options):
    return registry.build("dieleman", (size, size, bands), **{**NARROW, **options})


def answers(model, stamps):
    return keras.ops.convert_to_numpy(model(stamps, training=False))


def count(model, prefix=""):
    return sum(layer.count_params() for layer in model.layers if layer.name.startswith(prefix))


def images(size=99, bands=2, number=3):
    return np.random.default_rng(size).normal(size=(number, size, size, bands)).astype("float32")


CONVOLUTIONS = 6 * 6 * 3 * 32 + 5 * 5 * 32 * 64 + 3 * 3 * 64 * 128 + 3 * 3 * 128 * 128
UNTIED = 40 * 40 * 32 + 16 * 16 * 64 + 6 * 6 * 128 + 4 * 4 * 128
TIED = 32 + 64 + 128 + 128
DENSE = (8192 * 4096 + 4096) + (2048 * 4096 + 4096) + (2048 * 37 + 37)


@pytest.fixture(scope="module")
def published():
    return registry.build("dieleman", (98, 98, 3))


def test_published_parameter_counts(published):
    assert count(published, "conv") == CONVOLUTIONS + UNTIED == 350_080
    assert count(published) - count(published, "conv") == DENSE == 42_027_045
    trainable = sum(int(np.prod(variable.shape)) for variable in published.trainable_variables)
    assert trainable == CONVOLUTIONS + UNTIED + DENSE == 42_377_125
    tied = registry.build("dieleman", (99, 99, 3), untied_biases=False, dense_width=8)
    assert count(tied, "conv") == CONVOLUTIONS + TIED == 276_192


def test_published_maps(published):
    assert published.input_shape == (None, 98, 98, 3)
    names = ["views", *(f"conv{n}_{kind}" for n in (1, 2) for kind in ("conv", "pool")), "conv3_conv", "conv4_conv"]
    sizes = [published.get_layer(name).output.shape for name in (*names, "conv4_pool")]
    assert [shape[1] for shape in sizes] == [45, 40, 20, 16, 8, 6, 4, 2]
    assert [shape[3] for shape in sizes] == [3, 32, 32, 64, 64, 128, 128, 128]
    assert published.get_layer("join").output.shape == (None, 16 * 2 * 2 * 128) == (None, 8192)
    assert [published.get_layer(f"{name}_maxout").output.shape for name in ("first", "second")] == [(None, 2048)] * 2
    assert published.output_shape == (None, 37)


def test_published_start(published):
    """Normal weights and equal biases; the standard deviation of n draws is known to 1 / sqrt(2 n)."""
    sigmas = {"conv1_conv": 0.01, "conv2_conv": 0.01, "conv3_conv": 0.01, "conv4_conv": 0.1, "first_dense": 0.001}
    sigmas |= {"second_dense": 0.001, "answers_dense": 0.01}
    for name, sigma in sigmas.items():
        kernel = np.asarray(published.get_layer(name).kernel)
        assert kernel.std() == pytest.approx(sigma, rel=5 / np.sqrt(2 * kernel.size)), name
        assert abs(kernel.mean()) < 5 * sigma / np.sqrt(kernel.size)
    biases = {f"conv{number}_bias": 0.1 for number in range(1, 5)}
    biases |= {"first_dense": 0.01, "second_dense": 0.01, "answers_dense": 0.1}
    for name, bias in biases.items():
        np.testing.assert_allclose(published.get_layer(name).bias, bias, rtol=1e-6)


def test_layers(published):
    kinds = [type(layer).__name__ for layer in published.layers]
    block = ["Conv2D", "UntiedBias", "Activation"]
    pool, units = ["MaxPooling2D"], ["Dropout", "Dense", "Maxout"]
    assert kinds == [
        "InputLayer", "DihedralViews", *block, *pool, *block, *pool, *block, *block, *pool, "JoinViews",
        *units, *units, "Dropout", "Dense", "TreeFractions",
    ]  # fmt: skip
    for layer in published.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert (layer.padding, layer.strides, layer.use_bias) == ("valid", (1, 1), False)
        if isinstance(layer, keras.layers.Dropout):
            assert layer.rate == 0.5
        if isinstance(layer, keras.layers.Dense):
            assert layer.activation is keras.activations.linear


def test_receptive_field(published):
    field = receptive_field(published)
    rows = [row for row in field.layers if row.kind in ("Conv2D", "MaxPooling2D")]
    assert [row.size[0] for row in rows] == [6, 7, 15, 17, 25, 33, 37]
    assert (field.size, field.jump, field.map_size) == ((37, 37), (8, 8), (2, 2))
    assert (field.global_at, field.global_kind, field.measured_at) == ("join", "flatten", "conv4_pool")
    # The first part begins 15 px inside the stamp; its copies lie around the middle, so that nothing is off it.
    assert (field.start, field.padding, field.offset, field.misaligned) == ((33.5, 33.5), (-15, -15), (0, 0), ())
    assert field.parameters == 42_377_125


def test_verdict_in_petrosian_radii(published):
    field = receptive_field(published)
    verdict = field.covers("2 r90", "0.02 r90", binning=3)
    assert (verdict.level, verdict.reasons) == ("ok", ())
    assert verdict.had == pytest.approx(2.22)
    assert field.covers("2.3 r90", "0.02 r90", binning=3).level == "error"


def test_multiply_adds_of_all_sixteen_parts(published):
    convolutions = 40**2 * 6**2 * 3 * 32 + 16**2 * 5**2 * 32 * 64 + 6**2 * 9 * 64 * 128 + 4**2 * 9 * 128 * 128
    dense = 8192 * 4096 + 2048 * 4096 + 2048 * 37
    assert receptive_field(published).multiply_adds == 16 * convolutions + dense == 420_423_680


def test_variant_with_larger_kernels_first():
    model = registry.build("dieleman", (99, 99, 3), kernels="8-4-3-3", dense_width=4)
    field = receptive_field(model)
    rows = [row for row in field.layers if row.kind in ("Conv2D", "MaxPooling2D")]
    assert [row.size[0] for row in rows] == [8, 9, 15, 17, 25, 33, 37]
    assert [row.map_size[0] for row in rows] == [38, 19, 16, 8, 6, 4, 2]
    assert model.get_layer("join").output.shape == (None, 8192)
    kernels = 8 * 8 * 3 * 32 + 4 * 4 * 32 * 64 + 9 * 64 * 128 + 9 * 128 * 128
    assert count(model, "conv") == kernels + 38 * 38 * 32 + 16 * 16 * 64 + 6 * 6 * 128 + 4 * 4 * 128


@pytest.mark.parametrize("size", [98, pytest.param(99, marks=pytest.mark.slow)])
def test_the_rules_agree_with_the_gradient(size):
    """The views begin at pixel 15: (98 - 68) / 2 and (99 - 69) / 2."""
    outcome = confirm(small(size), position=(0, 1))
    assert outcome.agrees
    assert outcome.measured == ((15, 51), (23, 59))


def test_the_effective_field_is_that_of_the_first_part():
    effective = effective_field(small(), number=3)
    assert (effective.number, effective.position, effective.theoretical) == (3, (1, 1), ((23, 59), (23, 59)))
    seen = np.argwhere(effective.weights > 0)
    assert (seen.min(axis=0).tolist(), seen.max(axis=0).tolist()) == ([23, 23], [59, 59])


def test_a_turned_galaxy_has_its_features_permuted():
    """As derived in test_networks_dihedral_views: part k of a view is then part k + 1, of a mirrored view k - 1."""
    model = small()
    features = keras.Model(model.input, model.get_layer("join").output)
    stamps = images(number=1)
    before, after = (
        answers(features, np.ascontiguousarray(np.rot90(stamps, turn, axes=(1, 2)))).reshape(4, 4, -1)
        for turn in (0, 1)
    )
    assert np.ptp(before) > 1e-4
    for view in range(4):
        np.testing.assert_allclose(after[view], np.roll(before[view], 1 if view % 2 else -1, axis=0), atol=1e-5)


def forward_by_hand(model, stamps, view):
    """The network written out in numpy from the paper's description, with the model's weights by layer name."""

    def weights(name):
        return [np.asarray(values) for values in model.get_layer(name).get_weights()]

    def conv(x, name):
        (kernel,) = weights(f"{name}_conv")
        patches = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
        return np.maximum(np.einsum("nyxcij,ijco->nyxo", patches, kernel) + weights(f"{name}_bias")[0], 0)

    def pool(x):
        n, y, x_size, filters = x.shape
        return x.reshape(n, y // 2, 2, x_size // 2, 2, filters).max(axis=(2, 4))

    def dense(x, name):
        kernel, bias = weights(f"{name}_dense")
        return x @ kernel + bias

    margin = (stamps.shape[1] - view) // 2
    inside = slice(margin, margin + view)
    tilted = ndimage.rotate(stamps, 45, axes=(2, 1), reshape=False, order=1)[:, inside, inside]
    features = []
    for plain in (stamps[:, inside, inside], tilted):
        for seen in (plain, plain[:, :, ::-1]):
            for quarters in range(4):
                x = np.rot90(seen, quarters, axes=(1, 2))[:, :45, :45]
                x = pool(conv(pool(conv(x, "conv1")), "conv2"))
                x = pool(conv(conv(x, "conv3"), "conv4"))
                features.append(x.reshape(len(stamps), -1))
    x = np.concatenate(features, axis=1)
    for name in ("first", "second"):
        x = dense(x, name)
        x = np.maximum(x[:, ::2], x[:, 1::2])
    return dense(x, "answers")


def with_random_weights(model):
    """Weights of another scale: at the published start all answers are nearly equal."""
    rng = np.random.default_rng(1)
    shapes = [values.shape for values in model.get_weights()]
    model.set_weights([rng.normal(0, 1 / np.sqrt(max(np.prod(shape[:-1]), 8)), shape) for shape in shapes])
    return model


@pytest.mark.parametrize(("size", "view"), [(98, 68), (99, 69)])
def test_forward_pass_against_numpy(size, view):
    """float32 sums of some 1e2 terms agree to 1e-4."""
    model = with_random_weights(small(size, normalised=False))
    numbers = keras.Model(model.input, model.get_layer("answers_dense").output)
    stamps = images(size)
    expected = forward_by_hand(model, stamps, view)
    assert np.ptp(expected, axis=0).min() > 1e-3
    np.testing.assert_allclose(answers(numbers, stamps), expected, atol=1e-4)
    np.testing.assert_allclose(answers(model, stamps), expected.clip(0, 1), atol=1e-4)


def test_fractions_follow_the_tree():
    model = with_random_weights(small(undecided="softmax"))
    found = answers(model, images(number=8))
    np.testing.assert_allclose(found[:, :3].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found[:, 13:15].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found[:, 9:13].sum(axis=1), found[:, 4], atol=1e-5)
    as_asked = small(undecided="softmax", as_asked=True)
    as_asked.set_weights(model.get_weights())
    found = answers(as_asked, images(number=8))
    np.testing.assert_allclose(found[:, 13:15].sum(axis=1), 1 - found[:, 2], atol=1e-5)


def test_begins_clipped_and_goes_on_with_the_tree():
    """The first chunk of the authors; then the same weights in a network with the tree, or the same network changed."""
    stamps = images()
    first, then = with_random_weights(small(normalised=False)), small()
    then.set_weights(first.get_weights())
    clipped = first.predict_on_batch(stamps)
    first.get_layer("fractions").normalised = True
    first.compile(loss="mean_squared_error")
    found = first.predict_on_batch(stamps)
    assert not np.allclose(found, clipped)
    np.testing.assert_allclose(found, answers(then, stamps), atol=1e-6)


def test_comes_back_from_its_file_the_same(tmp_path):
    """Other options than those that all networks are tried with."""
    model = small(98, untied_biases=False, undecided="softmax", as_asked=True)
    stamps = images(98)
    model.save(tmp_path / "network.keras")
    again = load_network(tmp_path / "network.keras")
    np.testing.assert_array_equal(again.predict_on_batch(stamps), model.predict_on_batch(stamps))
    assert receptive_field(again) == receptive_field(model)


def test_plain_head():
    network = registry.configure("dieleman", {"head": "classes", **NARROW})
    assert (network.answer, network.usual_outputs, network.loss(1)) == ("classes", 1, "binary_crossentropy")
    found = answers(network.build((99, 99, 1), outputs=3), images(bands=1))
    assert found.shape == (3, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_tree_head():
    network = registry.configure("dieleman")
    assert (network.answer, network.usual_outputs, network.loss(37)) == ("fractions", 37, "mean_squared_error")
    with pytest.raises(PipelineFileError, match="expected outputs of 37, or head classes; received 2"):
        network.build((99, 99, 3), outputs=2)


def test_the_tree_of_another_survey():
    rings = [
        {"name": "ring", "answers": [{"text": "yes", "then": "arcs"}, {"text": "no"}]},
        {"name": "arcs", "answers": [{"text": "one"}, {"text": "two"}, {"text": "more"}]},
    ]
    found = answers(small(tree={"title": "Rings", "questions": rings}), images())
    assert found.shape == (3, 5)
    np.testing.assert_allclose(found[:, :2].sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(found[:, 2:].sum(axis=1), found[:, 0], atol=1e-6)
    with pytest.raises(UnknownName, match="galaxy-zoo-2"):
        registry.configure("dieleman", {"tree": "galaxy-zoo-1"})
    written = registry.configure("dieleman", {"tree": named_tree("galaxy-zoo-2").model_dump()})
    assert written.usual_outputs == 37


@pytest.mark.parametrize("shape", [(97, 97, 3), (100, 100, 3), (69, 69, 3), (99, 99), (99, 99, 0)])
def test_shapes_that_are_not_served(shape):
    with pytest.raises(MismatchError, match="y, x from 98 to 99"):
        registry.build("dieleman", shape)


def test_stamps_must_be_square():
    with pytest.raises(MismatchError, match=r"a square: \(98, 98, band\) or \(99, 99, band\)"):
        registry.build("dieleman", (98, 99, 3))


def test_one_step_of_training_reaches_every_weight():
    model = with_random_weights(small(undecided="softmax", dropout=0.0))
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(1.0), "mean_squared_error")
    model.train_on_batch(images(number=8), np.random.default_rng(2).uniform(0, 1, (8, 37)))
    names = [variable.path for variable in model.weights]
    still = [name for name, a, b in zip(names, before, model.get_weights(), strict=True) if np.array_equal(a, b)]
    assert still == []

"""The neocognitron: its cells against loops over the paper's equations, its fields, and that it learns."""

import keras
import numpy as np
import pytest

from astrocnn.errors import PipelineFileError
from astrocnn.networks import registry
from astrocnn.networks.layers.cells import ComplexCells, SimpleCells, decreasing_weights
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field

SMALL = {"planes": [6, 6], "selectivity": [4.0, 1.5]}


def value(tensor):
    return np.asarray(keras.ops.convert_to_numpy(tensor), float)


def padded(image, side, stride=1):
    """Dark cells around, so that ceil(n / stride) windows fit, the odd one after (`same`)."""
    missing = [max((-(-n // stride) - 1) * stride + side - n, 0) for n in image.shape[:2]]
    return np.pad(image, (*((m // 2, m - m // 2) for m in missing), (0, 0)))


def simple_by_loops(image, a, b, r):
    """S-cells of Fukushima 1980 one by one; with 2 r / (1 + r) and half of b it would be the same."""
    side, planes = a.shape[0], a.shape[-1]
    c = decreasing_weights(side)[:, :, None] / image.shape[-1]
    around = padded(image, side)
    out = np.zeros((*image.shape[:2], planes))
    for y, x, plane in np.ndindex(*out.shape):
        u = around[y : y + side, x : x + side]
        v = np.sqrt((c * u**2).sum())
        excited, inhibited = 1 + (a[..., plane] * u).sum(), 1 + r / (1 + r) * b[plane] * v
        out[y, x, plane] = r * max(0, excited / inhibited - 1)
    return out


def complex_by_loops(image, side, stride, alpha, lateral):
    """C-cells of Fukushima 1980 one by one."""
    d, around = decreasing_weights(side)[:, :, None], padded(image, side, stride)
    out = np.zeros((*(-(-n // stride) for n in image.shape[:2]), image.shape[-1]))
    for y, x in np.ndindex(*out.shape[:2]):
        e = (d * around[y * stride : y * stride + side, x * stride : x * stride + side]).sum(axis=(0, 1))
        answer = np.maximum(0, (1 + e) / (1 + e.mean()) - 1) if lateral else e
        out[y, x] = answer / (alpha + answer)
    return out


@pytest.fixture
def light():
    return np.random.default_rng(3).gamma(0.5, 1.0, (7, 6, 3))


@pytest.mark.parametrize(("side", "r"), [(5, 4.0), (3, 1.5), (4, 1.0)])
def test_simple_cells_against_loops(light, side, r):
    layer = SimpleCells(4, side, r, seed=1)
    answers = value(layer(light[None].astype("float32")))[0]
    kernel, inhibition = (np.asarray(weight, float) for weight in layer.get_weights())
    expected = simple_by_loops(light, kernel, inhibition, r)
    assert 0.05 < (expected > 0).mean() <= 1
    np.testing.assert_allclose(answers, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("lateral", [True, False])
@pytest.mark.parametrize(("side", "stride"), [(5, 2), (6, 2), (3, 1)])
def test_complex_cells_against_loops(light, side, stride, lateral):
    layer = ComplexCells(side, stride, 0.3, lateral)
    answers = value(layer(light[None].astype("float32")))[0]
    np.testing.assert_allclose(answers, complex_by_loops(light, side, stride, 0.3, lateral), rtol=1e-4, atol=1e-6)
    assert (answers >= 0).all()
    assert (answers < 1).all()
    assert layer.compute_output_shape((None, 7, 6, 3))[1:] == answers.shape


def test_a_cell_that_learned_a_pattern_measures_the_cosine():
    """With a = q c p and b = q v(p) an S-cell is silent unless the weighted cosine exceeds r / (1 + r), and gives one
    for the pattern itself, the more exactly the brighter it is."""
    rng = np.random.default_rng(0)
    r, q = 4.0, 16.0
    pattern = rng.random((5, 5))
    c = decreasing_weights(5)
    length = np.sqrt((c * pattern**2).sum())
    layer = SimpleCells(1, 5, r)
    layer.build((None, 5, 5, 1))
    layer.set_weights([(q * c * pattern)[:, :, None, None], np.array([q * length])])
    for _ in range(20):
        other = np.abs(pattern + rng.normal(0, 0.5, (5, 5))) * rng.uniform(0.1, 10)
        cosine = (c * pattern * other).sum() / length / np.sqrt((c * other**2).sum())
        middle = value(layer(other[None, :, :, None].astype("float32")))[0, 2, 2, 0]
        assert (middle > 1e-4) == (cosine > r / (1 + r))
    bright = value(layer(1000 * pattern[None, :, :, None].astype("float32")))[0, 2, 2, 0]
    assert bright == pytest.approx(1, abs=1e-3)


def test_the_dark_is_silent_and_has_a_finite_slope():
    model = registry.build("neocognitron", (16, 16, 1), **SMALL)
    dark = np.zeros((2, 16, 16, 1), "float32")
    stages = keras.Model(model.input, [model.get_layer(f"stage{n}_{cell}").output for n in (1, 2) for cell in "sc"])
    assert all((np.asarray(answer) == 0).all() for answer in stages.predict_on_batch(dark))
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    model.train_on_batch(dark, np.array([[0.0], [1.0]]))
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.parametrize("cells", [SimpleCells(2, 3, seed=1), ComplexCells(3, 1)])
def test_nan_reaches_the_cells_that_read_it_and_no_others(cells):
    light = np.ones((1, 6, 6, 2), "float32")
    light[0, 2, 3, 1] = np.nan
    missing = np.zeros((6, 6), bool)
    missing[1:4, 2:5] = True
    answers = np.isnan(value(cells(light))[0])
    np.testing.assert_array_equal(answers, np.repeat(missing[:, :, None], 2, axis=2))


def test_decreasing_weights():
    weights = decreasing_weights(5)
    assert weights.sum() == pytest.approx(1)
    assert weights.argmax() == 12
    distance = np.hypot(*(np.indices((5, 5)) - 2)).round(6)
    means = [weights[distance == step].mean() for step in np.unique(distance)]
    assert (np.diff(means) < 0).all()
    np.testing.assert_array_equal(decreasing_weights(4), decreasing_weights(4)[::-1, ::-1])


@pytest.mark.parametrize("layer", [SimpleCells(3, 4, 2.0, seed=5), ComplexCells(4, 3, 0.2, False)])
def test_configuration_and_precision(layer):
    again = type(layer).from_config(layer.get_config())
    light = np.random.default_rng(0).random((2, 8, 8, 2)).astype("float32")
    np.testing.assert_array_equal(value(again(light)), value(layer(light)))
    half = type(layer).from_config({**layer.get_config(), "dtype": "mixed_float16"})
    answer = half(light)
    assert keras.backend.standardize_dtype(answer.dtype) == "float16"
    np.testing.assert_allclose(value(answer), value(layer(light)), atol=0.02)


@pytest.mark.parametrize("cells", [SimpleCells(2, 5, name="cells"), ComplexCells(6, 2, name="cells")])
def test_the_gradient_shows_the_field_of_a_layer(cells):
    inputs = keras.Input((13, 14, 2))
    model = keras.Model(inputs, cells(inputs))
    sides, stride = (5, 1) if isinstance(cells, SimpleCells) else (6, 2)
    assert receptive_field(model).size == (sides, sides)
    assert receptive_field(model).jump == (stride, stride)
    for place in ((0, 0), (3, 3), (6, 6)):
        outcome = confirm(model, position=place)
        assert outcome.agrees
        assert outcome.expected == outcome.measured


def test_fields_of_the_stages():
    """By hand: r + 4 j for S-cells, r + 5 j and then 2 j for C-cells, from r = j = 1."""
    model = registry.build("neocognitron", (64, 64, 1), planes=[2, 2, 2])
    field = receptive_field(model)
    size, jump = 1, 1
    for stage in (1, 2, 3):
        size += 4 * jump
        assert field.row(f"stage{stage}_s").size == (size, size)
        size, jump = size + 5 * jump, 2 * jump
        assert (field.row(f"stage{stage}_c").size, field.row(f"stage{stage}_c").jump) == ((size, size), (jump, jump))
    assert (field.size, field.offset, field.global_kind) == ((64, 64), (0, 0), "pooling")
    assert confirm(model).agrees


def test_parameters():
    """25 weights of each plane below and one of inhibition for each plane; the C-cells have none."""
    model = registry.build("neocognitron", (16, 16, 1))
    by_hand = (25 * 1 + 1) * 24 + 2 * (25 * 24 + 1) * 24 + 24 + 1
    assert model.count_params() == by_hand == 29_497
    assert [model.get_layer(f"stage{n}_c").output.shape[1] for n in (1, 2, 3)] == [8, 4, 2]


def test_light_and_dark():
    images = np.random.default_rng(0).normal(0, 1, (2, 16, 16, 1)).astype("float32")
    model = registry.build("neocognitron", (16, 16, 1), polarity="on-off", **SMALL)
    both = keras.Model(model.input, model.get_layer("on_off").output).predict_on_batch(images)
    np.testing.assert_array_equal(both, np.concatenate([images.clip(0), (-images).clip(0)], axis=-1))
    assert model.get_layer("stage1_s").kernel.shape == (5, 5, 2, 6)
    light = registry.build("neocognitron", (16, 16, 1), **SMALL)
    np.testing.assert_array_equal(light.predict_on_batch(images), light.predict_on_batch(images.clip(0)))


def test_selectivity_of_each_stage():
    with pytest.raises(PipelineFileError, match=r"as many numbers as planes .* here 2"):
        registry.configure("neocognitron", {"planes": [8, 8]})


def bars(rng, number, size=16):
    """Bars of four orientations, anywhere, with noise; and which of the four."""
    kind = rng.integers(0, 4, number)
    angle = kind[:, None, None] * np.pi / 4
    y, x = np.mgrid[:size, :size][:, None] - rng.uniform(5, size - 6, (2, number, 1, 1))
    across, along = x * np.sin(angle) - y * np.cos(angle), x * np.cos(angle) + y * np.sin(angle)
    images = np.exp(-(across**2)) * (np.abs(along) < 4) + rng.normal(0, 0.1, (number, size, size))
    return images[..., None].astype("float32"), kind


@pytest.mark.slow
def test_it_learns_bars_by_gradient_and_its_weights_stay_positive():
    rng = np.random.default_rng(0)
    model = registry.build("neocognitron", (16, 16, 1), outputs=4, seed=1, planes=[12, 12, 12])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    images, kind = bars(rng, 1024)
    model.fit(images, kind, batch_size=32, epochs=8, verbose=0)
    images, kind = bars(rng, 256)
    assert (model.predict(images, verbose=0).argmax(axis=1) == kind).mean() > 0.9
    cells = [layer for layer in model.layers if isinstance(layer, SimpleCells)]
    assert min(weight.min() for layer in cells for weight in layer.get_weights()) == 0


def test_multiply_adds():
    """5 x 5 sums of 24 planes and of one V-cell at every place read, 6 x 6 sums of each plane at every fourth."""
    maps, read = (16, 8, 4), (1, 24, 24)
    simple = sum(n**2 * (25 * planes * 24 + 25) for n, planes in zip(maps, read, strict=True))
    cells = sum((n // 2) ** 2 * 36 * 24 for n in maps)
    assert receptive_field(registry.build("neocognitron", (16, 16, 1))).multiply_adds == simple + cells + 24

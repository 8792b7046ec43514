"""The effective field against what Luo et al. (2016) derive for stacks of equal layers."""

import keras
import numpy as np
import pytest
from keras import layers

from astrocnn.errors import MismatchError, ReceptiveFieldError
from astrocnn.networks import registry
from astrocnn.receptive_field.effective import effective_field
from astrocnn.receptive_field.measure import receptive_field


def stack(size, count, kernel, rank=2, initialiser="ones", filters=1, **options):
    make = getattr(layers, f"Conv{rank}D")
    layer = [
        make(filters, kernel, padding="same", kernel_initializer=initialiser, name=f"conv{n}", **options)
        for n in range(1, count + 1)
    ]
    return keras.Sequential([keras.Input((*([size] * rank), 1)), *layer], name="stack")


def test_equal_weights_give_the_width_of_a_binomial():
    """n layers of k equal weights: sigma = sqrt(n (k^2 - 1) / 12), and radii of a Gaussian in two dimensions."""
    found = effective_field(stack(65, 12, 3), number=1)
    sigma = np.sqrt(12 * (3**2 - 1) / 12)
    assert found.sigma == pytest.approx((sigma, sigma), rel=0.02)  # a binomial is flatter than a Gaussian
    assert found.radius_50 == pytest.approx(sigma * np.sqrt(2 * np.log(2)), rel=0.03)
    assert found.radius_95 == pytest.approx(sigma * np.sqrt(2 * np.log(20)), rel=0.03)
    assert found.theoretical == ((20, 44), (20, 44))
    assert (found.centre, found.position, found.layer) == ((32.0, 32.0), (32, 32), "conv12")
    assert found.weights.sum() == pytest.approx(1)
    # A circle of sqrt(-2 ln 0.0455) sigma of the 25 x 25 pixels that can be seen.
    assert found.fraction == pytest.approx(np.pi * -2 * np.log(0.0455) * sigma**2 / 25**2, rel=0.05)


def test_along_one_axis():
    found = effective_field(stack(101, 10, 5, rank=1), number=1)
    sigma = np.sqrt(10 * (5**2 - 1) / 12)
    assert found.sigma == pytest.approx((sigma,), rel=0.02)
    assert found.radius_50 == pytest.approx(0.6745 * sigma, rel=0.04)
    assert found.radius_95 == pytest.approx(1.96 * sigma, rel=0.04)


def test_the_fraction_shrinks_as_one_over_the_root_of_the_depth():
    widths = [effective_field(stack(97, n, 3), number=1).sigma[0] / (2 * n + 1) for n in (5, 20, 40)]
    assert widths[0] > widths[1] > widths[2]
    assert widths[1] / widths[2] == pytest.approx(np.sqrt(2), rel=0.05)


def test_random_weights_spread_wider_than_equal_ones():
    """The variance of a gradient, not its mean, is the binomial: its absolute value is sqrt(2) wider."""
    model = stack(65, 12, 3, initialiser=keras.initializers.RandomNormal(seed=3), filters=8)
    found = effective_field(model, number=16)
    assert found.sigma == pytest.approx((np.sqrt(2 * 8),) * 2, rel=0.12)


def test_dilation_and_subsampling_enlarge_and_shortcuts_shrink():
    plain = effective_field(stack(65, 6, 3), number=1).radius_50
    dilated = effective_field(stack(65, 6, 3, dilation_rate=3), number=1).radius_50
    x = inputs = keras.Input((65, 65, 1))
    for _ in range(6):
        x = layers.Add()([x, layers.Conv2D(1, 3, padding="same", kernel_initializer="ones")(x)])
    assert effective_field(keras.Model(inputs, x), number=1).radius_50 < plain < dilated
    x = inputs = keras.Input((65, 65, 1))
    for n in range(6):
        x = layers.Conv2D(1, 3, strides=2 if n == 1 else 1, padding="same", kernel_initializer="ones")(x)
    assert effective_field(keras.Model(inputs, x), number=1).radius_50 > plain


def test_it_is_that_of_the_weights_the_model_has():
    """A kernel that only looks to the left, trained or not."""
    model = stack(33, 4, 3, rank=1)
    for layer in model.layers:
        kernel = np.zeros((3, 1, 1), "float32")
        kernel[0] = 1
        layer.set_weights([kernel, *layer.get_weights()[1:]])
    found = effective_field(model, number=2)
    assert np.flatnonzero(found.weights).tolist() == [16 - 4]
    assert found.radius_50 == 4


def test_inside_the_theoretical_field_of_a_real_network():
    model = registry.build("deeplens", (45, 45, 2), widths=(8, 16), units_per_block=2)
    found = effective_field(model, number=4)
    field = receptive_field(model)
    (first, last), _ = found.theoretical
    assert (found.layer, last - first + 1) == (field.measured_at, field.size[0])
    outside = np.ones((45, 45), bool)
    outside[max(first, 0) : last + 1, max(first, 0) : last + 1] = False
    assert (found.weights[outside] == 0).all()
    assert 0 < found.radius_50 < found.radius_95 <= np.hypot(45, 45)
    again = effective_field(model, number=4)
    assert (again.weights == found.weights).all()
    assert set(found.to_json()) >= {"radius_50", "radius_95", "sigma", "fraction", "theoretical", "inputs"}


def test_inputs_of_ones_own_and_several_inputs():
    image, numbers = keras.Input((9, 9, 2), name="image"), keras.Input((3,), name="numbers")
    scale = layers.Dense(4, name="scale")(numbers)
    x = layers.Multiply()([layers.Conv2D(4, 3, padding="same")(image), layers.Reshape((1, 1, 4))(scale)])
    model = keras.Model([image, numbers], x)
    values = {"image": np.ones((3, 9, 9, 2), "float32"), "numbers": np.ones((3, 3), "float32")}
    found = effective_field(model, inputs=values)
    assert found.number == 3
    assert np.count_nonzero(found.weights) == 9
    assert effective_field(model).number == 32
    with pytest.raises(MismatchError, match=r"image.*expected \('n', 9, 9, 2\)"):
        effective_field(model, inputs={**values, "image": np.ones((3, 9, 8, 2))})
    with pytest.raises(MismatchError, match="numbers"):
        effective_field(model, inputs=values["image"])


def test_refusals():
    model = keras.Sequential([keras.Input((9, 9, 1)), layers.ZeroPadding2D(3), layers.Conv2D(1, 3, name="conv")])
    with pytest.raises(ReceptiveFieldError, match="depends on no input"):
        effective_field(model, position=(0, 0), number=1)
    with pytest.raises(ReceptiveFieldError, match="not a fraction"):
        effective_field(model, number=1).radius(95)

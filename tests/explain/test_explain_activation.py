"""What excites a unit: of a matched filter the filter itself, and the objects that hold it."""

import numpy as np
import pytest
from hand_made import convolved, linear, pooled

from astrocnn.errors import UnknownName
from astrocnn.explain.activation import most_exciting_inputs, strongest_objects
from astrocnn.explain.opened import open_network

RNG = np.random.default_rng(3)


def alike(one, other):
    """Correlation coefficient."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize("shape", [(11, 11, 1), (30, 2)])
def test_a_matched_filter_is_excited_by_itself(shape):
    """Of all inputs of one norm, w / |w| has the largest w . x (Cauchy-Schwarz)."""
    filters = RNG.normal(size=shape)
    made, reached = most_exciting_inputs(open_network(linear(filters, "sigmoid")), None, [0], blur=0)
    assert alike(made[0], filters) > 0.9999
    assert np.sqrt((made**2).mean()) == pytest.approx(1, rel=1e-5)
    assert reached[0] == pytest.approx(np.sqrt((filters**2).sum() * filters.size) + 0.25, rel=1e-3)


def test_a_blur_takes_fine_structure_away():
    filters = RNG.normal(size=(15, 15, 1))
    opened = open_network(linear(filters))
    sharp, _ = most_exciting_inputs(opened, None, [0], blur=0)
    smooth, reached = most_exciting_inputs(opened, None, [0], blur=1.0)

    def roughness(image):
        return np.abs(np.diff(image, axis=0)).mean() / np.abs(image).mean()

    assert roughness(smooth[0, ..., 0]) < 0.8 * roughness(sharp[0, ..., 0])
    assert reached[0] > 0


def test_a_feature_is_excited_by_its_kernel_in_the_middle():
    kernel = RNG.normal(size=(3, 3, 1, 2))
    opened = open_network(pooled(kernel, RNG.normal(size=(2, 1)), (9, 9, 1)))
    made, reached = most_exciting_inputs(opened, "conv", [1, 0], blur=0, steps=96)
    for image, unit, value in zip(made, (1, 0), reached, strict=True):
        assert alike(image[3:6, 3:6, 0], kernel[..., 0, unit]) > 0.999
        outside = np.ones((9, 9), bool)
        outside[3:6, 3:6] = False
        assert np.abs(image[..., 0][outside]).max() < 0.02 * np.abs(image).max()
        assert value == pytest.approx(convolved(image, kernel)[4, 4, unit], rel=1e-4)


def test_the_objects_that_excite_a_feature_most_and_where():
    kernel = RNG.normal(size=(3, 3, 1, 3))
    opened = open_network(pooled(kernel, RNG.normal(size=(3, 1)), (8, 7, 1)))
    values = RNG.normal(size=(20, 8, 7, 1)).astype("float32")
    values[4, 0, 0, 0] = np.nan
    batches = [values[:9], values[4:5], values[9:]]
    found = strongest_objects(opened, batches, {"conv": [2, 0], None: [0]}, 3)
    maps = np.stack([np.maximum(convolved(np.nan_to_num(one), kernel), 0) for one in np.concatenate(batches)])
    maps[[4, 9]] = -1
    for row, unit in enumerate((2, 0)):
        peaks = maps[..., unit].max(axis=(1, 2))
        best = np.argsort(-peaks)[:3]
        np.testing.assert_array_equal(found["conv"].rows[row], best)
        np.testing.assert_allclose(found["conv"].values[row], peaks[best], rtol=1e-4)
        expected = [np.unravel_index(maps[k, ..., unit].argmax(), (8, 7)) for k in best]
        np.testing.assert_array_equal(found["conv"].positions[row], expected)
    scores = opened.computed([None], np.delete(np.concatenate(batches), [4, 9], axis=0))[0][:, 0]
    np.testing.assert_allclose(found[None].values[0], np.sort(scores)[::-1][:3], rtol=1e-5)
    assert found[None].positions.shape == (1, 3, 0)


def test_with_fewer_objects_than_asked_for_the_rest_is_empty():
    opened = open_network(linear(np.ones((4, 1))))
    found = strongest_objects(opened, [np.full((1, 4, 1), np.nan), np.ones((1, 4, 1))], {None: [0]}, 3)[None]
    assert found.rows.tolist() == [[1, -1, -1]]
    assert found.values[0, 0] == pytest.approx(4.25)
    assert np.isnan(found.values[0, 1:]).all()


def test_a_unit_of_a_layer_that_is_not_there():
    with pytest.raises(UnknownName, match="flatten"):
        most_exciting_inputs(open_network(linear(np.ones((4, 1)))), "flaten", [0])


def test_a_unit_that_never_answers_leaves_the_noise():
    """Its gradient is nought, which must not be divided by."""
    kernel = np.zeros((3, 1, 1))
    made, reached = most_exciting_inputs(open_network(pooled(kernel, np.ones((1, 1)), (9, 1))), "conv", [0], blur=0)
    assert np.isfinite(made).all()
    assert reached.tolist() == [0.0]

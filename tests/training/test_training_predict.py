"""Scores: the same for an object whatever is scored with it, averaged over views, NaN where nothing can be scored."""

import numpy as np
import pytest
from explained_models import curves

from astrocnn.training import predict
from astrocnn.training.augment import dihedral_views
from astrocnn.training.normalise import Normalisation
from astrocnn.training.predict import BATCH, predict_padded, predict_set

NORMALISATION = Normalisation(mean=(5.0, 5.0), sigma=(1.5, 1.5))


@pytest.fixture(scope="module")
def network(pocket):
    from astrocnn import backend

    backend.prepare()
    return pocket().build((16, 16, 2), seed=3)


@pytest.fixture
def samples(write_set):
    return write_set(40, 18)


def test_a_score_does_not_depend_on_what_else_is_scored(network, samples):
    whole, _ = predict_set(network, samples, NORMALISATION, 16)
    order = np.random.default_rng(0).permutation(40)
    shuffled, _ = predict_set(network, samples.select(order), NORMALISATION, 16)
    np.testing.assert_array_equal(shuffled, whole[order])
    alone, _ = predict_set(network, samples.select(np.array([7])), NORMALISATION, 16)
    np.testing.assert_array_equal(alone[0], whole[7])


def test_a_score_does_not_depend_on_where_a_batch_ends(network, samples, monkeypatch):
    whole, _ = predict_set(network, samples, NORMALISATION, 16)
    monkeypatch.setattr(predict, "BATCH", 16)
    cut, _ = predict_set(network, samples, NORMALISATION, 16)
    # another batch size is another compiled graph, whose sums may be ordered otherwise: some units of float32's 6e-8
    np.testing.assert_allclose(cut, whole, atol=1e-6)


def test_the_score_is_the_network_s_output_for_the_normalised_middle(network, samples):
    got, spread = predict_set(network, samples, NORMALISATION, 16)
    images = (samples.read(np.arange(40)) - 5.0) / 1.5
    expected = np.asarray(network(images[:, 1:17, 1:17], training=False))
    np.testing.assert_allclose(got, expected, atol=1e-6)
    np.testing.assert_array_equal(spread, 0.0)


@pytest.mark.parametrize("views", [4, 8])
def test_views_are_averaged_and_their_spread_told(network, samples, views):
    mean, spread = predict_set(network, samples, NORMALISATION, 16, views)
    images = NORMALISATION.apply(samples.read(np.arange(40)))[:, 1:17, 1:17]
    each = np.stack([np.asarray(network(view, training=False)) for view in dihedral_views(images, views)])
    assert len(each) == views
    np.testing.assert_allclose(mean, each.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(spread, each.std(axis=0), atol=1e-6)
    assert spread.max() > 1e-4, "this network is not symmetric, so that the average means something"


def test_eight_views_make_the_score_of_a_turned_object_the_same(network, samples, write_set):
    data = samples.read(np.arange(40))
    turned = write_set(40, data=np.rot90(data, axes=(1, 2)).copy(), name="turned")
    mean, _ = predict_set(network, samples, NORMALISATION, 16, 8)
    again, _ = predict_set(network, turned, NORMALISATION, 16, 8)
    np.testing.assert_allclose(again, mean, atol=1e-6)


def test_objects_that_are_not_finite_get_nan_and_disturb_no_other(network, samples, write_set):
    whole, _ = predict_set(network, samples, NORMALISATION, 16, 4)
    data = samples.read(np.arange(40))
    data[3, 9, 9, 0], data[11, 4, 4, 1] = np.nan, np.inf
    data[20, 0, 0, 0] = np.nan  # beyond the middle that the network sees
    mean, spread = predict_set(network, write_set(40, data=data, name="spoilt"), NORMALISATION, 16, 4)
    bad = np.isin(np.arange(40), [3, 11])
    assert np.isnan(mean[bad]).all()
    assert np.isnan(spread[bad]).all()
    np.testing.assert_array_equal(mean[~bad], whole[~bad])


def test_a_clipped_infinity_is_no_score(network, samples, write_set):
    """Clipping would turn it into a large number like any other."""
    data = samples.read(np.arange(40))
    data[5, 9, 9, 0] = np.inf
    clipped = Normalisation(mean=(5.0, 5.0), sigma=(1.5, 1.5), clip_sigma=250.0)
    mean, _ = predict_set(network, write_set(40, data=data, name="infinite"), clipped, 16)
    assert np.isnan(mean[5]).all()
    assert np.isfinite(np.delete(mean, 5)).all()


def test_batches_are_padded_to_one_size(network):
    seen = []

    class Spy:
        def predict_on_batch(self, images):
            seen.append(images.shape)
            return network.predict_on_batch(images)

    images = np.random.default_rng(0).normal(size=(5, 16, 16, 2)).astype(np.float32)
    assert predict_padded(Spy(), images).shape == (5, 1)
    assert seen == [(BATCH, 16, 16, 2)]


def test_nothing_to_score_gives_nothing(network, samples):
    mean, spread = predict_set(network, samples.select(np.zeros(40, bool)), NORMALISATION, 16)
    assert mean.shape == spread.shape == (0, 1)


def test_progress_is_told(network, samples):
    heard = []
    predict_set(network, samples, NORMALISATION, 16, progress=lambda *step: heard.append(step))
    assert heard == [(40, 40, "")]


def test_curves_are_scored_as_their_normalised_middle(tmp_path):
    import keras

    samples = curves(tmp_path / "curves")
    inputs = keras.Input((100, 1))
    network = keras.Model(inputs, keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(2, 5)(inputs)))
    got, _ = predict_set(network, samples, Normalisation(mean=(1.0,), sigma=(0.5,)), 100)
    data = samples.read(np.arange(len(samples)))
    expected = np.asarray(network((data[:, 10:110] - 1) / 0.5, training=False))
    np.testing.assert_allclose(got, expected, atol=1e-6)

"""Checkpoints: everything a training goes on from, and nothing of another network."""

import json

import h5py
import numpy as np
import pytest

from astrocnn import backend
from astrocnn.errors import StoreError
from astrocnn.training.checkpoint import FILE, load_checkpoint, save_checkpoint

ROWS = [{"epoch": 1, "loss": 0.5, "seconds": 1.25}, {"epoch": 2, "loss": 0.1, "seconds": 1.5}]


@pytest.fixture
def compiled(pocket):
    def make(seed=0, **options):
        keras = backend.prepare()
        model = pocket(**options).build((16, 16, 2), seed=seed)
        model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
        model.optimizer.build(model.trainable_variables)
        return model

    return make


def state(model):
    return [np.asarray(variable) for variable in (*model.variables, *model.optimizer.variables)]


def test_a_loaded_model_has_every_number_of_the_saved_one(compiled, tmp_path):
    model = compiled()
    rng = np.random.default_rng(0)
    for _ in range(3):  # so that moments, moving averages and the dropout's counter have values of their own
        model.train_on_batch(rng.normal(size=(8, 16, 16, 2)).astype(np.float32), np.arange(8)[:, None] % 2)
    save_checkpoint(tmp_path / "scratch", model, ROWS)
    other = compiled(seed=5)
    assert load_checkpoint(tmp_path / "scratch", other) == ROWS
    assert len(state(other)) == len(state(model))
    for got, expected in zip(state(other), state(model), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert int(other.optimizer.iterations) == 3


def test_no_checkpoint_is_no_history(compiled, tmp_path):
    model = compiled()
    before = state(model)
    assert load_checkpoint(tmp_path, model) == []
    for got, expected in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_a_checkpoint_of_another_network_is_refused(compiled, tmp_path):
    save_checkpoint(tmp_path, compiled(depth=2), ROWS)
    with pytest.raises(StoreError, match=r"another network.*expected \d+ variables.*remove it"):
        load_checkpoint(tmp_path, compiled(depth=3))


def test_a_checkpoint_of_other_widths_is_refused(compiled, tmp_path):
    save_checkpoint(tmp_path, compiled(filters=4), ROWS)
    with pytest.raises(StoreError, match="another network"):
        load_checkpoint(tmp_path, compiled(filters=6))


def test_a_damaged_checkpoint_says_what_to_do(compiled, tmp_path):
    model = compiled()
    save_checkpoint(tmp_path, model, ROWS)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="remove it and run again"):
        load_checkpoint(tmp_path, model)


def test_a_kill_while_saving_leaves_the_one_before(compiled, tmp_path, monkeypatch):
    model = compiled()
    save_checkpoint(tmp_path, model, ROWS[:1])

    def killed(text):
        raise KeyboardInterrupt

    monkeypatch.setattr(json, "dumps", killed)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path, model, ROWS)
    monkeypatch.undo()
    assert load_checkpoint(tmp_path, model) == ROWS[:1]
    save_checkpoint(tmp_path, model, ROWS)  # what the kill left beside it is in nobody's way
    assert load_checkpoint(tmp_path, model) == ROWS
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_checkpoint_is_plain_hdf5(compiled, tmp_path):
    model = compiled()
    save_checkpoint(tmp_path, model, ROWS)
    with h5py.File(tmp_path / FILE) as file:
        assert json.loads(file.attrs["history"]) == ROWS
        assert len(file) == len(state(model))

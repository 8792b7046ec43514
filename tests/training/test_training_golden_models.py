"""Golden models: folders written once load for ever, say what they said, and give what they gave."""

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from make_golden_models import EXPECTED, FOLDER, RECIPES, outputs_of

from astrocnn import backend
from astrocnn.training.model_card import FORMAT_VERSION, read_card
from astrocnn.training.model_folder import load_model

NAMES = sorted(folder.name for folder in FOLDER.iterdir())


def of_those(values, promised):
    """The values without what is not promised."""
    if not isinstance(promised, dict) or not isinstance(values, dict) or not promised:
        return values
    return {key: of_those(values.get(key), value) for key, value in promised.items()}


def expected(name):
    return json.loads((FOLDER / name / EXPECTED).read_text())


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_model_gives_what_it_gave(name):
    np.testing.assert_allclose(outputs_of(FOLDER / name), expected(name)["outputs"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_its_card_says_what_it_said(name):
    """Fields that later formats add may come to it, inside of others too; none is lost or changed."""
    card, promised = json.loads(read_card(FOLDER / name).model_dump_json()), expected(name)["card"]
    promised.pop("format_version")
    assert of_those(card, promised) == promised
    assert card["format_version"] == FORMAT_VERSION, "cards of older formats are read as one of today"


@pytest.mark.parametrize("name", NAMES)
def test_what_it_was_trained_on_is_remembered(name):
    trained = load_model(FOLDER / name).trained
    assert (trained.ids.tolist(), trained.groups.tolist()) == (["a-1", 'b, "2"'], ["a", "b"])


def test_each_recipe_and_each_format_has_a_golden_model():
    assert set(RECIPES) <= set(NAMES)
    formats = {(FOLDER / name / "model.yaml").read_text().partition("format_version: ")[2][:1] for name in NAMES}
    assert formats == {str(number) for number in range(1, FORMAT_VERSION + 1)}


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_model_is_small(name):
    assert sum(path.stat().st_size for path in (FOLDER / name).iterdir()) < 200_000


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_golden_models_give_the_same_on_jax():
    if backend.prepare().backend.backend() == "jax":
        pytest.skip("is run by the tests of the other backend")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert f"{4 * len(NAMES) + 1} passed" in done.stdout

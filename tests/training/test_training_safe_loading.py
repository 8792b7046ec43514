"""Model folders from anywhere: whatever stands in them, no code of theirs is run, and what is damaged is refused."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from astrocnn import backend
from astrocnn.errors import StoreError
from astrocnn.training.model_card import CARD, read_card
from astrocnn.training.model_folder import NETWORK, load_model, write_model
from astrocnn.training.trained_on import EVERY, TrainedOn

TRAINED = TrainedOn(*(np.array([name]) for name in ("a", "a", "train")), np.array([EVERY]))


@pytest.fixture(scope="module")
def network(pocket):
    backend.prepare()
    return pocket().build((16, 16, 2), seed=3)


@pytest.fixture
def folder(network, card, tmp_path):
    write_model(tmp_path, card(), [network], TRAINED)
    return tmp_path


@pytest.fixture
def trap(tmp_path):
    """A file that appears when code from a model is run."""
    yield (file := tmp_path / "code-was-run")
    assert not file.exists()


class Touch:
    """Writes a file when it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


def members_of(folder):
    with zipfile.ZipFile(folder / NETWORK) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_members(folder, members):
    with zipfile.ZipFile(folder / NETWORK, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def rewrite_config(folder, change):
    """Let the network's JSON go through `change`."""
    members = members_of(folder)
    config = json.loads(members["config.json"])
    changed = change(config)
    members["config.json"] = json.dumps(config if changed is None else changed).encode()
    write_members(folder, members)


def refused(folder, words=""):
    with pytest.raises(StoreError, match=rf"(?s)network\.keras.*cannot be loaded.*{words}") as caught:
        load_model(folder)
    assert "to fix" in str(caught.value)


def test_code_in_a_network_is_not_run(folder, trap):
    """A Lambda layer carries compiled Python: whoever sends a model could run anything."""
    keras = backend.prepare()
    inputs = keras.Input((16, 16, 2))

    def touch(x, file=str(trap)):
        open(file, "w").close()
        return x

    outputs = keras.layers.GlobalAveragePooling2D()(keras.layers.Lambda(touch)(inputs))
    keras.Model(inputs, keras.layers.Dense(1)(outputs)).save(folder / NETWORK)
    trap.unlink()  # building runs it once
    refused(folder, "Lambda")


@pytest.mark.parametrize(
    ("module", "name", "given"),
    [
        ("subprocess", "Popen", {"args": ["touch", "{trap}"]}),
        ("os", "system", {"command": "touch {trap}"}),
        ("builtins", "eval", {"source": "open('{trap}', 'w')"}),
        ("keras.config", "enable_unsafe_deserialization", {}),
        ("keras.utils", "get_file", {"fname": "{trap}", "origin": "file:///etc/hostname"}),
    ],
)
def test_a_class_from_anywhere_is_not_imported(folder, trap, module, name, given):
    """The network's JSON names its layers' modules: only layers of Keras and registered ones are taken."""
    given = json.loads(json.dumps(given).replace("{trap}", str(trap)))

    def change(config):
        config["config"]["layers"][1].update(module=module, class_name=name, registered_name=None, config=given)

    rewrite_config(folder, change)
    refused(folder)


def test_a_pickle_in_the_network_is_not_read(folder, trap):
    members = members_of(folder)
    poison = pickle.dumps(Touch(trap))
    for name in ("model.weights.h5", "config.json"):
        write_members(folder, {**members, name: poison})
        refused(folder)
    (folder / NETWORK).write_bytes(poison)
    refused(folder)


def test_a_pickle_beside_the_weights_is_left_alone(folder, trap):
    poison = pickle.dumps(Touch(trap))
    write_members(folder, {**members_of(folder), "model.weights.pkl": poison, "assets/state.pkl": poison})
    (folder / "network.pkl").write_bytes(poison)
    load_model(folder)


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:pathlib.Path.touch", "!!python/object:pathlib.Path", "!!python/name:os.system", "!x"]
)
def test_a_card_with_tags_of_python_is_refused(folder, trap, tag):
    (folder / CARD).write_text((folder / CARD).read_text() + f"poison: {tag} [{trap}]\n")
    with pytest.raises(StoreError, match=r"(?s)cannot be read.*constructor"):
        read_card(folder)


@pytest.mark.parametrize("kept", [0, 10, 0.3, 0.6, 0.95, -1])
def test_a_truncated_network_is_refused(folder, kept):
    content = (folder / NETWORK).read_bytes()
    (folder / NETWORK).write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    refused(folder)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_network_without_one_of_its_parts_is_refused(folder, name):
    members = members_of(folder)
    del members[name]
    write_members(folder, members)
    refused(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: [],
        lambda config: {"class_name": "Functional"},
        lambda config: config["config"].update(layers=None),
        lambda config: config["config"]["layers"].__delitem__(2),
        lambda config: config["config"]["layers"][1]["config"].update(filters="many"),
        lambda config: config["config"]["layers"][1].update(class_name="Conv7D"),
    ],
)
def test_a_network_whose_layers_make_no_sense_is_refused(folder, change):
    rewrite_config(folder, change)
    refused(folder)


def test_a_pickle_in_weights_of_numpy_is_not_read(folder, trap):
    """Keras takes weights as .npz, too, whose arrays of objects are pickles."""
    members = members_of(folder)
    del members["model.weights.h5"]
    content = io.BytesIO()
    np.savez(content, **{"layers/conv2d/vars": np.array({"0": Touch(trap)}, object)})
    write_members(folder, {**members, "model.weights.npz": content.getvalue()})
    refused(folder)


def test_weights_of_another_shape_are_refused(folder, tmp_path):
    members = members_of(folder)
    path = tmp_path / "weights.h5"
    path.write_bytes(members["model.weights.h5"])
    with h5py.File(path, "r+") as file:
        name = next(name for name in file["layers"] if name.startswith("dense"))
        del file[f"layers/{name}/vars/0"]
        file[f"layers/{name}/vars/0"] = np.zeros((3, 3), "float32")
    write_members(folder, {**members, "model.weights.h5": path.read_bytes()})
    refused(folder)

"""Tables without Keras: shipped ones are right, cached ones are found, damaged ones are measured anew."""

import json
import logging
import os
import subprocess
import sys
from typing import ClassVar

import pytest

from astrocnn import backend
from astrocnn.errors import MismatchError
from astrocnn.networks import registry
from astrocnn.networks.base import Network, probability
from astrocnn.receptive_field import ship, tables
from astrocnn.receptive_field.field import ReceptiveField
from astrocnn.receptive_field.rows import COLUMNS, layer_rows


class Tiny(Network):
    """One convolution, for these tests."""

    name: ClassVar[str] = "tiny"
    paper: ClassVar[str] = "none"
    sizes: ClassVar[tuple[int, int]] = (4, 64)
    kernel: int = 3

    def connect(self, inputs, outputs, initialisers):
        import keras

        features = keras.layers.Conv2D(1, self.kernel, name="conv")(inputs)
        return probability(keras.layers.GlobalMaxPooling2D(name="pool")(features), outputs, initialisers)


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Shapes that were measured with Keras, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shapes = []
    measure = tables.measure

    def counted(network, shape):
        shapes.append(shape)
        return measure(network, shape)

    monkeypatch.setattr(tables, "measure", counted)
    return shapes


def test_deeplens_is_shipped(measured):
    for shape in ((45, 45, 1), (45, 45, 3), (64, 64, 4), (101, 101, 4)):
        field = tables.field_of(registry.configure("deeplens"), shape)
        assert (field.size, field.jump, field.input_size) == ((193, 193), (16, 16), shape[:2])
    assert measured == []


def test_every_usual_shape_is_shipped():
    keys = json.loads(tables.SHIPPED.read_text())
    usual = [
        tables.table_key(registry.configure(name), shape)
        for name in registry.names()
        for shape in registry.get(name).usual_shapes
    ]
    assert sorted(keys) == sorted(usual), "run python -m astrocnn.receptive_field.ship"


@pytest.mark.parametrize("shape", [(45, 45, 1), (60, 60, 3)])
def test_shipped_tables_are_right(shape):
    network = registry.configure("deeplens")
    assert tables.measure(network, shape) == tables.field_of(network, shape)


@pytest.mark.slow
def test_shipping_again_gives_the_same_file(tmp_path):
    ship.ship(tmp_path / "tables.json")
    assert (tmp_path / "tables.json").read_text() == tables.SHIPPED.read_text()


def test_measured_once_and_kept(measured):
    first = tables.field_of(Tiny(), (9, 9, 1))
    assert tables.field_of(Tiny(), (9, 9, 1)) == first
    assert measured == [(9, 9, 1)]
    tables.field_of(Tiny(), (10, 9, 1))
    tables.field_of(Tiny(kernel=5), (9, 9, 1))
    assert len(measured) == 3
    assert [path.suffix for path in tables.cache_folder().iterdir()] == [".json"] * 3  # no half-written files


def test_another_source_is_another_key(monkeypatch, tmp_path):
    key = tables.table_key(Tiny(), (9, 9, 1))
    assert tables.table_key(Tiny(), (9, 9, 1)) == key
    other = tmp_path / "blocks.py"
    other.write_text("WIDTH = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(Tiny, "source_modules", ("blocks",))
    with_block = tables.table_key(Tiny(), (9, 9, 1))
    other.write_bytes(b"WIDTH = 1\r\n")
    assert tables.table_key(Tiny(), (9, 9, 1)) == with_block != key  # line ends are no change
    other.write_text("WIDTH = 2\n")
    assert tables.table_key(Tiny(), (9, 9, 1)) != with_block
    assert "blocks" not in sys.modules  # modules of layers import Keras
    other.unlink()
    with pytest.raises(ModuleNotFoundError, match="blocks"):
        tables.table_key(Tiny(), (9, 9, 1))


@pytest.mark.parametrize("content", ["", "[]", '{"format": 1}', '{"format": 0}'])
def test_a_damaged_cache_is_measured_again(measured, caplog, content):
    field = tables.field_of(Tiny(), (9, 9, 1))
    (path,) = tables.cache_folder().iterdir()
    path.write_text(content)
    with caplog.at_level(logging.WARNING):
        assert tables.field_of(Tiny(), (9, 9, 1)) == field
    assert "measured again" in caplog.text
    assert len(measured) == 2
    assert json.loads(path.read_text()) == field.to_json()


def test_an_unwritable_cache_still_answers(measured, caplog, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))  # a file where the folder should be
    with caplog.at_level(logging.WARNING):
        assert tables.field_of(Tiny(), (9, 9, 1)).size == (3, 3)
    assert "not kept" in caplog.text


def test_the_cache_stands_under_home_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tables.cache_folder() == tmp_path / ".cache" / "astrocnn" / "receptive_fields"


def test_a_shape_the_network_does_not_serve():
    with pytest.raises(MismatchError, match="from 45 to 101"):
        tables.field_of(registry.configure("deeplens"), (30, 30, 1))


def test_listing_checking_and_judging_leave_keras_out():
    program = """
import sys
from astrocnn.networks import registry
from astrocnn.receptive_field.coverage import gate
from astrocnn.receptive_field.rows import layer_rows
from astrocnn.receptive_field.tables import field_of
registry.names()
field = field_of(registry.configure("deeplens", {"units_per_block": 3}), (45, 45, 3))
assert gate(field, scale=0.2, unit="arcsec", required=5).level == "warning"
layer_rows(field)
field.covers("5arcsec", "0.2arcsec")
heavy = {"keras", "tensorflow", "jax", "astropy", "matplotlib", "h5py", "scipy"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_rows_of_the_table():
    field = tables.field_of(registry.configure("deeplens"), (45, 45, 1))
    rows = layer_rows(field, scale=0.2, unit="arcsec")
    assert all(tuple(row) == COLUMNS for row in rows)
    by_layer = {row["layer"]: row for row in rows}
    assert by_layer["stem_conv"] == {
        "layer": "stem_conv", "kind": "Conv2D", "kernel": "7", "stride": "1", "dilation": "1", "n": "45",
        "channels": "32", "j": "1", "start": "0.5", "padding": "3", "r": "7", "size": "1.4 arcsec",
        "parameters": "1.57 k", "multiply_adds": "3.18 M", "multiply_adds_fft": "1.38 M",
    }  # fmt: skip
    assert by_layer["block5_unit3_add"]["r"] == "193"
    assert by_layer["global_pool"]["r"] == "whole input"
    assert "block1_unit1_reduce_elu" not in by_layer  # changes nothing
    assert len(layer_rows(field, every_layer=True)) == len(field.layers)
    assert layer_rows(field)[1]["size"] == ""
    costly = {row["layer"]: row["parameters"] for row in layer_rows(field, costs=True)}
    assert costly["probability"] == "513"
    assert "block1_unit1_reduce_norm" not in costly  # its few parameters do no sums
    assert "block1_unit1_reduce_elu" not in costly


def test_tables_of_the_first_format_are_read():
    """Model folders that were written before costs and local paths were known."""
    field = tables.field_of(registry.configure("deeplens"), (45, 45, 1))
    new = {"channels", "parameters", "multiply_adds", "multiply_adds_fft"}
    values = field.to_json()
    kept = [name for name in values["columns"] if name not in new]
    rows = [
        [cell for name, cell in zip(values["columns"], row, strict=True) if name in kept] for row in values["layers"]
    ]
    missing = ("source", "output", "local", "others")
    old = {key: value for key, value in values.items() if key not in missing}
    read = ReceptiveField.from_json({**old, "format": 1, "columns": kept, "layers": rows})
    assert (read.size, read.source, read.output, read.local) == (field.size, "input", "probability", None)
    assert [row.layer for row in read.layers] == [row.layer for row in field.layers]


def test_rows_of_unequal_axes():
    keras = backend.prepare()

    from astrocnn.receptive_field.measure import receptive_field

    inputs = keras.Input((9, 12, 1))
    model = keras.Model(inputs, keras.layers.UpSampling2D((1, 2))(keras.layers.Conv2D(1, (1, 4))(inputs)))
    row = layer_rows(receptive_field(model), scale=0.5, unit="km")[-1]
    assert (row["r"], row["j"], row["stride"], row["size"]) == ("1 x 4", "1 x 0.5", "1 x 0.5", "0.5 x 2 km")

"""Networks by name: listing, options, spelling, and what a network of one's own needs."""

import subprocess
import sys
from typing import ClassVar

import pytest

from astrocnn.errors import MismatchError, PipelineFileError, UnknownName
from astrocnn.networks import registry
from astrocnn.networks.base import Initialisers, Network, probability


class Mean(Network):
    """A network of one's own."""

    name: ClassVar[str] = "mean"
    paper: ClassVar[str] = "none"
    axis_names: ClassVar[tuple[str, ...]] = ("time",)
    sizes: ClassVar[tuple[int, int]] = (1, 1000)

    def connect(self, inputs, outputs, initialisers):
        import keras

        return probability(keras.layers.GlobalAveragePooling1D()(inputs), outputs, initialisers)


@pytest.fixture
def registered():
    registry.register(Mean)
    yield
    registry._NETWORKS.pop("mean")


def test_names_and_summaries():
    assert "deeplens" in registry.names()
    for name in registry.names():
        network = registry.get(name)
        assert network.summary().endswith(".")
        assert network.paper
        assert network.name == name


def test_unknown_name_gets_the_nearest_spelling():
    with pytest.raises(UnknownName, match=r"no network 'deplens'.*did you mean deeplens") as error:
        registry.get("deplens")
    assert error.value.exit_code == 2


def test_unknown_option_gets_the_nearest_spelling():
    with pytest.raises(PipelineFileError, match=r"network deeplens, unit_per_block.*did you mean units_per_block"):
        registry.configure("deeplens", {"unit_per_block": 3})


@pytest.mark.parametrize("options", [{"units_per_block": 0}, {"widths": [3]}, {"widths": []}, {"stem_width": "wide"}])
def test_values_that_are_not_allowed(options):
    with pytest.raises(PipelineFileError, match=f"network deeplens, {next(iter(options))}"):
        registry.configure("deeplens", options)


def test_options_are_frozen_and_have_the_papers_defaults():
    network = registry.configure("deeplens")
    assert network.model_dump() == {"stem_width": 32, "widths": (32, 64, 128, 256, 512), "units_per_block": 3}
    with pytest.raises(ValueError, match="frozen"):
        network.units_per_block = 2


def test_a_network_of_ones_own(registered):
    assert registry.get("mean") is Mean
    registry.register(Mean)  # again is no error
    model = registry.build("mean", (20, 2), outputs=3)
    assert model.output_shape == (None, 3)
    assert model.layers[-1].activation.__name__ == "softmax"
    with pytest.raises(MismatchError, match=r"expected \(time, band\) with time from 1 to 1000"):
        registry.build("mean", (20, 20, 2))
    with pytest.raises(PipelineFileError, match="outputs of 1 or more"):
        registry.build("mean", (20, 2), outputs=0)


def test_two_networks_of_one_name(registered):
    class Other(Mean):
        """Another."""

    with pytest.raises(PipelineFileError, match="two networks have one name"):
        registry.register(Other)


def test_layer_seeds_depend_on_seed_and_name_only():
    seeds = {Initialisers(seed).layer_seed(name) for seed in range(20) for name in ("a", "b", "c")}
    assert len(seeds) == 60
    assert all(0 <= seed < 2**31 for seed in seeds)
    # Written out once: a change would give every stored run other initial weights.
    assert Initialisers(1).layer_seed("stem_conv") == 314331313


def test_listing_imports_no_keras():
    program = (
        "import sys; from astrocnn.networks import registry; registry.configure('deeplens', {'widths': [8, 16]});"
        "sys.exit(bool({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

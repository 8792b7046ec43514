"""InceptionTime: parameters by hand, its field, and where the authors' even kernels lie beside their branches."""

import pytest
from zoo_examples import trainable

from astrocnn.networks import registry
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field


def parameters_by_hand(taps, channels):
    """Convolutions without bias, two parameters of each normalised channel, and the output of 129."""
    total, width = 129, channels
    for module in range(6):
        total += width * 32 if width > 1 else 0  # bottleneck; a curve of one channel has none
        total += (32 if width > 1 else 1) * 32 * taps + width * 32 + 2 * 128
        width = 128
        if module in (2, 5):
            total += (channels if module == 2 else 128) * 128 + 2 * 128
    return total


@pytest.mark.parametrize("channels", [1, 3])
def test_parameters(channels):
    model = registry.build("inceptiontime", (100, channels))
    assert trainable(model) == parameters_by_hand(39 + 19 + 9, channels)
    theirs = registry.build("inceptiontime", (100, channels), kernels=[40, 20, 10])
    assert trainable(theirs) == parameters_by_hand(40 + 20 + 10, channels)


def test_receptive_field():
    field = receptive_field(registry.build("inceptiontime", (500, 1)))
    assert [field.row(f"module{number}_relu").size[0] for number in range(1, 7)] == [39, 77, 115, 153, 191, 229]
    assert (field.jump, field.map_size, field.global_kind, field.misaligned) == ((1,), (500,), "pooling", ())
    assert field.covers("300 h", scale="1 h").level == "error"  # pooled over the curve, nothing puts it together


def test_even_kernels_shift_what_is_seen():
    """By half a sample against the pooled branch; by three halves against a shortcut past three modules."""
    field = receptive_field(registry.build("inceptiontime", (500, 1), kernels=[40, 20, 10]))
    assert field.size == (1 + 6 * 39,)
    assert {finding.offset for finding in field.misaligned if finding.layer.endswith("_join")} == {0.5}
    assert [f.offset for f in field.misaligned if f.layer.endswith("_add")] == [1.5, 1.5]


def test_receptive_field_against_the_gradient():
    model = registry.build("inceptiontime", (160, 2), **registry.get("inceptiontime").smoke_options)
    assert receptive_field(model).size == (115,)
    for position in (0, 80, 159):
        assert confirm(model, position=(position,)).agrees


def test_wiring():
    model = registry.build("inceptiontime", (100, 1))
    names = [layer.name for layer in model.layers]
    assert "module1_bottleneck_conv" not in names
    assert "module2_bottleneck_conv" in names
    assert [name for name in names if name.endswith("_add")] == ["module3_add", "module6_add"]
    # The second shortcut begins where the first one ended.
    (source,) = model.get_layer("module6_shortcut_conv")._inbound_nodes[0].input_tensors
    assert source is model.get_layer("module3_add_relu").output

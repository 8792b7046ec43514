"""The gate, row by row of its table, and its cures: each one is carried out and must then pass."""

import json
import re
from dataclasses import replace

import keras
import pytest
from astropy import units as u
from keras import layers

from astrocnn.errors import PipelineFileError, ReceptiveFieldError
from astrocnn.receptive_field.coverage import gate, limiting_row, plain_number
from astrocnn.receptive_field.measure import receptive_field

KERNELS = ((7, 1), (3, 1), (3, 1), (3, 1))


def built(size=60, head="flatten", kernels=KERNELS, pools=(0, 1), extra=(), dilation=1):
    """Petrillo et al. 2017 by default: 30 px, jump 4. `extra` are (kernel, stride, dilation) before the head."""
    x = inputs = keras.Input((size, size, 1))
    for index, (kernel, stride) in enumerate(kernels):
        last = dilation if index == len(kernels) - 1 else 1
        x = layers.Conv2D(1, kernel, stride, padding="same", dilation_rate=last, name=f"conv{index + 1}")(x)
        if index in pools:
            x = layers.MaxPooling2D(2)(x)
    for kernel, stride, dilated in extra:
        x = layers.Conv2D(1, kernel, stride, padding="same", dilation_rate=dilated)(x)
    if head == "flatten":
        x = layers.Dense(1)(layers.Flatten(name="flat")(x))
    elif head == "pooling":
        x = layers.Dense(1)(layers.GlobalAveragePooling2D(name="pool")(x))
    return keras.Model(inputs, x, name="petrillo")


def network(**options):
    return receptive_field(built(**options))


@pytest.fixture(scope="module")
def fields():
    return {head: network(head=head) for head in ("flatten", "pooling", "dense")}


@pytest.mark.parametrize(
    ("head", "policy", "level"),
    [
        ("flatten", "error", "error"),
        ("flatten", "warn", "warning"),
        ("pooling", "error", "error"),
        ("pooling", "warn", "error"),
        ("dense", "error", "error"),
        ("dense", "warn", "error"),
    ],
)
def test_field_smaller_than_the_object(fields, head, policy, level):
    """A ring of Einstein radius 5 arcsec on KiDS: 10 arcsec = 50 px of 0.2, seen through 30 px = 6 arcsec."""
    verdict = gate(fields[head], scale=0.2, unit="arcsec", required=10, policy=policy)
    assert (verdict.level, verdict.needed, verdict.unit, verdict.policy) == (level, 10, "arcsec", policy)
    assert (verdict.had, verdict.input_size) == pytest.approx((6.0, 12.0))
    assert len(verdict.cures) >= 2
    reason = verdict.reasons[0]
    assert "10 arcsec" in reason
    assert "30 px = 6 arcsec" in reason
    row = fields[head].layers.index(fields[head].row("conv4")) + 1
    assert f"conv4 (row {row} of {len(fields[head].layers)} of the layer table)" in reason
    if level == "error":
        with pytest.raises(ReceptiveFieldError, match="finder: the object needs") as error:
            verdict.raise_if_error("finder")
        assert error.value.expected == "10 arcsec"
        assert error.value.received == "6 arcsec"
    else:
        verdict.raise_if_error()


@pytest.mark.parametrize("policy", ["error", "warn"])
def test_input_smaller_than_the_object(fields, policy):
    verdict = gate(fields["flatten"], scale=0.1, unit="arcsec", required=7, policy=policy)
    assert verdict.level == "error"
    assert "input of 60 px is 6 arcsec, smaller than the object of 7 arcsec" in verdict.reasons[0]
    assert "inputs of at least 70 px" in verdict.cures
    assert any("binned by 2: 60 px of 0.2 arcsec are 12 arcsec" in cure for cure in verdict.cures)


def test_covered(fields):
    verdict = gate(fields["pooling"], scale=0.2, unit="arcsec", required=6)  # exactly the field
    assert (verdict.level, verdict.reasons, verdict.cures) == ("ok", (), ())
    assert verdict.message == "the field covers the object: 6 arcsec"
    assert gate(fields["pooling"]).level == "ok"  # nothing stated, nothing wrong with the shape
    assert gate(fields["pooling"], required=30.001).level == "error"


def test_field_larger_than_the_input():
    verdict = gate(network(size=24, head="pooling"), scale=0.2, unit="arcsec", required=4)
    assert verdict.level == "warning"
    assert "30 px is larger than the input of 24 px" in verdict.message


def test_off_centre():
    """Two 1 x 1 / 2 convolutions read pixels 0, 4, ..., 56 of 60: their middle is 28, not 29.5."""
    verdict = gate(network(kernels=((5, 1), (1, 2), (1, 2)), pools=(), head="pooling"), required=5)
    assert verdict.level == "warning"
    assert "lies -1.5 px off the centre".replace("-", "") in verdict.reasons[0]


def test_misaligned_branches():
    inputs = keras.Input((32, 32, 1))
    branches = [layers.Conv2D(1, kernel, 2, padding="same")(inputs) for kernel in (1, 3)]
    merged = layers.Add(name="merge")(branches)
    field = receptive_field(keras.Model(inputs, layers.GlobalAveragePooling2D()(merged)))
    verdict = gate(field, required=3)
    assert verdict.level == "warning"
    assert any("meet in merge look 1 px apart" in reason for reason in verdict.reasons)


def test_the_shortest_axis_and_the_smallest_phase_count():
    inputs = keras.Input((40, 60, 1))
    x = layers.UpSampling2D(2)(layers.Conv2D(1, (3, 9), padding="same")(layers.MaxPooling2D(2)(inputs)))
    field = receptive_field(keras.Model(inputs, layers.Conv2D(1, 2, padding="same")(x)))
    assert field.phases == ((6, 8), (18, 20))
    assert gate(field, required=7).had == 6
    assert gate(field, scale=(1.0, 0.1), required=1.8).had == pytest.approx(1.8)


def test_cures_are_sufficient(fields):
    """Read every cure for 50 px off the message, build it, and let the gate judge it again."""
    verdict = gate(fields["pooling"], scale=0.2, unit="arcsec", required=10)
    more, dilated, halved, large, binned = verdict.cures
    count = int(re.match(r"(\d+|one) more 3 x 3 stride-2", more)[1].replace("one", "1"))
    wider = {"head": "pooling", "extra": [(3, 2, 1)] * count}
    dilation = int(re.match(r"dilation (\d+) instead of 1 in conv4", dilated)[1])
    assert dilated.endswith("at no cost")
    strided = int(re.match(r"stride 2 instead of 1 in conv(\d)", halved)[1])
    kernels = [(kernel, 2 if n == strided else 1) for n, (kernel, _) in enumerate(KERNELS, start=1)]
    kernel = int(re.match(r"a kernel of (\d+) in one layer more after conv4", large)[1])
    with_kernel = {"head": "pooling", "extra": [(kernel, 1, 1)]}
    with_dilation, with_stride = {"head": "pooling", "dilation": dilation}, {"head": "pooling", "kernels": kernels}
    plain = built(head="pooling")
    for options, cure in ((wider, more), (with_dilation, dilated), (with_stride, halved), (with_kernel, large)):
        model = built(**options)
        cured = receptive_field(model)
        assert f"r = {cured.size[0]} px = {cured.size[0] * 0.2:.4g} arcsec" in cure
        assert gate(cured, scale=0.2, unit="arcsec", required=10).level in ("ok", "warning")
        assert named(cure, "parameters", "+") == pytest.approx(model.count_params() - plain.count_params(), rel=0.01)
        spent = cured.multiply_adds - fields["pooling"].multiply_adds
        assert named(cure, "multiply-adds", "") == pytest.approx(abs(spent), rel=0.01)
    factor = int(re.match(r"the input binned by (\d+)", binned)[1])
    assert gate(fields["pooling"], scale=0.2 * factor, unit="arcsec", required=10).level == "ok"
    # None is larger than it must be: one step less would not do.
    assert network(head="pooling", dilation=dilation - 1).size[0] < 50
    assert network(head="pooling", extra=[(kernel - 2, 1, 1)]).size[0] < 50
    later = [(kernel, 2 if n == strided + 1 else 1) for n, (kernel, _) in enumerate(KERNELS, start=1)]
    assert network(head="pooling", kernels=later).size[0] < 50


def named(cure, what, sign):
    """A number of a cure: `+1.23 k parameters`; none where it costs nothing."""
    found = re.search(rf"{re.escape(sign)}([\d.]+)( [kMG])? {what}", cure)
    return float(found[1]) * {None: 1, " k": 1e3, " M": 1e6, " G": 1e9}[found[2]] if found else 0


def test_a_dense_prediction_keeps_its_stride(fields):
    cures = gate(fields["dense"], scale=0.2, unit="arcsec", required=10).cures
    assert cures[0].startswith("3 more 3 x 3 stride-1 layers after conv4: r = 54 px = 10.8 arcsec")


def test_a_small_map_gets_no_stride_and_no_dilation():
    field = network(size=12, head="pooling", kernels=((3, 2), (3, 2)), pools=())
    assert field.map_size == (3, 3)
    cures = gate(field, required=40 * 0.3, scale=0.3).cures
    assert not any("stride-2" in cure or cure.startswith("dilation") for cure in cures)
    assert len(cures) >= 2


def test_curves_in_hours():
    """A transit of 3 h at 2 min cadence is 90 samples; Pearson et al. 2018 see 8 of them, 16 min."""
    inputs = keras.Input((180, 1))
    x = layers.AveragePooling1D(3)(layers.Conv1D(1, 6, name="conv")(inputs))
    field = receptive_field(keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)), name="pearson"))
    verdict = field.covers("3h", "2min")
    assert (verdict.level, verdict.unit) == ("error", "hour")
    assert verdict.had == pytest.approx(16 / 60)
    assert verdict.input_size == pytest.approx(6)
    assert field.covers(3 * u.hour, 2 * u.min, policy="warn").level == "warning"
    assert "one dense layer" in verdict.reasons[0]


def test_squeeze_and_excite_does_not_end_the_field():
    """Its averages weigh the channels of a map whose features go on: the gate judges these, at the last pooling."""
    x = inputs = keras.Input((60, 60, 1))
    for number in range(3):
        x = layers.Conv2D(4, 9, padding="same")(x)
        weights = layers.Dense(4)(layers.GlobalAveragePooling2D(keepdims=True, name=f"squeeze{number}")(x))
        x = layers.Multiply()([x, weights])
    field = receptive_field(keras.Model(inputs, layers.GlobalMaxPooling2D(name="pool")(x)))
    assert (field.global_at, field.size) == ("squeeze0", (9, 9))
    assert gate(field, required=25).level == "ok"
    verdict = gate(field, required=26)
    assert verdict.level == "error"
    assert "25 px" in verdict.reasons[0]
    assert "pool pools what no feature sees as a whole" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("layer", "words"),
    [(lambda: layers.LSTM(3), "its memory"), (lambda: layers.Attention(), "attention")],
)
def test_what_weighs_positions_can_be_meant(layer, words):
    inputs = keras.Input((60, 2))
    x = layers.Conv1D(2, 5)(inputs)
    made = layer()
    field = receptive_field(keras.Model(inputs, made([x, x]) if words == "attention" else made(x)))
    verdict = gate(field, required=9)
    assert verdict.level == "error"
    assert words in verdict.reasons[0]
    assert gate(field, required=9, policy="warn").level == "warning"


def test_covers_takes_quantities(fields):
    field = fields["pooling"]
    assert field.covers(6 * u.arcsec, scale=0.2 * u.arcsec).level == "ok"
    assert field.covers(0.1 * u.arcmin, scale=0.2 * u.arcsec / u.pixel).unit == "arcsec"
    assert field.covers(31).unit == "px"
    assert field.covers("6arcsec", "0.1arcsec", binning=2).had == pytest.approx(6)
    assert field.covers("1.4 r90", "0.05r90").level == "ok"
    assert field.covers(2, 0.05, unit="r90").message.startswith("the object needs 2 r90")
    assert plain_number(1 * u.m) == (0.001, "km")
    with pytest.raises(ReceptiveFieldError, match="different units"):
        field.covers("3h", "0.2arcsec")
    with pytest.raises(ReceptiveFieldError, match="neither"):
        field.covers(3 * u.Jy)


@pytest.mark.parametrize(
    "wrong",
    [
        {"policy": "ignore"},
        {"scale": 0.0},
        {"scale": (0.1, 0.1, 0.1)},
        {"scale": float("nan")},
        {"required": -1.0},
    ],
)
def test_wrong_arguments(fields, wrong):
    with pytest.raises(PipelineFileError):
        gate(fields["pooling"], **wrong)


def test_verdict_as_json(fields):
    verdict = gate(fields["flatten"], scale=0.2, unit="arcsec", required=10, policy="warn")
    values = json.loads(json.dumps(verdict.to_json()))
    assert values["message"] == verdict.message
    assert values["cures"] == list(verdict.cures)
    assert values["limiting_layer"] == "conv4"


def test_limiting_row_ignores_branches_that_do_not_matter(fields):
    rows = fields["pooling"].layers
    aside = replace(rows[-1], layer="aside", size=(99, 99), critical=False)
    assert limiting_row(replace(fields["pooling"], layers=(*rows, aside))).layer == "conv4"

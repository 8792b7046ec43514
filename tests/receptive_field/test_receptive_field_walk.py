"""The walk over Keras graphs: kinds of models, kinds of layers, and what it refuses."""

import keras
import pytest
from keras import layers

from astrocnn.errors import ReceptiveFieldError, UnknownName
from astrocnn.receptive_field.field import ReceptiveField
from astrocnn.receptive_field.measure import receptive_field
from astrocnn.receptive_field.rules import register_rule, registry


@keras.saving.register_keras_serializable("test")
class Shuffle(layers.Layer):
    """A layer that nobody has given a rule."""

    def call(self, x):
        return x


class Widened(layers.Conv2D):
    """A subclass of a Keras layer may compute something else, so its parent's rule is not taken."""


def functional(shape, connect):
    inputs = keras.Input(shape, name="image")
    return keras.Model(inputs, connect(inputs), name="tiny")


def test_the_package_is_callable():
    import astrocnn.receptive_field

    model = functional((9, 9, 1), layers.Conv2D(1, 3))
    assert astrocnn.receptive_field(model) == receptive_field(model)


def test_unequal_axes_and_even_kernels():
    field = receptive_field(functional((20, 30, 2), layers.Conv2D(1, (2, 5), strides=(1, 2), padding="same")))
    # Even kernel: Keras pads after, so the first field begins on the first pixel; 5 / 2 on 30: total 3, one before.
    assert (field.size, field.jump, field.padding, field.map_size) == ((2, 5), (1, 2), (0, 1), (20, 15))
    assert field.start == (1.0, 1.5)


@pytest.mark.parametrize(
    ("shape", "layer", "size", "map_size"),
    [
        ((20, 3), layers.Conv1D(2, 3, padding="causal", dilation_rate=2), (5,), (20,)),
        ((9, 9, 3), layers.DepthwiseConv2D(3), (3, 3), (7, 7)),
        ((20, 3), layers.DepthwiseConv1D(3), (3,), (18,)),
        ((9, 9, 3), layers.SeparableConv2D(2, 5, padding="same"), (5, 5), (9, 9)),
        ((8, 8, 8, 1), layers.Conv3D(1, (1, 2, 3)), (1, 2, 3), (8, 7, 6)),
        ((8, 8, 8, 1), layers.AveragePooling3D(2), (2, 2, 2), (4, 4, 4)),
        ((9, 3), layers.MaxPooling1D(2, padding="same"), (2,), (5,)),
        ((9, 3), layers.ZeroPadding1D((1, 2)), (1,), (12,)),
        ((9, 9, 1), layers.Cropping2D(((1, 2), (0, 3))), (1, 1), (6, 6)),
        ((9, 9, 1), layers.UpSampling2D((2, 3)), (1, 1), (18, 27)),
        ((9, 9, 1), layers.Conv2DTranspose(1, 4, strides=2, padding="same"), (2, 2), (18, 18)),
        ((9, 9, 1), layers.Dense(4), (1, 1), (9, 9)),
        ((9, 9, 1), layers.LayerNormalization(), (1, 1), (9, 9)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, layers.Layer) else None,
)
def test_layers(shape, layer, size, map_size):
    """Map sizes are compared with Keras's own inside the walk; sizes follow from the kernels."""
    field = receptive_field(functional(shape, layer))
    assert (field.size, field.map_size) == (size, map_size)


def test_what_reads_all_positions_is_global():
    head = [layers.Conv2D(2, 3, name="conv"), layers.Flatten(name="flat"), layers.Dropout(0.5), layers.Dense(1)]
    field = receptive_field(keras.Sequential([keras.Input((9, 9, 1)), *head]))
    assert (field.global_at, field.global_kind, field.measured_at) == ("flat", "flatten", "conv")
    assert (field.size, field.map_size) == ((3, 3), (7, 7))
    assert field.layers[-1].size == ()
    # A layer before the global operation is a dense map by itself.
    assert receptive_field(keras.Sequential([keras.Input((9, 9, 1)), *head]), "conv").global_at is None


def test_squeeze_and_excite_is_global_and_the_local_path_goes_on():
    def connect(x):
        x = layers.Conv2D(4, 3)(x)
        weights = layers.Dense(4)(layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x))
        return layers.Conv2D(1, 3, name="last")(layers.Multiply()([x, weights]))

    field = receptive_field(functional((9, 9, 1), connect))
    assert (field.global_at, field.size) == ("squeeze", (3, 3))
    assert field.layers[-1].size == (5, 5)
    assert (field.local.size, field.local.measured_at, field.local.global_at) == ((5, 5), "last", None)
    assert [row.layer for row in field.layers if row.critical][-1] == "last"
    pooled = receptive_field(functional((9, 9, 1), lambda x: layers.GlobalMaxPooling2D(name="pool")(connect(x))))
    assert (pooled.global_at, pooled.local.global_at, pooled.local.size) == ("squeeze", "pool", (5, 5))
    assert ReceptiveField.from_json(pooled.to_json()) == pooled
    # A plain chain has one global operation and no other path.
    assert receptive_field(functional((9, 9, 1), lambda x: layers.Flatten()(x))).local is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.LSTM(3, name="reads"),
        lambda: layers.GRU(3, return_sequences=True, name="reads"),
        lambda: layers.Bidirectional(layers.SimpleRNN(3), name="reads"),
        lambda: layers.RNN(layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(2)]), name="reads"),
    ],
)
def test_recurrent_layers_read_all_steps(make):
    field = receptive_field(functional((30, 2), lambda x: layers.Dense(1)(make()(layers.Conv1D(4, 5, name="conv")(x)))))
    assert (field.global_at, field.global_kind, field.measured_at, field.size) == ("reads", "recurrence", "conv", (5,))


@pytest.mark.parametrize("causal", [False, True])
def test_attention_reads_all_positions_of_what_is_attended_to(causal):
    def connect(x):
        narrow, wide = layers.Conv1D(4, 3, name="query")(x), layers.Conv1D(4, 7, strides=2, name="value")(x)
        read = layers.MultiHeadAttention(2, 4, name="reads")(narrow, wide, use_causal_mask=causal)
        return layers.Dense(1)(layers.LayerNormalization()(read))

    field = receptive_field(functional((30, 2), connect))
    assert (field.global_at, field.global_kind, field.measured_at, field.size) == ("reads", "attention", "value", (7,))


def test_layers_that_augment_are_idle_when_scored():
    field = receptive_field(functional((20, 20, 1), lambda x: layers.Conv2D(1, 3)(layers.RandomRotation(0.5)(x))))
    assert field.size == (3, 3)


def test_of_several_global_operations_the_one_with_the_largest_field_counts():
    def connect(x):
        first = layers.Conv2D(1, 3)(x)
        second = layers.Conv2D(1, 5, name="wide")(first)
        pools = [layers.GlobalMaxPooling2D()(first), layers.GlobalMaxPooling2D(name="late")(second)]
        return layers.Dense(1)(layers.Concatenate()(pools))

    field = receptive_field(functional((20, 20, 1), connect))
    assert (field.global_at, field.measured_at, field.size) == ("late", "wide", (7, 7))


def test_critical_rows_are_those_of_the_largest_branch():
    def connect(x):
        branches = [layers.Conv2D(1, k, padding="same", name=f"conv{k}")(x) for k in (1, 5, 3)]
        return layers.Conv2D(1, 3, name="last")(layers.Concatenate(name="join")(branches))

    field = receptive_field(functional((20, 20, 1), connect))
    assert field.size == (7, 7)
    assert [row.layer for row in field.layers if row.critical] == ["conv5", "join", "last"]


def test_nested_shared_and_called_twice():
    block = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(1, 3, name="conv")], name="block")
    field = receptive_field(functional((20, 20, 1), lambda x: block(block(x))))
    assert [row.layer for row in field.layers] == ["image", "block/conv", "block#2/conv"]
    assert field.size == (5, 5)
    for ask in ("block/conv", "conv", block.get_layer("conv")):
        assert receptive_field(functional((20, 20, 1), block), ask).measured_at == "block/conv"
    assert receptive_field(functional((20, 20, 1), lambda x: block(block(x))), "block").size == (3, 3)
    shared = layers.Conv2D(1, 3, padding="same", name="shared")
    field = receptive_field(functional((20, 20, 1), lambda x: shared(shared(shared(x)))))
    assert field.row("shared#3").size == (7, 7)
    assert receptive_field(functional((20, 20, 1), lambda x: shared(shared(x))), "shared").size == (3, 3)


def test_operators_in_the_graph():
    def connect(x):
        return keras.ops.relu(layers.Conv2D(1, 3, padding="same")(x) + x) * 2.0

    assert receptive_field(functional((9, 9, 1), connect)).size == (3, 3)
    with pytest.raises(ReceptiveFieldError, match="no receptive-field rule for layers of class Average"):
        receptive_field(functional((9, 9, 1), lambda x: keras.ops.average(x, axis=1)))


def test_channels_first():
    inputs = keras.Input((1, 20, 24))
    x = layers.Conv2D(4, 3, padding="same", data_format="channels_first")(inputs)
    x = layers.Concatenate(axis=1)([x, x])
    x = layers.MaxPooling2D(2, data_format="channels_first")(x)
    field = receptive_field(keras.Model(inputs, x))
    assert (field.input_size, field.size, field.map_size) == ((20, 24), (4, 4), (10, 12))
    with pytest.raises(ReceptiveFieldError, match="spatial axis"):
        receptive_field(keras.Model(inputs, layers.Dense(3)(x)))


def test_several_inputs():
    image, other, numbers = keras.Input((9, 9, 1), name="image"), keras.Input((20, 1), name="curve"), keras.Input((4,))
    features = [layers.Flatten()(layers.Conv2D(1, 3)(image)), layers.Flatten()(layers.Conv1D(1, 5)(other)), numbers]
    model = keras.Model([image, other, numbers], layers.Dense(1)(layers.Concatenate()(features)))
    field = receptive_field(model)
    assert (field.source, field.size) == ("image", (3, 3))
    assert [(other.source, other.size) for other in field.others] == [("curve", (5,))]
    assert receptive_field(model, source="image").others == ()
    assert receptive_field(model, source="curve").size == (5,)
    with pytest.raises(UnknownName, match="did you mean curve"):
        receptive_field(model, source="cuvre")


def test_several_outputs():
    inputs = keras.Input((9, 9, 1))
    first = layers.Conv2D(1, 3, name="first")(inputs)
    pooled = layers.GlobalMaxPooling2D(name="pool")(layers.Conv2D(1, 3, name="second")(first))
    model = keras.Model(inputs, [first, pooled])
    field = receptive_field(model)
    assert (field.output, field.size, field.global_at) == ("first", (3, 3), None)
    assert [(other.output, other.size, other.global_at) for other in field.others] == [("pool", (5, 5), "pool")]
    assert [row.layer for row in field.layers][1:] == ["first"]  # only what leads to it
    assert receptive_field(model, "second").size == (5, 5)
    assert receptive_field(model, model.get_layer("first")).size == (3, 3)
    assert ReceptiveField.from_json(field.to_json()) == field


def test_open_sizes_need_an_input_shape():
    model = functional((None, None, 1), layers.Conv2D(1, 3, strides=2, padding="same"))
    with pytest.raises(ReceptiveFieldError, match="input_shape"):
        receptive_field(model)
    # 3 / 2 on 8 pixels: one padded, after; on 9: one on each side.
    assert receptive_field(model, input_shape=(8, 9, 1)).padding == (0, 1)


def test_a_layer_without_rule_shows_how_to_register_one():
    model = functional((9, 9, 1), Shuffle(name="shuffle"))
    with pytest.raises(ReceptiveFieldError, match="shuffle: there is no receptive-field rule") as error:
        receptive_field(model)
    lines = error.value.fix.splitlines()[1:]
    assert len(lines) == 3
    try:
        exec("\n".join(line.strip() for line in lines), {})
        assert receptive_field(model).size == (1, 1)
    finally:
        registry._OWN_RULES.pop("Shuffle")
    with pytest.raises(ReceptiveFieldError, match="Widened"):
        receptive_field(functional((9, 9, 1), Widened(1, 3)))


def test_a_wrong_rule_is_found_out():
    register_rule("Widened")(lambda layer, inputs: inputs[0])
    try:
        with pytest.raises(ReceptiveFieldError, match=r"disagrees with Keras.*expected \(7, 7\); received \(9, 9\)"):
            receptive_field(functional((9, 9, 1), Widened(1, 3)))
    finally:
        registry._OWN_RULES.pop("Widened")


@pytest.mark.parametrize(
    ("connect", "message"),
    [
        (lambda x: layers.Concatenate(axis=1)([x, x]), "along their channels"),
        (lambda x: layers.Reshape((27, 3))(x), "cannot be followed"),
        (lambda x: layers.Softmax(axis=1)(x), "along a spatial axis"),
        (lambda x: layers.EinsumDense("abcd,be->aecd", output_shape=(5, 9, 1))(x), "mixes positions"),
        (lambda x: layers.Permute((2, 1, 3))(x), "spatial axes change places"),
        (lambda x: layers.Resizing(5, 5, crop_to_aspect_ratio=True)(x), "aspect ratio"),
        (lambda x: layers.CenterCrop(10, 10)(x), "smaller than the crop"),
        (lambda x: layers.Conv1D(1, 3)(layers.Reshape((81, 1))(x)), "number of spatial axes"),
        (lambda x: keras.ops.pad(x, 1, mode="reflect"), "what stands inside"),
        (lambda x: x[:, ::-1], "positive steps"),
        (lambda x: x[:, 3], "only slices"),
        (lambda x: keras.ops.mean(x, axis=0), "objects of a batch are mixed"),
        (lambda x: keras.ops.mean(x, axis=1, keepdims=True), "keeps an axis of which nothing is left"),
        (lambda x: keras.ops.split(x, 3, axis=1)[0], "only be split along their channels"),
        (lambda x: layers.Lambda(lambda y: y, output_shape=(9, 9, 1))(x), "no receptive-field rule"),
        (lambda x: layers.Add()([layers.Cropping2D(2)(x), layers.MaxPooling2D(2, padding="same")(x)]), "jump"),
        (lambda x: layers.Add()([x, layers.Conv2D(1, 9)(x)]), "map size"),
    ],
)
def test_refusals(connect, message):
    with pytest.raises(ReceptiveFieldError, match=message):
        receptive_field(functional((9, 9, 1), connect))


def test_models_without_a_graph():
    with pytest.raises(ReceptiveFieldError, match="no graph"):
        receptive_field(keras.Sequential([layers.Dense(1)]))
    with pytest.raises(ReceptiveFieldError, match="not a Keras model"):
        receptive_field(3)
    with pytest.raises(ReceptiveFieldError, match="no input with spatial axes"):
        receptive_field(functional((9,), layers.Dense(1)))


def test_unknown_layer_gets_the_nearest_spelling():
    model = functional((9, 9, 1), layers.Conv2D(1, 3, name="stem_conv"))
    for ask in (lambda: receptive_field(model, "stem_cnov"), lambda: receptive_field(model).row("stem_cnov")):
        with pytest.raises(UnknownName, match="did you mean stem_conv"):
            ask()


def test_json_round_trip():
    inputs = keras.Input((8, 9, 1))
    x = layers.Conv2D(1, 3, 2, padding="same")(inputs)
    x = layers.UpSampling2D(2)(layers.Add()([x, layers.Conv2D(1, 1, 2, padding="same")(inputs)]))
    field = receptive_field(keras.Model(inputs, layers.GlobalMaxPooling2D()(x)))
    values = field.to_json()
    assert ReceptiveField.from_json(values) == field
    assert field.misaligned
    with pytest.raises(ReceptiveFieldError, match="format"):
        ReceptiveField.from_json({**values, "format": 99})

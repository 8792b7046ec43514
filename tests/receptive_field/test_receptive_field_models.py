"""Models and layers made of layers, with a `call` of their own: Keras traces them, or says why it cannot."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.effective import effective_field
from astrocnn.receptive_field.measure import receptive_field


class Residual(layers.Layer):
    """Two convolutions and what goes past them."""

    def __init__(self, dilation, **options):
        super().__init__(**options)
        self.first = layers.Conv2D(4, 3, padding="same", dilation_rate=dilation, name="first")
        self.second = layers.Conv2D(4, 3, padding="same", name="second")

    def call(self, x, training=None):
        y = self.second(ops.relu(self.first(x)))
        return x + keras.random.dropout(y, 0.5) if training else x + y


class Own(keras.Model):
    """Blocks in a model of one's own."""

    def __init__(self, **options):
        super().__init__(**options)
        self.stem = layers.Conv2D(4, 5, name="stem")
        self.blocks = [Residual(1, name="narrow"), Residual(2, name="wide")]
        self.head = layers.Dense(2, name="head")

    def call(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(ops.max(x, axis=(1, 2)))


class Untraceable(keras.Model):
    """Computes outside of Keras."""

    def call(self, x):
        return np.asarray(x).sum()


def test_a_subclass_by_its_input_shape_and_by_what_it_was_called_with():
    field = receptive_field(Own(name="own"), input_shape=(30, 30, 1))
    assert (field.size, field.global_kind, field.network) == ((5 + 4 + 6, 5 + 4 + 6), "pooling", "own")
    assert [row.layer for row in field.layers if row.kind == "Conv2D"][1:3] == ["narrow/first", "narrow/second"]
    called = Own(name="own")
    called(np.zeros((2, 30, 30, 1), "float32"))
    again = receptive_field(called)
    assert (again.size, again.input_size, again.multiply_adds) == (field.size, field.input_size, field.multiply_adds)
    assert receptive_field(called, "narrow").size == (9, 9)
    assert field.parameters == called.count_params()


def test_a_subclass_inside_a_functional_model_and_its_gradient():
    inputs = keras.Input((24, 20, 1))
    x = layers.Conv2D(4, 3, strides=2)(inputs)
    model = keras.Model(inputs, layers.MaxPooling2D(2)(Residual(2, name="block")(x)))
    assert receptive_field(model).size == (3 + 2 * 6 + 2, 3 + 2 * 6 + 2)
    assert confirm(model).agrees
    assert confirm(model, "block/first").agrees


def test_gradients_inside_nested_models():
    """A backbone inside a classifier is what most people have."""
    backbone = keras.Sequential([keras.Input((20, 20, 1)), layers.Conv2D(2, 3), layers.MaxPooling2D(2)], name="body")
    model = keras.Sequential([keras.Input((20, 20, 1)), backbone, layers.GlobalMaxPooling2D(), layers.Dense(1)])
    outcome = confirm(model)
    assert outcome.agrees
    assert outcome.layer.startswith("body/max_pooling")


def test_a_model_that_cannot_be_traced_says_why():
    with pytest.raises(ReceptiveFieldError, match=r"odd: Keras cannot trace.*fix"):
        receptive_field(Untraceable(name="odd"), input_shape=(9, 9, 1))
    with pytest.raises(ReceptiveFieldError, match="give input_shape="):
        receptive_field(Own())


class Pair(keras.Model):
    """Takes its inputs as a dictionary."""

    def __init__(self, **options):
        super().__init__(**options)
        self.wide, self.narrow = layers.Conv2D(1, 5, padding="same"), layers.Conv2D(1, 3, padding="same")

    def call(self, pair):
        return self.wide(pair["left"]) + self.narrow(pair["right"])


class Two(Pair):
    """Takes them as two arguments, of which Keras keeps the shape of the first alone."""

    def call(self, left, right):
        return super().call({"left": left, "right": right})


def test_several_inputs_of_a_subclass():
    images = {side: np.zeros((1, 9, 9, 1), "float32") for side in ("left", "right")}
    model = Pair()
    model(images)
    field = receptive_field(model)
    assert {(one.source, one.size) for one in (field, *field.others)} == {("left", (5, 5)), ("right", (3, 3))}
    assert confirm(model, source="right").agrees
    model = Two()
    model(**images)
    with pytest.raises(ReceptiveFieldError, match="missing 1 required positional argument"):
        receptive_field(model)


def test_curves_without_a_channel():
    """As light curves come: (time,), which the network first makes (time, 1)."""
    for give in (layers.Reshape((60, 1)), lambda x: ops.expand_dims(x, -1)):
        inputs = keras.Input((60,), name="flux")
        x = layers.Conv1D(4, 5, dilation_rate=2, name="conv")(give(inputs))
        model = keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D(name="pool")(x)))
        field = receptive_field(model)
        assert (field.source, field.input_size, field.size, field.global_at) == ("flux", (60,), (9,), "pool")
        assert confirm(model).agrees
        assert np.count_nonzero(effective_field(model, number=2).weights) == 5

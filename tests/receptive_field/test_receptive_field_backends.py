"""The same numbers on JAX, and networks of keras.applications against published tables."""

import importlib.util
import os
import subprocess
import sys

import pytest

from astrocnn.receptive_field.measure import receptive_field

PROGRAM = """
import keras
from astrocnn.networks import registry
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.tables import field_of, measure
assert keras.backend.backend() == "jax"
deeplens = registry.configure("deeplens")
assert measure(deeplens, (45, 45, 1)) == field_of(deeplens, (45, 45, 1))
inputs = keras.Input((17, 14, 1))
x = keras.layers.Conv2D(2, 4, 3, padding="same")(inputs)
x = keras.layers.Conv2DTranspose(1, 4, 2, padding="same")(x)
x = keras.layers.MaxPooling2D(3, 2, padding="same")(x)
for position in ((0, 0), (1, 2), (2, 3)):
    assert confirm(keras.Model(inputs, x), position=position).agrees
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_jax_gives_the_same_numbers():
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "pixels", "expected"),
    # google-research/receptive_field, table of networks: size, stride, padding. Keras pads the first pooling of ResNet
    # by one pixel where TensorFlow-Slim has an uneven "same": 2 px more padding than the 239 and 751 given there.
    [
        ("ResNet50", 224, (483, 32, 239 + 2)),
        ("ResNet152", 224, (1507, 32, 751 + 2)),
        ("MobileNet", 224, (315, 32, 126)),
        ("InceptionV3", 299, (1311, 32, 618)),
        ("VGG16", 224, (212, 32, 90)),
    ],
)
def test_keras_applications(name, pixels, expected):
    import keras

    model = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(pixels, pixels, 3))
    field = receptive_field(model)
    assert (field.size[0], field.jump[0], field.padding[0]) == expected
    assert field.misaligned == ()
    assert field.global_at is None

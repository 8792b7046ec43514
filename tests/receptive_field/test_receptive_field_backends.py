"""The same numbers on JAX, and networks of keras.applications against published tables."""

import importlib.util
import math
import os
import subprocess
import sys

import keras
import pytest

from astrocnn.receptive_field.confirm import confirm, roomy_shape
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


APPLICATIONS = (
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge", "DenseNet121", "DenseNet169",
    "DenseNet201", "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3", "EfficientNetB4",
    "EfficientNetB5", "EfficientNetB6", "EfficientNetB7", "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2",
    "EfficientNetV2B3", "EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S", "InceptionResNetV2", "InceptionV3",
    "MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small", "NASNetLarge", "NASNetMobile", "ResNet101",
    "ResNet101V2", "ResNet152", "ResNet152V2", "ResNet50", "ResNet50V2", "VGG16", "VGG19", "Xception",
)  # fmt: skip
# google-research/receptive_field, table of networks: size, stride, padding. Keras pads the first pooling of ResNet by
# one pixel where TensorFlow-Slim has an uneven "same": 2 px more padding than the 239, 511 and 751 given there.
PUBLISHED = {
    "ResNet50": (483, 32, 239 + 2),
    "ResNet101": (1027, 32, 511 + 2),
    "ResNet152": (1507, 32, 751 + 2),
    "MobileNet": (315, 32, 126),
    "InceptionV3": (1311, 32, 618),
    "InceptionResNetV2": (3039, 32, 1482),
    "VGG16": (212, 32, 90),
}


def application(name):
    model = getattr(keras.applications, name)(weights=None)
    return model, None if model.input_shape[1] else (224, 224, 3)


@pytest.mark.slow
def test_all_applications_are_known():
    assert {name for name in dir(keras.applications) if name[0].isupper()} <= set(APPLICATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_keras_applications(name):
    """Each ends in one pooling or Flatten; squeeze-and-excite comes before it and leaves a local path."""
    if not hasattr(keras.applications, name):
        pytest.skip(f"this Keras has no {name}")
    keras.backend.clear_session()
    model, shape = application(name)
    field = receptive_field(model, input_shape=shape)
    assert field.parameters == sum(math.prod(variable.shape) for variable in model.trainable_variables)
    if name in PUBLISHED:
        assert (field.size[0], field.jump[0], field.padding[0]) == PUBLISHED[name]
    squeezed = name.startswith(("EfficientNet", "MobileNetV3"))
    assert (field.local is not None) == squeezed
    assert ("se_squeeze" in field.global_at or "squeeze_excite" in field.global_at) == squeezed
    ending = field.local or field
    assert ending.global_kind == ("flatten" if name.startswith("VGG") else "pooling")
    assert ending.jump == (32, 32)
    assert ending.size[0] > 200
    assert len(field.misaligned) == {"Xception": 1}.get(name, 18 if name.startswith("NASNet") else 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "InceptionV3", "MobileNetV2", "NASNetMobile", "Xception"]
)
def test_whole_fields_of_keras_applications_by_their_gradient(name):
    """At an input in which the middle feature sees no padding, the gradient has the size that the rules give."""
    keras.backend.clear_session()
    model, shape = application(name)
    field = receptive_field(model, input_shape=shape)
    ending = field.local or field
    outcome = confirm(model, ending.measured_at, input_shape=roomy_shape(model, ending, shape or model.input_shape[1:]))
    assert outcome.agrees
    assert [last - first + 1 for first, last in outcome.measured] == list(ending.size)

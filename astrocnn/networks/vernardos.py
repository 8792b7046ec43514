"""The network of Vernardos & Tsagkatakis 2019 (MNRAS 486, 1944) for light curves of microlensed quasars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from astrocnn.networks.base import Answer, Initialisers, Network, probability, values_with_uncertainty
from astrocnn.networks.blocks import convolution, dense_head
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class Vernardos(Network):
    """Groups of long convolutions for accretion discs in microlensing curves (Vernardos & Tsagkatakis 2019).

    Five groups of convolutions over 10, 20 and 50 samples with a shortcut past them, maximum pooling over 3 in steps of
    2 and batch normalisation; two dense layers without activation. As the authors coded it
    (github.com/gtsagkatakis/CNN_lightcurve), with ten classes of disc size. `answers: values` measures instead: the
    logarithm of the half-light radius and the slope of temperature with radius, each with its uncertainty; the slope
    takes curves in several bands. A feature sees 2450 samples. Kernels of an even length shift what they see by half a
    sample, and a group of three by 1.5 samples against its shortcut.
    """

    name: ClassVar[str] = "vernardos"
    paper: ClassVar[str] = "Vernardos & Tsagkatakis 2019, MNRAS 486, 1944"
    axis_names: ClassVar[tuple[str, ...]] = ("time",)
    sizes: ClassVar[tuple[int, int]] = (100, 10_000)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((500, 1), (1000, 1), (2000, 1))
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"filters": 4, "kernels": [4, 8], "groups": 2, "dense_widths": [8]}

    answers: Literal["classes", "values"] = Field(
        "classes", description="probabilities of classes, or values each with its uncertainty"
    )
    filters: Width = Field(32, description="filters of every convolution")
    kernels: tuple[Width, ...] = Field((10, 20, 50), min_length=1, description="samples each convolution reads")
    groups: int = Field(5, ge=1, le=6, description="groups of convolutions, each of which halves the sampling")
    dense_widths: tuple[Width, ...] = Field((128, 32), description="units of the dense layers")
    dropout: float = Field(0.75, ge=0, lt=1, description="share that is dropped after each dense layer")
    penalty: float = Field(0.1, ge=0, description="times the sum of squared weights of each dense layer, in the loss")

    @property
    def answer(self) -> Answer:
        """What the network gives for an object."""
        return self.answers

    @property
    def usual_outputs(self) -> int:
        """Ten classes, or two values with their uncertainties."""
        return 10 if self.answers == "classes" else 4

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = convolution(inputs, "stem", self.filters, 1, initialisers, kind="glorot_uniform")
        for group in range(1, self.groups + 1):
            features = self._group(features, f"group{group}", initialisers)
        features = keras.layers.Flatten(name="flatten")(features)
        features = dense_head(
            features, self.dense_widths, "linear", initialisers, dropouts=[self.dropout] * len(self.dense_widths),
            kernel_regularizer=keras.regularizers.L2(self.penalty),
        )  # fmt: skip
        last = probability if self.answers == "classes" else values_with_uncertainty
        return last(features, outputs, initialisers)

    def _group(self, features: Any, name: str, initialisers: Initialisers) -> Any:
        import keras

        branch = features
        for number, kernel in enumerate(self.kernels, start=1):
            branch = convolution(
                branch, f"{name}_{number}", self.filters, kernel, initialisers, kind="glorot_uniform", activation="relu"
            )
        features = keras.layers.Add(name=f"{name}_add")([features, branch])
        features = keras.layers.MaxPooling1D(3, 2, padding="same", name=f"{name}_pool")(features)
        return keras.layers.BatchNormalization(name=f"{name}_norm")(features)

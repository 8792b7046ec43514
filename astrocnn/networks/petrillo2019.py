"""The residual networks of Petrillo et al. 2019 (MNRAS 482, 807; 484, 3879), one for one band and one for three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import normalised, padded_convolution, residual_unit
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class Petrillo2019(Network):
    """ResNet-18 for lenses in KiDS, on one band or three (Petrillo et al. 2019).

    Basic units of two 3 x 3 convolutions (He et al. 2016, CVPR, table 1), two in each of four stages. The papers say
    ResNet-18 and do not give the stem: `imagenet` is that of He et al., 7 x 7 with stride 2 and pooling, after which
    a feature sees 435 px and a 60 px stamp has shrunk to 2 x 2; `small` is 3 x 3 without either, 109 px and 8 x 8.
    """

    name: ClassVar[str] = "petrillo2019"
    paper: ClassVar[str] = "Petrillo et al. 2019, MNRAS 482, 807 and 484, 3879"
    sizes: ClassVar[tuple[int, int]] = (32, 256)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((60, 60, 1), (60, 60, 3))
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"widths": [4, 8], "units_per_stage": 1}

    stem: Literal["imagenet", "small"] = Field("imagenet", description="7 x 7 / 2 and pooling, or 3 x 3")
    widths: tuple[Width, ...] = Field((64, 128, 256, 512), min_length=1, description="filters of each stage")
    units_per_stage: int = Field(2, ge=1, description="residual units in each stage")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = self._stem(inputs, initialisers)
        for stage, width in enumerate(self.widths, start=1):
            for unit in range(1, self.units_per_stage + 1):
                stride = 2 if stage > 1 and unit == 1 else 1
                features = residual_unit(features, f"stage{stage}_unit{unit}", width, stride, initialisers)
        features = keras.layers.GlobalAveragePooling2D(name="global_pool")(features)
        return probability(features, outputs, initialisers)

    def _stem(self, inputs: Any, initialisers: Initialisers) -> Any:
        import keras

        kernel, stride = (7, 2) if self.stem == "imagenet" else (3, 1)
        features = padded_convolution(inputs, "stem", self.widths[0], kernel, stride, initialisers, use_bias=False)
        features = normalised(features, "stem")
        if self.stem == "small":
            return features
        # What is pooled is not negative, so that the zeros around it are never the largest.
        features = keras.layers.ZeroPadding2D(1, name="stem_pool_pad")(features)
        return keras.layers.MaxPooling2D(3, 2, name="stem_pool")(features)

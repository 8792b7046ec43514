"""ConvNeXt (Liu et al. 2022, CVPR, "A ConvNet for the 2020s") in a small form for stamps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, dense
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]
Depth = Annotated[int, Field(ge=1)]

EPSILON = 1e-6
"""Of every layer normalisation (authors' code)."""


@register
class ConvNeXt(Network):
    """Modern base line for stamps: ConvNeXt, 7 x 7 depthwise convolutions in residual units (Liu et al. 2022).

    A stem that cuts the stamp into small squares, then stages of units - 7 x 7 depthwise, layer normalisation, 1 x 1 to
    four times the width, GELU, 1 x 1 back, a learned factor per channel (`LayerScale`), and the shortcut past them -
    with a normalisation and 2 x 2 / 2 between stages; global average pooling. The default is the size that became known
    as atto: 3.4 million parameters. The paper's stem cuts squares of 4 px; lens images and craters of a few pixels are
    better served by 2, at four times the cost. The stages then see 26, 76, 368 and 568 px (4: 52, 152, 736 and 1136),
    so that the first two hold structures smaller than a stamp and the others the stamp as a whole.

    Why this one. EfficientNetV2 (Tan & Le 2021) and residual networks with squeeze-and-excite (Hu et al. 2018) were the
    alternatives. Both weigh channels by averages over the whole stamp, the latter in every unit, the former from its
    fourth stage on, so that a feature depends on neighbours and sky level anywhere in it; and both normalise by
    statistics of the training batches, which simulated samples do not share with survey images. ConvNeXt does neither,
    has one kind of unit, and asks for the fewest choices. Its price is speed on CPUs: a depthwise convolution does 49
    multiply-adds for each value it reads and writes, too few to keep a processor busy.
    """

    name: ClassVar[str] = "convnext"
    paper: ClassVar[str] = "Liu et al. 2022, CVPR, arXiv:2201.03545"
    sizes: ClassVar[tuple[int, int]] = (32, 256)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((64, 64, 1), (64, 64, 3), (128, 128, 1))
    source_modules: ClassVar[tuple[str, ...]] = (
        "astrocnn.networks.blocks",
        "astrocnn.networks.layers.layer_scale",
    )
    smoke_options: ClassVar[Mapping[str, Any]] = {"patch": 4, "widths": [4, 8], "depths": [1, 1]}

    patch: Literal[2, 4] = Field(2, description="side of the squares that the stem cuts, in pixels; the paper's is 4")
    widths: tuple[Width, ...] = Field(
        (40, 80, 160, 320), min_length=1, max_length=4, description="channels of the stages"
    )
    depths: tuple[Depth, ...] = Field(
        (2, 2, 6, 2), validate_default=True, description="units in each stage, as many numbers as widths"
    )
    layer_scale: float = Field(1e-6, gt=0, description="factor of a unit's branch at the start")
    stochastic_depth: float = Field(
        0.0, ge=0, lt=1, description="share of training objects that skip the last unit's branch; earlier ones less"
    )

    @field_validator("depths")
    @classmethod
    def _one_depth_for_each_width(cls, depths: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        widths = info.data.get("widths")
        if widths is not None and len(depths) != len(widths):
            raise ValueError(f"as many depths as widths are needed, here {len(widths)}")
        return depths

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = _squares(inputs, "stem", self.widths[0], self.patch, initialisers)
        features = _normalised(features, "stem")
        number = 0
        for stage, (width, depth) in enumerate(zip(self.widths, self.depths, strict=True), start=1):
            if stage > 1:
                features = _normalised(features, f"stage{stage}_entry")
                features = _squares(features, f"stage{stage}_entry", width, 2, initialisers)
            for unit in range(1, depth + 1):
                # Liu et al. 2022: the share grows in equal steps from none in the first unit.
                skipped = self.stochastic_depth * number / max(sum(self.depths) - 1, 1)
                features = self._unit(features, f"stage{stage}_unit{unit}", skipped, initialisers)
                number += 1
        pooled = keras.layers.GlobalAveragePooling2D(name="global_pool")(features)
        return probability(_normalised(pooled, "head"), outputs, initialisers)

    def _unit(self, features: Any, name: str, skipped: float, initialisers: Initialisers) -> Any:
        import keras

        from astrocnn.networks.layers.layer_scale import LayerScale

        width, reading = features.shape[-1], f"{name}_depthwise"
        depthwise = keras.layers.DepthwiseConv2D(
            7, padding="same", depthwise_initializer=_kernels(reading, initialisers), name=reading
        )
        branch = _normalised(depthwise(features), name)
        for place, units, activation in (("widen", 4 * width, "gelu"), ("narrow", width, "linear")):
            kernels = _kernels(f"{name}_{place}", initialisers)
            options = {"activation": activation, "kernel_initializer": kernels}
            branch = dense(branch, f"{name}_{place}", units, initialisers, **options)
        branch = LayerScale(self.layer_scale, name=f"{name}_scale")(branch)
        if skipped:
            # One draw for the whole branch of an object: dropout of what has no extent but the objects'.
            seed = initialisers.layer_seed(f"{name}_skip")
            branch = keras.layers.Dropout(skipped, noise_shape=(None, 1, 1, 1), seed=seed, name=f"{name}_skip")(branch)
        return keras.layers.Add(name=f"{name}_add")([features, branch])


def _kernels(name: str, initialisers: Initialisers) -> Any:
    """Normal of standard deviation 0.02, cut at two of them (authors' code)."""
    import keras

    return keras.initializers.TruncatedNormal(stddev=0.02, seed=initialisers.layer_seed(name))


def _normalised(features: Any, name: str) -> Any:
    """Layer normalisation over the channels of each position."""
    import keras

    return keras.layers.LayerNormalization(epsilon=EPSILON, name=f"{name}_norm")(features)


def _squares(features: Any, name: str, width: int, side: int, initialisers: Initialisers) -> Any:
    """Squares side by side, each made one position; those over the edge of an odd map are filled up with zeros."""
    kernel = _kernels(f"{name}_conv", initialisers)
    return convolution(features, name, width, side, initialisers, strides=side, kernel_initializer=kernel)

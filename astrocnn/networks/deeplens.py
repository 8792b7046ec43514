"""CMU DeepLens, the residual network of Lanusse et al. 2018 (MNRAS 473, 3895) for galaxy-galaxy lenses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, normalised
from astrocnn.networks.registry import register

# The authors' code normalises with Lasagne's defaults: a running mean that keeps 0.9 of the past, and epsilon 1e-4.
BATCH_NORM = {"momentum": 0.9, "epsilon": 1e-4}

Width = Annotated[int, Field(ge=2, multiple_of=2)]


@register
class DeepLens(Network):
    """Residual network of 46 convolutions for galaxy-galaxy lenses (Lanusse et al. 2018).

    A 7 x 7 convolution, then blocks of pre-activation bottleneck units (1 x 1, 3 x 3, 1 x 1; He et al. 2016), of which
    each but the first halves the map in the first 1 x 1 convolution of its first unit; global average pooling; one
    output. The bottleneck is half as wide as its unit.
    """

    name: ClassVar[str] = "deeplens"
    paper: ClassVar[str] = "Lanusse et al. 2018, MNRAS 473, 3895"
    sizes: ClassVar[tuple[int, int]] = (45, 101)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = tuple(
        (size, size, bands) for size in (45, 50, 60, 64, 80, 101) for bands in (1, 3, 4)
    )
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"widths": [4, 8], "units_per_block": 1, "stem_width": 4}

    stem_width: Width = Field(32, description="filters of the first, 7 x 7 convolution")
    widths: tuple[Width, ...] = Field(
        (32, 64, 128, 256, 512), min_length=1, max_length=5, description="filters that leave each block"
    )
    units_per_block: int = Field(3, ge=1, description="residual units in each block")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = convolution(inputs, "stem", self.stem_width, 7, initialisers, kind="glorot_uniform", use_bias=False)
        features = _activate(features, "stem")
        for block, width in enumerate(self.widths, start=1):
            for unit in range(1, self.units_per_block + 1):
                stride = 2 if block > 1 and unit == 1 else 1
                activated = block == 1 and unit == 1
                features = _unit(features, f"block{block}_unit{unit}", width, stride, activated, initialisers)
        pooled = keras.layers.GlobalAveragePooling2D(name="global_pool")(features)
        return probability(pooled, outputs, initialisers)


def _unit(features: Any, name: str, width: int, stride: int, activated: bool, initialisers: Initialisers) -> Any:
    """One pre-activation bottleneck unit; `activated` says that the input has been normalised and activated already."""
    import keras

    branch = features if activated else _activate(features, name)
    shortcut = features
    if stride > 1 or features.shape[-1] != width:
        shortcut = convolution(branch, f"{name}_shortcut", width, 1, initialisers, strides=stride)
    # A convolution that feeds a batch normalisation needs no bias: the normalisation subtracts it again.
    branch = convolution(branch, f"{name}_reduce", width // 2, 1, initialisers, strides=stride, use_bias=False)
    branch = _activate(branch, f"{name}_reduce")
    branch = convolution(branch, f"{name}_spatial", width // 2, 3, initialisers, use_bias=False)
    branch = _activate(branch, f"{name}_spatial")
    branch = convolution(branch, f"{name}_expand", width, 1, initialisers)
    return keras.layers.Add(name=f"{name}_add")([shortcut, branch])


def _activate(features: Any, name: str) -> Any:
    return normalised(features, name, "elu", **BATCH_NORM)

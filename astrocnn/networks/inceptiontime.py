"""InceptionTime, the network for series of any kind of Ismail Fawaz et al. 2020."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, normalised
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class InceptionTime(Network):
    """Modules of convolutions of several lengths side by side, the base line for curves (Ismail Fawaz et al. 2020).

    Six modules, each with a bottleneck, three convolutions and a pooling beside them, joined and normalised; a shortcut
    past every third; global average pooling. The authors' convolutions read 40, 20 and 10 samples; one less each here,
    as its later versions have it, because an even number shifts what is seen by half a sample against the branches
    beside it: `kernels: [40, 20, 10]` is theirs. The sampling is kept, so that a feature sees 229 samples. The paper
    averages five such networks.
    """

    name: ClassVar[str] = "inceptiontime"
    paper: ClassVar[str] = "Ismail Fawaz et al. 2020, Data Mining and Knowledge Discovery 34, 1936"
    axis_names: ClassVar[tuple[str, ...]] = ("time",)
    sizes: ClassVar[tuple[int, int]] = (20, 10_000)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((180, 1), (500, 1), (1000, 1))
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"filters": 4, "bottleneck": 4, "depth": 3}

    filters: Width = Field(32, description="filters of each branch")
    kernels: tuple[Width, ...] = Field((39, 19, 9), min_length=1, description="samples each convolution reads")
    bottleneck: Width = Field(32, description="channels a module's input is brought to first, where it has several")
    depth: int = Field(6, ge=1, description="number of modules")
    shortcut_every: int = Field(3, ge=1, description="modules that a shortcut passes")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = shortcut = inputs
        for number in range(1, self.depth + 1):
            name = f"module{number}"
            features = self._module(features, name, initialisers)
            if number % self.shortcut_every == 0:
                features = shortcut = _add_shortcut(shortcut, features, name, initialisers)
        features = keras.layers.GlobalAveragePooling1D(name="global_pool")(features)
        return probability(features, outputs, initialisers)

    def _module(self, features: Any, name: str, initialisers: Initialisers) -> Any:
        import keras

        narrow = features
        if features.shape[-1] > 1:
            narrow = _unbiased(features, f"{name}_bottleneck", self.bottleneck, 1, initialisers)
        branches = [
            _unbiased(narrow, f"{name}_branch{number}", self.filters, kernel, initialisers)
            for number, kernel in enumerate(self.kernels, start=1)
        ]
        pooled = keras.layers.MaxPooling1D(3, 1, padding="same", name=f"{name}_pool")(features)
        branches.append(_unbiased(pooled, f"{name}_pool", self.filters, 1, initialisers))
        return normalised(keras.layers.Concatenate(name=f"{name}_join")(branches), name)


def _unbiased(features: Any, name: str, filters: int, kernel: int, initialisers: Initialisers) -> Any:
    """Convolution as the authors' code has all of them: linear, without bias, initialised as is usual in Keras."""
    return convolution(features, name, filters, kernel, initialisers, kind="glorot_uniform", use_bias=False)


def _add_shortcut(shortcut: Any, features: Any, name: str, initialisers: Initialisers) -> Any:
    """Add what was before the last modules, brought to as many channels."""
    import keras

    shortcut = _unbiased(shortcut, f"{name}_shortcut", features.shape[-1], 1, initialisers)
    shortcut = keras.layers.BatchNormalization(name=f"{name}_shortcut_norm")(shortcut)
    added = keras.layers.Add(name=f"{name}_add")([shortcut, features])
    return keras.layers.Activation("relu", name=f"{name}_add_relu")(added)

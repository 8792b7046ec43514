"""The network of Mahabal et al. 2017 (IEEE SSCI, arXiv:1709.06257) for histograms of magnitude and time differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, dense_head, dropped
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class MagnitudeTimeDifferences(Network):
    """A shallow network on the histogram of all pairs' magnitude and time differences (Mahabal et al. 2017).

    The pairs of a light curve's points fill 22 bins of magnitude difference and 24 of time difference, whatever the
    cadence and its gaps. The paper finds a shallow network as good as a deep one on seven classes of periodic variables
    of the Catalina survey. The numbers of its layers could not be verified: filters, kernel, dropout and dense layers
    are options whose defaults are ours, one convolution and one dense layer; a deeper form has more `widths`.
    """

    name: ClassVar[str] = "dmdt"
    paper: ClassVar[str] = "Mahabal et al. 2017, IEEE SSCI, arXiv:1709.06257"
    axis_names: ClassVar[tuple[str, ...]] = ("magnitude_difference", "time_difference")
    sizes: ClassVar[tuple[int, int]] = (16, 64)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((22, 24, 1), (26, 26, 1))
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"widths": [4], "dense_widths": [8]}

    widths: tuple[Width, ...] = Field(
        (32,), min_length=1, max_length=4, description="filters of the convolutions, each followed by pooling; ours"
    )
    kernel: int = Field(3, ge=1, le=9, description="side of the kernels, in bins; ours")
    dense_widths: tuple[Width, ...] = Field((128,), description="units of the dense layers; ours")
    dropout: float = Field(
        0.25, ge=0, lt=1, description="share that is dropped before and after the dense layers; ours"
    )

    @property
    def usual_outputs(self) -> int:
        """Contact and detached binaries, RR Lyrae of three kinds, RS CVn and long-period variables."""
        return 7

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = inputs
        for number, width in enumerate(self.widths, start=1):
            name = f"block{number}"
            features = convolution(features, name, width, self.kernel, initialisers, activation="relu")
            features = keras.layers.MaxPooling2D(2, name=f"{name}_pool")(features)
        features = keras.layers.Flatten(name="flatten")(features)
        features = dropped(features, "dropout", self.dropout, initialisers)
        dropouts = [self.dropout] * len(self.dense_widths)
        features = dense_head(features, self.dense_widths, "relu", initialisers, dropouts=dropouts)
        return probability(features, outputs, initialisers)

"""The network of Shallue & Vanderburg 2018 (AJ 155, 94) for two views of a light curve folded at a planet's period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from astrocnn.errors import MismatchError
from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, dense_head
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]

KERNEL = 5
POOLED = {"global": 5, "local": 7}
"""Samples that each pooling reads, in steps of 2."""


@register
class FoldedViews(Network):
    """Convolutions on a folded curve and on its transit seen closer, for planets (Shallue & Vanderburg 2018).

    A curve is folded at the period of what was found and binned twice: the global view holds the whole period in 2001
    bins, the local view the neighbourhood of the transit in 201. Here they stand one after the other, global first, as
    one input of 2202 samples; `local_samples` says where to cut. Each goes through blocks of two convolutions and
    maximum pooling, both are flattened and joined, and dense layers follow. `paper` is the authors' form
    (github.com/google-research/exoplanet-ml): padded convolutions with ReLU, four dense layers. `recreation` is that of
    Pearson's repository, unpadded and linear, with three: 8,530,657 parameters. A sample has another length in each
    view, so that a receptive field in hours has to be stated for each.
    """

    name: ClassVar[str] = "folded-views"
    paper: ClassVar[str] = "Shallue & Vanderburg 2018, AJ 155, 94"
    axis_names: ClassVar[tuple[str, ...]] = ("time",)
    sizes: ClassVar[tuple[int, int]] = (574, 8192)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((2202, 1),)
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {
        "global_widths": [2, 2, 2, 2], "local_widths": [2, 2], "dense_widths": [8],
    }  # fmt: skip

    form: Literal["paper", "recreation"] = Field("paper", description="padded with ReLU, or unpadded and linear")
    local_samples: int = Field(201, ge=43, description="samples of the local view, the last ones of the input")
    global_widths: tuple[Width, ...] = Field(
        (16, 32, 64, 128, 256), min_length=1, max_length=5, description="filters of each block on the global view"
    )
    local_widths: tuple[Width, ...] = Field(
        (16, 32), min_length=1, max_length=2, description="filters of each block on the local view"
    )
    dense_widths: tuple[Width, ...] | None = Field(
        None, description="units of the dense layers; by default four of 512, in the recreation three"
    )

    def check_input(self, input_shape: tuple[int, ...]) -> None:
        """Refuse an input shape this network does not serve: also one that leaves too little to the global view.

        Raises
        ------
        MismatchError
            As for any network.
        """
        super().check_input(input_shape)
        smallest = self.sizes[0] - type(self).model_fields["local_samples"].default
        if input_shape[0] - self.local_samples < smallest:
            raise MismatchError(
                "the global view is too short", where=self.name,
                expected=f"at least {smallest} samples beside the {self.local_samples} of the local view",
                received=tuple(input_shape), fix="give longer curves, or lower local_samples",
            )  # fmt: skip

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        cut = inputs.shape[1] - self.local_samples
        views = [
            self._view(inputs, "global", (0, self.local_samples), self.global_widths, initialisers),
            self._view(inputs, "local", (cut, 0), self.local_widths, initialisers),
        ]
        features = keras.layers.Concatenate(name="join")(views)
        usual = [512] * (4 if self.form == "paper" else 3)
        widths = usual if self.dense_widths is None else self.dense_widths
        features = dense_head(features, widths, "relu", initialisers)
        return probability(features, outputs, initialisers)

    def _view(
        self, inputs: Any, view: str, cropped: tuple[int, int], widths: Sequence[int], initialisers: Initialisers
    ) -> Any:
        """Blocks on one view, flattened; `cropped` samples of the input's begin and end belong to the other."""
        import keras

        activation, padding = ("relu", "same") if self.form == "paper" else ("linear", "valid")
        features = keras.layers.Cropping1D(cropped, name=f"{view}_view")(inputs)
        for block, width in enumerate(widths, start=1):
            for place in (1, 2):
                features = convolution(
                    features, f"{view}{block}_{place}", width, KERNEL, initialisers,
                    kind="glorot_uniform", padding=padding, activation=activation,
                )  # fmt: skip
            features = keras.layers.MaxPooling1D(POOLED[view], 2, name=f"{view}{block}_pool")(features)
        return keras.layers.Flatten(name=f"{view}_flatten")(features)

"""A residual network whose answer does not depend on how the object is turned or mirrored (Cohen & Welling 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class P4M(Network):
    """Residual network over turned and mirrored filters: no answer depends on the object's orientation.

    A convolution lifts the image to features in eight orientations; each stage halves the map by max pooling and then
    has residual units of two 3 x 3 group convolutions; the orientations are pooled, then the positions; one dense
    layer. The layers are those of Cohen & Welling 2016; widths and depth are ours: 48 to 384 channels (6 to 48 filters
    in 8 orientations) take 80 million multiply-adds at 45 px, where DeepLens takes 116, with a tenth of its parameters.

    The answer for a square stamp is the same for all eight ways to turn and mirror it, whatever its size: kernels are
    odd and padded alike on all sides, and the pooling windows lie symmetrically on the map. They are 2 x 2 where its
    side is even, and 3 x 3 where it is odd, the first and last of which reach one position beyond the edge. A stamp
    that is not square is served too; its answer is the same for the four of the eight that keep its shape.
    """

    name: ClassVar[str] = "p4m"
    paper: ClassVar[str] = "Cohen & Welling 2016, ICML, PMLR 48, 2990 (arXiv:1602.07576); widths and depth are ours"
    sizes: ClassVar[tuple[int, int]] = (21, 256)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((60, 60, 1), (69, 69, 3), (101, 101, 4))
    source_modules: ClassVar[tuple[str, ...]] = (
        "astrocnn.networks.layers.dihedral_group",
        "astrocnn.networks.layers.group_convolution",
        "astrocnn.networks.layers.group_features",
    )
    smoke_options: ClassVar[Mapping[str, Any]] = {"widths": [1, 2], "stem_kernel": 3}

    stem_kernel: Literal[3, 5, 7] = Field(5, description="side of the kernels that read the image")
    widths: tuple[Width, ...] = Field(
        (6, 12, 24, 48), min_length=1, max_length=5, description="filters of each stage, each in eight orientations"
    )
    units_per_stage: int = Field(1, ge=1, description="residual units in each stage")
    orientations: Literal["maximum", "mean"] = Field("maximum", description="what is kept of the eight orientations")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        from astrocnn.networks.layers.group_convolution import LiftingConvolution
        from astrocnn.networks.layers.group_features import GroupPooling

        features = LiftingConvolution(
            self.widths[0], self.stem_kernel, use_bias=False, name="stem_lift",
            kernel_initializer=initialisers("he_normal", "stem_lift"),
        )(inputs)  # fmt: skip
        features = _activated(_normalised(features, "stem"), "stem")
        for stage, width in enumerate(self.widths, start=1):
            # Symmetric on the map for either parity; on even sides `same` adds nothing.
            window = tuple(2 + size % 2 for size in features.shape[1:3])
            features = keras.layers.MaxPooling2D(window, 2, padding="same", name=f"stage{stage}_pool")(features)
            for unit in range(1, self.units_per_stage + 1):
                features = _unit(features, f"stage{stage}_unit{unit}", width, initialisers)
        features = GroupPooling(self.orientations, name="orientation_pool")(features)
        features = keras.layers.GlobalAveragePooling2D(name="global_pool")(features)
        return probability(features, outputs, initialisers)


def _unit(features: Any, name: str, width: int, initialisers: Initialisers) -> Any:
    """Two group convolutions and the shortcut past them, projected by 1 x 1 where the width changes."""
    import keras

    from astrocnn.networks.layers.dihedral_group import ORDER

    shortcut = features
    if features.shape[-1] != ORDER * width:
        shortcut = _normalised(_convolved(features, f"{name}_shortcut", width, 1, initialisers), f"{name}_shortcut")
    branch = _normalised(_convolved(features, f"{name}_first", width, 3, initialisers), f"{name}_first")
    branch = _activated(branch, f"{name}_first")
    branch = _normalised(_convolved(branch, f"{name}_second", width, 3, initialisers), f"{name}_second")
    return _activated(keras.layers.Add(name=f"{name}_add")([shortcut, branch]), name)


def _convolved(features: Any, name: str, width: int, kernel: int, initialisers: Initialisers) -> Any:
    """Group convolution without bias, which the normalisation after it would subtract again."""
    from astrocnn.networks.layers.group_convolution import GroupConvolution

    start = initialisers("he_normal", f"{name}_conv")
    return GroupConvolution(width, kernel, use_bias=False, kernel_initializer=start, name=f"{name}_conv")(features)


def _normalised(features: Any, name: str) -> Any:
    from astrocnn.networks.layers.group_features import GroupBatchNormalization

    return GroupBatchNormalization(name=f"{name}_norm")(features)


def _activated(features: Any, name: str) -> Any:
    import keras

    return keras.layers.Activation("relu", name=f"{name}_relu")(features)

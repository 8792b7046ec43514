"""The neocognitron of Fukushima 1980, the first network of shared local weights and pooling, trained by gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.registry import register

Planes = Annotated[int, Field(ge=2)]
Selectivity = Annotated[float, Field(gt=0)]


@register
class Neocognitron(Network):
    """Fukushima's neocognitron: S-cells that learn patterns, C-cells that forgive where they lie (1980).

    Three stages of `SimpleCells` and `ComplexCells`, which halve the map, and a classifier of the last C-cells'
    averages. The weights of patterns and of inhibition are never negative. The stages see 10, 28 and 64 px. The S-cells
    can also learn without labels, as in the paper: `astrocnn.training.self_organisation`.

    Where this and the paper differ: the weights are trained by gradient, and a dense layer decides, where the paper has
    one last C-cell a plane, of which the strongest decides. S-layers are as large as what they read and C-layers half
    as large, for any input, where the paper's 16 px shrink over 16, 10, 8, 6 and 2 to 1 cell. C-cells read 6 x 6 cells,
    not 5 x 5, so that every second one stands in the middle of what it reads. The fixed weights are Gaussians of sum
    one; the paper asks for a decrease only. Eyes see no negative light: what lies below zero is cut off, or goes into
    planes of its own. Fields of 5 x 5 and r of 4, 1.5 and 1.5 are the paper's, and so, though not checked in print, are
    24 planes a layer and alpha of 0.5.
    """

    name: ClassVar[str] = "neocognitron"
    paper: ClassVar[str] = "Fukushima 1980, Biological Cybernetics 36, 193"
    sizes: ClassVar[tuple[int, int]] = (16, 64)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((16, 16, 1), (32, 32, 1), (64, 64, 1))
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.layers.cells",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"planes": [4, 4], "selectivity": [4.0, 1.5]}

    planes: tuple[Planes, ...] = Field((24, 24, 24), min_length=1, max_length=4, description="planes of each stage")
    selectivity: tuple[Selectivity, ...] = Field(
        (4.0, 1.5, 1.5), validate_default=True, description="r of each stage's S-cells, as many numbers as planes"
    )
    s_field: int = Field(5, ge=1, description="side of what an S-cell reads")
    c_field: int = Field(6, ge=2, description="side of what a C-cell reads; even ones keep the map in the middle")
    saturation: float = Field(0.5, gt=0, description="alpha of the C-cells")
    lateral_inhibition: bool = Field(True, description="whether the planes of a C-layer inhibit each other")
    polarity: Literal["on", "on-off"] = Field(
        "on", description="light only, or what lies below zero too, in planes of its own"
    )

    @field_validator("selectivity")
    @classmethod
    def _one_for_each_stage(cls, selectivity: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        planes = info.data.get("planes")
        if planes is not None and len(selectivity) != len(planes):
            raise ValueError(f"as many numbers as planes are needed, here {len(planes)}")
        return selectivity

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        from astrocnn.networks.layers.cells import ComplexCells, SimpleCells

        features = self._light(inputs)
        for stage, (planes, selectivity) in enumerate(zip(self.planes, self.selectivity, strict=True), start=1):
            name = f"stage{stage}_s"
            seed = initialisers.layer_seed(name)
            features = SimpleCells(planes, self.s_field, selectivity, seed, name=name)(features)
            name = f"stage{stage}_c"
            features = ComplexCells(self.c_field, 2, self.saturation, self.lateral_inhibition, name=name)(features)
        pooled = keras.layers.GlobalAveragePooling2D(name="global_pool")(features)
        return probability(pooled, outputs, initialisers)

    def _light(self, inputs: Any) -> Any:
        import keras

        light = keras.layers.Activation("relu", name="on")(inputs)
        if self.polarity == "on":
            return light
        dark = keras.layers.Activation("relu", name="off")(keras.layers.Rescaling(-1.0, name="inverted")(inputs))
        return keras.layers.Concatenate(name="on_off")([light, dark])

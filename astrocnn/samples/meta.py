"""What is true of every object of a set: kind, shape, bands, scale, units, classes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, PositiveFloat, PositiveInt, model_validator
from typing_extensions import TypedDict

AXES = {"images": ("y", "x", "band"), "curves": ("time", "channel")}
"""The axes of one object, by kind."""


class Extent(TypedDict):
    """Size of the largest object to be recognised, for the receptive-field gate: value, unit, and what was measured."""

    value: PositiveFloat
    unit: str
    what: str


class SampleMeta(BaseModel):
    """What is true of every object of a SampleSet; stored as JSON in each of its shards.

    Parameters
    ----------
    kind : {"images", "curves"}
        Images (y, x, band) or curves (time, channel).
    shape : tuple of int
        Shape of one object.
    bands : tuple of str
        Names along the last axis, unique: bands of images, channels of curves.
    scale : float, optional
        Size of one pixel or time step in `scale_unit`; absent where objects were resized or phase-folded each in its
        own way.
    scale_unit : {"arcsec", "hour", "km", "r50", "r90", "period"}, optional
        Given exactly where `scale` is. The last three are of objects that were brought to one size.
    flux_unit : str, optional
        Unit of the values.
    zero_points : dict of str to float
        AB magnitude of one flux unit, by band.
    classes : tuple of str
        Name of each label 0, 1, ...; empty where objects have no classes.
    positive : str, optional
        The class that is searched for.
    extent : dict, optional
        Largest object extent: {"value": ..., "unit": ..., "what": ...}.
    notes : dict
        Anything else worth keeping with the data, as JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["images", "curves"]
    shape: tuple[PositiveInt, ...]
    bands: tuple[str, ...]
    scale: PositiveFloat | None = Field(default=None, allow_inf_nan=False)
    scale_unit: Literal["arcsec", "hour", "km", "r50", "r90", "period"] | None = None
    flux_unit: str | None = None
    zero_points: dict[str, FiniteFloat] = Field(default_factory=dict)
    classes: tuple[str, ...] = ()
    positive: str | None = None
    extent: Extent | None = None
    notes: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> SampleMeta:
        axes = AXES[self.kind]
        if len(self.shape) != len(axes):
            raise ValueError(f"expected a shape ({', '.join(axes)}) for {self.kind}, received {self.shape}")
        if len(set(self.bands)) != len(self.bands):
            raise ValueError(f"expected each band once, received {self.bands}")
        if len(self.bands) != self.shape[-1]:
            raise ValueError(f"expected {self.shape[-1]} bands, as the last axis has, received {self.bands}")
        if (self.scale is None) != (self.scale_unit is None):
            raise ValueError("expected scale and scale_unit together or neither")
        if unknown := set(self.zero_points) - set(self.bands):
            raise ValueError(f"expected zero points of the bands {self.bands}, received {sorted(unknown)}")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"expected each class once, received {self.classes}")
        if self.positive is not None and self.positive not in self.classes:
            raise ValueError(f"expected positive to be one of the classes {self.classes}, received {self.positive!r}")
        return self

    @property
    def positive_label(self) -> int | None:
        """Label of the positive class, None where there is none."""
        return None if self.positive is None else self.classes.index(self.positive)

"""What is true of every light curve of a product: time system and zero, flux or magnitude and its unit, bands."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, model_validator

TimeSystem = Literal[
    "BJD_TDB", "BJD_UTC", "HJD_TDB", "HJD_UTC", "JD_TDB", "JD_TT", "JD_TAI", "JD_UTC", "relative", "unknown"
]
"""Where light is timed (BJD: barycentre, HJD: Sun, JD: observer) and by which clock (Eastman, Siverd & Gaudi 2010);
`relative`: days from an event, as of folded curves; `unknown`: not said where the times come from."""
Quantity = Literal["flux", "magnitude"]


class CurveMeta(BaseModel):
    """What is true of every curve of a `LightCurves` product; stored as JSON in each of its shards.

    Parameters
    ----------
    time_system : str
        One of `TimeSystem`.
    time_unit : {"day"}
        Unit of the times.
    time_reference_day : float, optional
        Julian date, in the time system, of time 0: 2400000.5 for modified Julian dates. Absent exactly where the times
        are relative or their system is not known.
    quantity : {"flux", "magnitude"}
        What the values are.
    unit : str, optional
        Their unit as astropy writes it, `electron / s` or `mag`; absent where it is not known.
    bands : tuple of str
        Names, unique; "" where the band is not known.
    classes : tuple of str
        Name of each label 0, 1, ...; where none are stated, those of the column `class`, in order.
    notes : dict
        Anything else worth keeping with the data, as JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_system: TimeSystem
    time_unit: Literal["day"] = "day"
    time_reference_day: FiniteFloat | None = None
    quantity: Quantity
    unit: str | None = None
    bands: tuple[str, ...] = Field(default=("",), min_length=1)
    classes: tuple[str, ...] = ()
    notes: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> CurveMeta:
        absolute = self.time_system not in ("relative", "unknown")
        if absolute != (self.time_reference_day is not None):
            raise ValueError(f"expected a time reference exactly for absolute times, received {self.time_system}")
        for what, names in (("band", self.bands), ("class", self.classes)):
            if len(set(names)) != len(names):
                raise ValueError(f"expected each {what} once, received {names}")
        return self

    @property
    def kind(self) -> tuple[str, float | None, str, str | None]:
        """What curves that stand in one product agree in: time system and zero, quantity, unit."""
        return self.time_system, self.time_reference_day, self.quantity, self.unit

    @property
    def kind_text(self) -> str:
        """The kind in words, as `BJD_TDB - 2450000, flux in electron / s`."""
        zero = "" if self.time_reference_day is None else f" - {self.time_reference_day:.10g}"
        return f"{self.time_system}{zero}, {self.quantity}" + (f" in {self.unit}" if self.unit else " without a unit")

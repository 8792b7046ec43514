"""Cadences: how often, how long and how precisely a survey measures a star, each number with its source."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from astrocnn.described_file import read_described
from astrocnn.errors import UnknownName
from astrocnn.instruments import Number
from astrocnn.resources import config_folder
from astrocnn.spelling import suggestion


class Cadence(BaseModel):
    """A cadence, as its file in `configs/cadences` describes it.

    Attributes
    ----------
    name : str
        The file's name.
    title : str
        One line.
    interval, exposure : Number
        From one sample to the next, and how long light is collected for one; both in s, the exposure no longer unless
        the curve is folded.
    folded : bool
        Whether samples are means of many periods, so that the exposures of neighbours overlap.
    lowest_noise, highest_noise : Number
        Noise of one sample of bright and of faint targets, ppm.
    references : dict
        Key to citation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    interval: Number
    exposure: Number
    folded: bool = False
    lowest_noise: Number
    highest_noise: Number
    references: dict[str, str]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, number in self._numbers().items():
            unit = "ppm" if name.endswith("noise") else "s"
            if number.unit != unit or not 0 < number.value < float("inf"):
                raise ValueError(f"{name}: expected a positive number in {unit}, received {number.value} {number.unit}")
            if number.reference not in self.references:
                raise ValueError(f"references: expected the key {number.reference!r}, received {[*self.references]}")
        too_long = self.exposure.value > self.interval.value and not self.folded
        if too_long or self.lowest_noise.value > self.highest_noise.value:
            raise ValueError("expected an exposure within the interval, and the lowest noise below the highest")
        return self

    @property
    def interval_hour(self) -> float:
        """From one sample to the next."""
        return self.interval.value / 3600.0

    @property
    def exposure_day(self) -> float:
        """How long light is collected for one sample."""
        return self.exposure.value / 86400.0

    @property
    def noise_ppm(self) -> tuple[float, float]:
        """Noise of one sample, lowest and highest."""
        return self.lowest_noise.value, self.highest_noise.value

    def content(self) -> dict[str, float]:
        """What results depend on, for hashing."""
        return {name: number.value for name, number in self._numbers().items()}

    def _numbers(self) -> dict[str, Number]:
        return {name: getattr(self, name) for name in ("interval", "exposure", "lowest_noise", "highest_noise")}


def cadence_names() -> list[str]:
    """Names of the shipped cadences."""
    return sorted(path.stem for path in (config_folder() / "cadences").glob("*.yaml"))


def load_cadence(name: str) -> Cadence:
    """Cadence by its shipped name.

    Raises
    ------
    UnknownName
        When no shipped cadence has the name.
    """
    if name not in cadence_names():
        raise UnknownName("no such cadence", received=name, fix=suggestion(name, cadence_names()))
    return read_described(config_folder() / "cadences" / f"{name}.yaml", Cadence, "a cadence")

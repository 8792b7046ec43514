"""Instruments: what is known of a telescope, camera and survey, each number with its unit and source."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from astrocnn.described_file import read_described
from astrocnn.errors import PipelineFileError, UnknownName
from astrocnn.resources import config_folder
from astrocnn.spelling import suggestion
from astrocnn.stretch import Stretch


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Number(_Strict):
    """A number with its unit and where it comes from.

    Attributes
    ----------
    value : float
        The number.
    unit : str
        Its unit.
    reference : str
        Key of the file's `references`.
    comment : str
        Which table or section, and what was done with it.
    verified : bool
        Whether the number was read in the reference; otherwise it is a default to be checked.
    """

    value: float
    unit: str
    reference: str
    comment: str = ""
    verified: bool


def _in(unit: str, *, positive: bool = True) -> Any:
    def check(number: Number) -> Number:
        if number.unit != unit:
            raise ValueError(f"expected the unit {unit!r}, received {number.unit!r}")
        if not math.isfinite(number.value) or (positive and number.value <= 0):
            raise ValueError(f"expected a {'positive ' if positive else ''}finite number, received {number.value}")
        return number

    return Annotated[Number, AfterValidator(check)]


class Psf(_Strict):
    """Point-spread function: a round profile of given width.

    Attributes
    ----------
    profile : str
        `gaussian` or `moffat`.
    fwhm : Number
        Full width at half maximum, arcsec.
    moffat_beta : float, optional
        Exponent of the Moffat profile.
    """

    profile: Literal["gaussian", "moffat"] = "gaussian"
    fwhm: _in("arcsec")  # type: ignore[valid-type]
    moffat_beta: Annotated[float, Field(gt=1.0)] | None = None

    @model_validator(mode="after")
    def _check_beta(self) -> Self:
        if (self.profile == "moffat") != (self.moffat_beta is not None):
            raise ValueError("expected moffat_beta with the moffat profile, and only there")
        return self


class Band(_Strict):
    """One band of an instrument.

    Attributes
    ----------
    psf : Psf
        Point-spread function of the images.
    zero_point : Number, optional
        AB magnitude of a source of one flux unit.
    exposure_time : Number, optional
        Total exposure time, s.
    sky_brightness : Number, optional
        Surface brightness of the sky, mag / arcsec^2 (AB).
    read_noise : Number, optional
        Read-out noise of the whole exposure, electrons per pixel.
    sky_sigma : Number, optional
        Standard deviation of an empty pixel, where it was measured in the image itself, flux units.
    electrons_per_unit : Number, optional
        Photo-electrons per flux unit, where it is not the exposure time.
    stretch : Stretch, optional
        How flux became the levels of a display picture.
    """

    psf: Psf
    zero_point: _in("mag", positive=False) | None = None  # type: ignore[valid-type]
    exposure_time: _in("s") | None = None  # type: ignore[valid-type]
    sky_brightness: _in("mag / arcsec2", positive=False) | None = None  # type: ignore[valid-type]
    read_noise: _in("electron") | None = None  # type: ignore[valid-type]
    sky_sigma: _in("flux unit") | None = None  # type: ignore[valid-type]
    electrons_per_unit: _in("electron / flux unit") | None = None  # type: ignore[valid-type]
    stretch: Stretch | None = None


class Instrument(_Strict):
    """An instrument, as its file describes it.

    Attributes
    ----------
    name : str
        Name of the instrument: the file's name.
    title : str
        One line for `astrocnn list instruments`.
    photometric : bool
        False for a display picture, whose values are not proportional to flux.
    flux_unit : str
        Unit of the images' flux.
    pixel_scale : Number
        Pixel scale, arcsec.
    bands : dict
        Band name to `Band`, in wavelength or display order.
    references : dict
        Key to citation.
    """

    name: str
    title: str
    photometric: bool = True
    flux_unit: str
    pixel_scale: _in("arcsec")  # type: ignore[valid-type]
    bands: Annotated[dict[str, Band], Field(min_length=1)]
    references: dict[str, str]

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        missing = {number.reference for _, number in self.numbers()} - set(self.references)
        if missing:
            raise ValueError(f"references: expected the keys {sorted(missing)}, received {sorted(self.references)}")
        return self

    @property
    def scale_arcsec(self) -> float:
        """Pixel scale, arcsec."""
        return float(self.pixel_scale.value)

    def band(self, name: str) -> Band:
        """Band by name; raises `UnknownName` with the nearest one."""
        if name not in self.bands:
            raise UnknownName("no such band", where=self.name, received=name, fix=suggestion(name, self.bands))
        return self.bands[name]

    def numbers(self) -> list[tuple[str, Number]]:
        """Every number with its dotted path, in the file's order."""
        found = [("pixel_scale", self.pixel_scale)]
        for name, band in self.bands.items():
            found.append((f"bands.{name}.psf.fwhm", band.psf.fwhm))
            for field in Band.model_fields:
                value = getattr(band, field)
                if isinstance(value, Number):
                    found.append((f"bands.{name}.{field}", value))
        return found

    def electrons_per_unit(self, name: str) -> float:
        """Photo-electrons that one flux unit of a band stands for.

        Raises
        ------
        PipelineFileError
            When the file gives neither `electrons_per_unit` nor, for fluxes in electron / s, an exposure time.
        """
        band = self.band(name)
        if band.electrons_per_unit is not None:
            return float(band.electrons_per_unit.value)
        if self.flux_unit == "electron / s" and band.exposure_time is not None:
            return float(band.exposure_time.value)
        raise PipelineFileError(
            "photon noise is unknown",
            where=f"instrument {self.name}, band {name}",
            expected="electrons_per_unit, or flux_unit 'electron / s' with exposure_time",
        )

    def sky_sigma(self, name: str) -> float:
        """Standard deviation of an empty pixel of a band, flux units: measured, or from sky photons and read-out noise.

        Raises
        ------
        PipelineFileError
            When the file gives neither `sky_sigma` nor zero point and sky brightness.
        """
        band = self.band(name)
        if band.sky_sigma is not None:
            return float(band.sky_sigma.value)
        if band.zero_point is None or band.sky_brightness is None:
            raise PipelineFileError(
                "the noise of the sky is unknown",
                where=f"instrument {self.name}, band {name}",
                expected="sky_sigma, or zero_point and sky_brightness",
            )
        flux = 10 ** (-0.4 * (band.sky_brightness.value - band.zero_point.value)) * self.scale_arcsec**2
        gain = self.electrons_per_unit(name)
        read_noise = band.read_noise.value if band.read_noise is not None else 0.0
        return math.sqrt(flux * gain + read_noise**2) / gain

    def content(self) -> dict[str, Any]:
        """What results depend on, for hashing: the numbers without names, sources and comments."""
        return _without_sources(self.model_dump(mode="json", exclude={"name", "title", "references"}))


def _without_sources(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.keys() == Number.model_fields.keys():
        return {"value": value["value"], "unit": value["unit"]}
    return {key: _without_sources(inner) for key, inner in value.items() if inner is not None}


def instrument_names() -> list[str]:
    """Names of the shipped instruments."""
    return sorted(path.stem for path in (config_folder() / "instruments").glob("*.yaml"))


def load_instrument(name: str, base: Path = Path()) -> Instrument:
    """Instrument by name or file.

    Parameters
    ----------
    name : str
        A shipped instrument's name, or the path of a YAML file (recognised by its ending).
    base : Path
        Folder that a relative path starts from.

    Returns
    -------
    Instrument

    Raises
    ------
    UnknownName
        When no shipped instrument has the name.
    InputMissing
        When the file is not there.
    PipelineFileError
        When the file is not an instrument; every error is named.
    """
    if name.endswith((".yaml", ".yml")):
        return read_instrument(base / name)
    if name not in instrument_names():
        raise UnknownName(
            "no such instrument",
            received=name,
            fix=f"{suggestion(name, instrument_names())} Or write the path of a .yaml file",
        )
    return read_instrument(config_folder() / "instruments" / f"{name}.yaml")


def read_instrument(path: Path) -> Instrument:
    """Instrument described by a file; its name is the file's. Raises as `load_instrument`."""
    return read_described(path, Instrument, "an instrument")

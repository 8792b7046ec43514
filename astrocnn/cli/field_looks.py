"""The effective field of what `astrocnn field` is asked about, and the figure of both fields over real data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astrocnn.central import central_part
from astrocnn.cli.field_subject import Subject
from astrocnn.errors import MismatchError
from astrocnn.receptive_field.effective import EffectiveField, effective_field
from astrocnn.samples.example import example_row

INPUTS = 32
"""Objects over which the gradient is averaged."""


@dataclass(frozen=True)
class Look:
    """An effective field, and what it is drawn over.

    Attributes
    ----------
    found : EffectiveField
        The field.
    subject : Subject
        Of what.
    inputs : str
        What it was averaged over, for people.
    ground : ndarray or None
        Stamp (y, x, band) or curve (time, channel) of the network's input size.
    bands : tuple of str
        Names of its bands.
    """

    found: EffectiveField
    subject: Subject
    inputs: str
    ground: np.ndarray | None
    bands: tuple[str, ...]

    def draw(self, path: Path) -> None:
        """Write the figure as PNG."""
        from astrocnn.report.effective_drawing import fields_over_curve, fields_over_stamp
        from astrocnn.report.theme import write_png

        subject, scale = self.subject, self.subject.scale or 1.0
        draw = fields_over_stamp if len(subject.field.size) == 2 else fields_over_curve
        write_png(draw(self.found, self.ground, self.bands, scale, subject.extent, subject.unit), path)


def look(subject: Subject, layer: str | None, over: Path | None, identifier: str | None) -> Look:
    """Measure the effective field: of a trained model by the objects it is given, else by white noise.

    Raises
    ------
    MismatchError
        When the data are smaller than the network's input, or have other bands.
    """
    ground: np.ndarray | None = None
    bands: tuple[str, ...] = ()
    objects = None
    if over is not None and over.is_dir():
        ground, bands, objects = _from_samples(over, subject, identifier)
    elif over is not None:
        ground = _from_image(over, subject)
    if objects is not None and subject.normalisation is not None:
        found = effective_field(subject.model(), layer, subject.normalisation.apply(objects))
        return Look(found, subject, f"objects of {over}", ground, bands)
    found = effective_field(subject.model(), layer, number=INPUTS, input_shape=subject.input_shape)
    return Look(found, subject, "inputs of white noise", ground, bands)


def _from_samples(path: Path, subject: Subject, identifier: str | None) -> tuple[np.ndarray, tuple[str, ...], Any]:
    """The object that is drawn, the names of its bands, and the first objects, all cut to the network's input."""
    from astrocnn.samples.sample_set import SampleSet

    samples = SampleSet.open(path)
    chosen = example_row(samples)[0] if identifier is None else samples.position(identifier)
    if subject.normalisation is not None and samples.meta.shape[-1] != subject.input_shape[-1]:
        raise MismatchError(
            "the samples have other bands than the model", where=str(path), expected=subject.input_shape[-1],
            received=samples.meta.shape[-1],
        )  # fmt: skip
    first = np.nan_to_num(samples.read(np.arange(min(INPUTS, len(samples)))))
    drawn = samples.read(np.array([chosen]))[0]
    return _cut(drawn, subject, path), samples.meta.bands, np.stack([_cut(one, subject, path) for one in first])


def _from_image(path: Path, subject: Subject) -> np.ndarray:
    """Middle of the first image of a FITS file, as one band."""
    from astropy.io import fits

    with fits.open(path) as file:
        data = next((unit.data for unit in file if unit.data is not None and unit.data.ndim == 2), None)
    if data is None:
        raise MismatchError("holds no image of two axes", where=str(path), expected="a FITS image")
    return _cut(np.asarray(data, float)[..., None], subject, path)


def _cut(data: np.ndarray, subject: Subject, path: Path) -> np.ndarray:
    """Middle of an object, of the size of the network's input."""
    size = subject.field.input_size
    if data.ndim != len(size) + 1 or any(have < want for have, want in zip(data.shape, size, strict=False)):
        raise MismatchError(
            "is smaller than the network's input", where=str(path), expected=size, received=data.shape[:-1],
            fix="give larger data, or a smaller --size",
        )  # fmt: skip
    return central_part(data, size)

"""Named subsets of labelled samples, as a pipeline file states them.

    subsets: {bright: {einstein_radius_arcsec: {above: 1.4}, snr: {above: 20}}}

A subset holds the rows that fulfil all its cuts; its name stands before the metrics made on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

from astrocnn.errors import DataError, UnknownName
from astrocnn.spelling import suggestion


class Cut(BaseModel):
    """Bounds on one column, all of which must hold; NaN fulfils none.

    Attributes
    ----------
    above, below : float, optional
        Exclusive bounds.
    between : (float, float), optional
        Inclusive bounds.
    equals : bool, int, float or str, optional
        The value itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    above: float | None = None
    below: float | None = None
    between: Annotated[tuple[float, float], Strict(False)] | None = None
    equals: bool | int | float | str | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Cut:
        if not self.model_fields_set:
            raise ValueError("expected one of above, below, between, equals; received none")
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError(f"expected between: [low, high]; received {list(self.between)}")
        bounds = (self.above, self.below, self.between)
        if self.is_text and any(bound is not None for bound in bounds):
            raise ValueError(f"expected numbers beside above, below, between; received equals: {self.equals!r}")
        return self

    @property
    def is_text(self) -> bool:
        """Whether the cut is on a column of text."""
        return isinstance(self.equals, str)

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Rows whose value fulfils the cut, bool (row,)."""
        values = np.asarray(values)
        kept = np.ones(values.shape, dtype=bool)
        if self.above is not None:
            kept &= values > self.above
        if self.below is not None:
            kept &= values < self.below
        if self.between is not None:
            kept &= (values >= self.between[0]) & (values <= self.between[1])
        if self.equals is not None:
            kept &= values == self.equals
        return kept


SubsetName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Subset = Annotated[dict[str, Cut], Field(min_length=1)]
Subsets = dict[SubsetName, Subset]
"""The type of a stage's `subsets` parameter."""


def subset_mask(cuts: Mapping[str, Cut], table: Mapping[str, np.ndarray], where: str | None = None) -> np.ndarray:
    """Rows of a table that fulfil all cuts, bool (row,).

    Raises
    ------
    UnknownName
        If a cut names a column that the table does not have.
    DataError
        If a bound is put on a column of another kind: a number on text, or text on numbers.
    """
    known = list(table.keys())
    for name, cut in cuts.items():
        if name not in known:
            raise UnknownName(
                f"no column {name!r} in the samples", where=where, received=name, fix=suggestion(name, known)
            )
        if (np.asarray(table[name]).dtype.kind in "OU") != cut.is_text:
            column = "numbers" if cut.is_text else "text"
            raise DataError(f"column {name} holds {column}", where=where, received=cut.model_dump(exclude_unset=True))
    return np.logical_and.reduce([cut.holds(table[name]) for name, cut in cuts.items()])

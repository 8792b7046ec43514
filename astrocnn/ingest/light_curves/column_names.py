"""Which column of a table is which: by statement, else by the names that surveys use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from astrocnn.errors import DataError
from astrocnn.ingest.light_curves.observed import ReadOptions
from astrocnn.ingest.light_curves.times import NAMED
from astrocnn.samples.curve_meta import Quantity

ROLES = ("time", "value", "error", "quality", "band", "id")
NAMES: dict[str, tuple[str, ...]] = {
    "time": ("time", "t", "date", *NAMED),
    "flux": ("flux", "pdcsap_flux", "sap_flux", "flux_raw"),
    "magnitude": ("mag", "magnitude", "psf_mag", "magpsf"),
    "error": ("error", "err", "sigma", "uncertainty"),
    "quality": ("quality", "sap_quality", "flag", "flags"),
    "band": ("band", "filter", "passband", "filt", "fid"),
    "id": ("id", "object_id", "objid", "star", "source_id", "name"),
}  # fmt: skip
"""Names by role, in any case, the first that is there."""
ERROR_OF = ("{}_error", "{}_err", "{}err", "e_{}", "sigma_{}", "sigma{}", "{}_sigma", "err_{}")
"""How a column of errors is named after that of the values."""
_WIDE = re.compile(r"(mag|flux)_?(\w+)", re.IGNORECASE)


def find_column(names: Sequence[str], role: str, options: ReadOptions, where: str) -> str | None:
    """Column of a role; None where it is not stated and none has such a name.

    Raises
    ------
    DataError
        When the one that is stated is not there.
    """
    stated = options.columns.get(role)
    if stated is not None:
        if stated not in names:
            raise DataError(
                f"no column {stated!r}", where=where, expected=f"the column stated for {role}",
                received=", ".join(names[:20]), fix="correct columns",
            )  # fmt: skip
        return stated
    return _named(names, NAMES[role])


def value_column(
    names: Sequence[str], options: ReadOptions, where: str, unit_of: dict[str, str]
) -> tuple[str, Quantity] | None:
    """Column of the values and what they are; None where no column has such a name.

    Raises
    ------
    DataError
        When there are both magnitudes and fluxes.
    """
    if "value" in options.columns:
        name = find_column(names, "value", options, where) or ""
        unit = (options.unit or unit_of.get(name) or "").lower()
        is_magnitude = unit.startswith("mag") or (not unit and "mag" in name.lower())
        return name, "magnitude" if is_magnitude else "flux"
    magnitude, flux = _named(names, NAMES["magnitude"]), _named(names, NAMES["flux"])
    if magnitude and flux:
        raise DataError(
            "both magnitudes and fluxes", where=where, expected="one of them", received=f"{magnitude} and {flux}",
            fix="state columns: {value: NAME}",
        )  # fmt: skip
    if magnitude:
        return magnitude, "magnitude"
    return (flux, "flux") if flux else None


def error_column(names: Sequence[str], value: str, options: ReadOptions, where: str) -> str | None:
    """Column of the errors: as stated, named after the values, or by one of the usual names."""
    if "error" in options.columns:
        return find_column(names, "error", options, where)
    return _named(names, [form.format(value.lower()) for form in ERROR_OF]) or _named(names, NAMES["error"])


def wide_columns(names: Sequence[str]) -> dict[str, tuple[str, str | None, Quantity]]:
    """Columns of a table with one column a band, as mag_A, magerr_A: value, error and quantity by band."""
    lower = {name.lower(): name for name in names}
    found: dict[str, tuple[str, str | None, Quantity]] = {}
    for name in names:
        match = _WIDE.fullmatch(name)
        if not match or match[2].lower().startswith(("err", "sigma")):
            continue
        quantity: Quantity = "magnitude" if match[1].lower() == "mag" else "flux"
        kind, band = match[1].lower(), match[2].lower()
        candidates = (f"{kind}err_{band}", f"{kind}_{band}_err", f"sigma{band}", f"sigma_{band}", f"e_{name.lower()}",
                      f"{kind}_error_{band}", f"{name.lower()}_error")  # fmt: skip
        error = next((lower[one] for one in candidates if one in lower), None)
        found[match[2]] = (name, error, quantity)
    return found


def no_columns(names: Sequence[str], missing: str, where: str) -> DataError:
    """The error for a table without a column that it needs."""
    known = [*NAMES["magnitude"][:2], *NAMES["flux"][:2]] if missing == "value" else NAMES[missing][:6]
    return DataError(
        f"no column of the {missing}s" if missing != "value" else "no column of magnitudes or fluxes", where=where,
        expected=f"one named {', '.join(known)}, or stated in columns",
        received=", ".join(names[:20]) or "no columns", fix=f"state columns: {{{missing}: NAME}}",
    )  # fmt: skip


def _named(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in wanted if name in lower), None)

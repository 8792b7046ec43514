"""The receptive-field gate: whether a network sees the whole object, in arcseconds, hours or kilometres.

Pure arithmetic on a `ReceptiveField`; neither Keras nor numpy is needed, so that `astrocnn check` stays fast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from astrocnn.errors import PipelineFileError, ReceptiveFieldError
from astrocnn.quantities import parse_quantity
from astrocnn.receptive_field import cures
from astrocnn.receptive_field.field import LayerRow, ReceptiveField

Level = Literal["ok", "warning", "error"]
TOLERANCE = 1e-9  # of the extent: a field that is exactly as large as the object covers it


@dataclass(frozen=True)
class Verdict:
    """Outcome of the gate.

    Attributes
    ----------
    level : str
        `ok`, `warning` or `error`.
    reasons : tuple of str
        One sentence per finding, the gravest first.
    needed : float or None
        Extent of the object in `unit`; None where none is stated.
    had : float
        Receptive field in `unit`, along its shortest axis and in its smallest phase.
    input_size : float
        Size of the input in `unit`, along its shortest axis.
    unit : str
        arcsec, hour, km, px or a relative unit.
    cures : tuple of str
        What can be done, with numbers; at least two when the level is `error` or the field is too small.
    policy : str
        What the file states: `error`, or `warn` where a smaller field is meant.
    network, limiting_layer : str
        The network, and the row of its layer table where the field stops growing.
    """

    level: Level
    reasons: tuple[str, ...]
    needed: float | None
    had: float
    input_size: float
    unit: str
    cures: tuple[str, ...]
    policy: str
    network: str
    limiting_layer: str

    @property
    def message(self) -> str:
        """Reasons and cures as one text."""
        parts = "; ".join(self.reasons) or f"the field covers the object: {_of(self.had, self.unit)}"
        return f"{parts}. To fix: {'; or '.join(self.cures)}" if self.cures else parts

    def raise_if_error(self, where: str | None = None) -> None:
        """Raise the verdict where it is an error.

        Raises
        ------
        ReceptiveFieldError
            When the level is `error`; names the row of the layer table, what is needed and had, and the cures.
        """
        if self.level == "error":
            raise ReceptiveFieldError(
                "; ".join(self.reasons),
                where=where or self.network,
                expected=_of(self.needed or 0.0, self.unit),
                received=_of(self.had, self.unit),
                fix="; or ".join(self.cures),
            )

    def to_json(self) -> dict[str, Any]:
        """Values for `json.dump`, with the message."""
        return {**asdict(self), "message": self.message}


def gate(
    field: ReceptiveField,
    *,
    scale: float | Sequence[float] = 1.0,
    unit: str = "px",
    required: float | None = None,
    policy: str = "error",
) -> Verdict:
    """Judge whether a network sees a whole object.

    Parameters
    ----------
    field : ReceptiveField
        Of the network at its input size; measured at the first global operation.
    scale : float or sequence of float
        Size of an input pixel (or time between samples) in `unit`, for all axes or per axis.
    unit : str
        Unit of `scale` and `required`.
    required : float, optional
        Extent of the object. Without it only the shape of the field is judged.
    policy : str
        `error`, or `warn` to let pass a smaller field that is completed by a layer which weighs positions (Flatten and
        Dense: Petrillo et al. 2017, Pearson et al. 2018; attention; recurrence). Other findings are not softened.

    Returns
    -------
    Verdict
        Of the local path, where features go on beside a pooling that only weighs them (squeeze-and-excite).
        ``error``: the input is smaller than the object; or the field is, and is followed by global pooling, by
        Flatten + Dense, attention or recurrence (unless `policy` is `warn`), or by nothing (dense prediction).
        ``warning``: the field is larger than the input, so that every feature sees padding; the map is off the input's
        centre; branches are misaligned.

    Raises
    ------
    PipelineFileError
        When the policy, the scale or the extent is not one.
    """
    scales = (float(scale),) * len(field.size) if isinstance(scale, int | float) else tuple(float(s) for s in scale)
    _check(scales, required, policy, field)
    if field.global_kind == "pooling" and field.local is not None and len(field.local.size) == len(field.size):
        field = field.local
    had_px = [smallest for smallest, _ in field.phases]
    tightest = min(range(len(scales)), key=lambda axis: had_px[axis] * scales[axis])
    had = had_px[tightest] * scales[tightest]
    input_size = min(size * step for size, step in zip(field.input_size, scales, strict=True))
    limit = limiting_row(field)

    errors: list[str] = []
    warnings: list[str] = []
    proposals: list[str] = []
    if required is not None and input_size < required * (1 - TOLERANCE):
        errors.append(
            f"the input of {_pixels(field.input_size)} is {_of(input_size, unit)}, smaller than the object of "
            f"{_of(required, unit)}"
        )
        proposals += cures.for_small_input(field, scales, unit, required)
    if required is not None and had < required * (1 - TOLERANCE):
        finding = _small_field(field, tightest, scales[tightest], limit, unit, required)
        softened = policy == "warn" and field.global_kind in ("flatten", "attention", "recurrence")
        (warnings if softened else errors).append(finding)
        proposals += cures.for_small_field(field, tightest, scales[tightest], unit, required)
    warnings += _shape_findings(field)
    level: Level = "error" if errors else "warning" if warnings else "ok"
    return Verdict(
        level,
        (*errors, *warnings),
        required,
        had,
        input_size,
        unit,
        tuple(proposals),
        policy,
        field.network,
        limit.layer,
    )


def limiting_row(field: ReceptiveField) -> LayerRow:
    """Row of the layer table where the field stops growing: the last that widened it."""
    limit = before = field.layers[0]
    for row in field.layers:
        if row.critical:
            if row.size != before.size:
                limit = row
            before = row
    return limit


def plain_number(quantity: Any) -> tuple[float, str | None]:
    """Read an extent or a scale: its number and its unit (arcsec, hour, km), None where it has none.

    Parameters
    ----------
    quantity : float, str or astropy Quantity
        `0.2`, `"0.2arcsec"`, `0.2 * u.arcsec` or `0.2 * u.arcsec / u.pixel`.
    """
    if isinstance(quantity, str):
        return parse_quantity(quantity)
    if not hasattr(quantity, "to_value"):
        return float(quantity), None
    from astropy import units

    if units.pixel in quantity.unit.bases:
        quantity = quantity * units.pixel
    for unit in (units.arcsec, units.hour, units.km):
        if quantity.unit.is_equivalent(unit):
            return float(quantity.to_value(unit)), str({units.hour: "hour"}.get(unit, unit))
    raise ReceptiveFieldError("neither an angle, a time nor a length", received=quantity)


def _small_field(field: ReceptiveField, axis: int, scale: float, limit: LayerRow, unit: str, required: float) -> str:
    row, had = field.layers.index(limit) + 1, field.phases[axis][0]
    follows = {
        "flatten": f"and {field.global_at} leaves all global reasoning to one dense layer",
        "pooling": f"and {field.global_at} pools what no feature sees as a whole",
        "attention": f"and {field.global_at} leaves all global reasoning to attention",
        "recurrence": f"and {field.global_at} leaves all global reasoning to its memory",
        None: "and each output sees no more",
    }[field.global_kind]
    return (
        f"the object needs {_of(required, unit)}, the receptive field of {field.network} has {had} px = "
        f"{_of(had * scale, unit)}: it stops growing at {limit.layer} (row {row} of {len(field.layers)} of the layer "
        f"table), {follows}"
    )


def _shape_findings(field: ReceptiveField) -> list[str]:
    """Findings that do not depend on the object."""
    findings = []
    if any(size > extent for size, extent in zip(field.size, field.input_size, strict=True)):
        findings.append(
            f"the receptive field of {_pixels(field.size)} is larger than the input of {_pixels(field.input_size)}, so "
            "that every feature sees padding"
        )
    # Half a pixel is unavoidable with one even kernel, and no object is centred better than that.
    off = max((abs(offset) for offset in field.offset), default=0.0)
    if off > 0.5:
        findings.append(f"the map at {field.measured_at} lies {off:g} px off the centre of the input")
    findings.extend(
        f"the branches that meet in {finding.layer} look {finding.offset:g} px apart" for finding in field.misaligned
    )
    return findings


def _check(scales: tuple[float, ...], required: float | None, policy: str, field: ReceptiveField) -> None:
    if policy not in ("error", "warn"):
        raise PipelineFileError("unknown policy", where="receptive_field", expected="error or warn", received=policy)
    if len(scales) != len(field.size) or not all(scale > 0 and math.isfinite(scale) for scale in scales):
        raise PipelineFileError(
            "not a pixel scale", expected=f"one positive number, or {len(field.size)}", received=scales
        )
    if required is not None and not (required > 0 and math.isfinite(required)):
        raise PipelineFileError("not an extent", expected="a positive number", received=required)


def _of(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}"


def _pixels(sizes: tuple[int, ...]) -> str:
    return f"{' x '.join(str(size) for size in dict.fromkeys(sizes))} px"

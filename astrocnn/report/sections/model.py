"""The section of a Model: does it see the whole object, how did it learn, what is its recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from astrocnn.central import central_part
from astrocnn.quantities import count_text
from astrocnn.receptive_field.field import ReceptiveField
from astrocnn.receptive_field.rows import layer_rows
from astrocnn.report.evaluation_figures import axis_label
from astrocnn.report.field_drawing import field_as_lengths, field_over_stamp
from astrocnn.report.figures import training_curves
from astrocnn.report.formats import flattened, plain
from astrocnn.report.page import Section, figure_html, render
from astrocnn.report.products import Columns, ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.stamps import display_picture
from astrocnn.samples.example import example_row

WORDS = {
    "ok": ("good", "Receptive field: passed."),
    "warning": ("warning", "Receptive field: passed with a warning:"),
    "error": ("error", "Receptive field: failed:"),
}
_VALIDATION = "validation_"
_HEADINGS = {
    "n": "map", "j": "jump", "r": "field", "multiply_adds": "multiply-adds", "multiply_adds_fft": "by FFT",
}  # fmt: skip
_NO_CURVES = {"epoch", "seconds", "learning_rate"}


def model_section(stage: StageView, folder: ProductFolder, run: ReportRun) -> Section:
    """Verdict and drawing of the receptive field, its layer table, training curves, and `model.yaml`.

    `receptive_field.json` holds `field` (`ReceptiveField.to_json`) and `verdict` (`Verdict.to_json`).
    """
    measured = folder.json("receptive_field.json") or {}
    recipe = folder.yaml("model.yaml")
    history = folder.csv("history.csv")
    verdict = measured.get("verdict")
    field = ReceptiveField.from_json(measured["field"]) if "field" in measured else None
    scale, unit = _scale(field, verdict)
    rows = layer_rows(field, scale=scale, unit=unit) if field is not None else []
    remarks = []
    if history is not None and not len(history.get("epoch", ())):
        remarks.append("No epoch was trained.")
    html = render(
        "model.html",
        verdict=_verdict(verdict),
        drawing=_drawing(stage, run, field, verdict, scale, unit),
        facts=_facts(field, verdict, unit),
        layers=[list(row.values()) for row in rows],
        layer_columns=[_HEADINGS.get(name, name) for name in rows[0]] if rows else [],
        curves=_curves(stage, history),
        recipe=flattened({key: value for key, value in (recipe or {}).items() if key != "receptive_field"}),
        remarks=remarks,
        missing=folder.missing,
    )
    network = plain((recipe or {}).get("network") or (field.network if field else ""))
    return Section("The network", stage.anchor, html, f"Network {network}." if network else "", stage.label)


def _scale(field: ReceptiveField | None, verdict: Mapping[str, Any] | None) -> tuple[float, str]:
    """Size of an input pixel in the unit of the verdict; 1 px where there is none."""
    if field is None or not verdict:
        return 1.0, "px"
    return float(verdict["input_size"]) / min(field.input_size), str(verdict["unit"])


def _verdict(verdict: Mapping[str, Any] | None) -> dict[str, str] | None:
    if not verdict:
        return None
    style, word = WORDS.get(verdict["level"], ("warning", str(verdict["level"])))
    text = "; ".join(verdict["reasons"]) or "One unit sees the whole object."
    if verdict["level"] != "ok" and verdict["policy"] == "warn":
        text += " (the file states receptive_field: warn)"
    return {"level": style, "word": word, "text": text}


def _facts(field: ReceptiveField | None, verdict: Mapping[str, Any] | None, unit: str) -> list[tuple[str, str]]:
    facts = []
    if verdict:
        needed = verdict["needed"]
        facts += [
            ("needed", "no extent stated" if needed is None else f"{needed:.4g} {unit}"),
            ("field", f"{verdict['had']:.4g} {unit}"),
            ("input", f"{verdict['input_size']:.4g} {unit}"),
        ]
    if field is not None:
        facts += [
            ("field in pixels", _pixels(field.size)),
            ("input in pixels", _pixels(field.input_size)),
            ("measured at", field.measured_at),
            ("then", f"{field.global_at} ({field.global_kind})" if field.global_at else "nothing: dense prediction"),
        ]
        if field.local is not None:
            facts.append(("beside it", f"{_pixels(field.local.size)} at {field.local.measured_at}"))
        if field.parameters and field.multiply_adds is not None:
            facts.append(("parameters", count_text(field.parameters)))
            facts.append(("multiply-adds an object", count_text(field.multiply_adds)))
    if verdict:
        facts.append(("policy", f"receptive_field: {verdict['policy']}"))
    return facts


def _drawing(
    stage: StageView,
    run: ReportRun,
    field: ReceptiveField | None,
    verdict: Mapping[str, Any] | None,
    scale: float,
    unit: str,
) -> Markup:
    if field is None:
        return Markup()
    needed = verdict["needed"] if verdict else None
    sizes = f"field {max(field.size) * scale:.3g} {unit}, input {max(field.input_size) * scale:.3g} {unit}"
    sizes += f", object to cover {needed:.3g} {unit}" if needed else ""
    example = _example(stage, run, field.input_size) if len(field.size) == 2 else None
    if example is None:
        return figure_html(
            field_as_lengths, max(field.input_size) * scale, max(field.size) * scale, needed, unit,
            alt=f"Lengths of the receptive field of {stage.name}: {sizes}",
            caption="What one unit before the first global operation can see, against what must be covered.",
        )  # fmt: skip
    picture, what = example
    return figure_html(
        field_over_stamp, picture, scale, max(field.size) * scale, needed, unit,
        alt=f"The receptive field of {stage.name} drawn over {what}: {sizes}",
        caption=f"Drawn over {what}: what one central unit before the first global operation can see (theoretical "
        "field), the network's input, and the object it must cover.",
    )  # fmt: skip


def _example(stage: StageView, run: ReportRun, size: tuple[int, ...]) -> tuple[np.ndarray, str] | None:
    """Display picture of a positive that the network was trained for, cut to its input, and what it is."""
    from astrocnn.samples.sample_set import SampleSet

    for parent, path in run.made_from(stage, "SampleSet"):
        samples = SampleSet.open(path)
        if samples.meta.kind != "images" or not len(samples):
            continue
        row, kind, column = example_row(samples)
        what = f"a {kind} of {parent.name}"
        what += f", that with the largest {axis_label(column).split(' (')[0]}" if column else ""
        stamp = central_part(samples.read(np.array([row]))[0], size)
        return display_picture(stamp, samples.meta.bands), what
    return None


def _curves(stage: StageView, history: Columns | None) -> list[Markup]:
    """A figure of the losses, and one of the other measured quantities."""
    if history is None or not len(history.get("epoch", ())):
        return []
    names = [name for name in history if name not in _NO_CURVES and history[name].dtype.kind == "f"]
    measured = [name for name in names if not name.endswith("loss")]
    panels = {
        "loss": {("validation" if name.startswith(_VALIDATION) else "training"): history[name]
                 for name in names if name in ("loss", f"{_VALIDATION}loss")},
        "metric": {name.removeprefix(_VALIDATION) if name.startswith(_VALIDATION) else f"{name} (training)":
                   history[name] for name in measured},
    }  # fmt: skip
    figures = []
    for label, curves in panels.items():
        last = ", ".join(f"{name} {values[-1]:.3g}" for name, values in curves.items())
        if curves:
            alt = f"{label.capitalize()} of {stage.name} over {len(history['epoch'])} epochs; at the end {last}"
            caption = "Loss by epoch." if label == "loss" else "Measured on validation samples, unless marked."
            figures.append(figure_html(training_curves, history["epoch"], curves, label, alt=alt, caption=caption))
    return figures


def _pixels(sizes: tuple[int, ...]) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(str(size) for size in sizes)

"""The section of a SampleSet: what the networks see, row by row of classes, and how many there are."""

from __future__ import annotations

from typing import Any

import numpy as np

from astrocnn.report.formats import flattened, number, plain
from astrocnn.report.gallery import cards_of, directions, evenly, fields_of
from astrocnn.report.page import Section, render
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.stamps import band_caption
from astrocnn.samples.meta import SampleMeta

EXAMPLES = 16  # two rows of a wide page, shared by the classes
SPLITS = ("train", "validation", "test")  # the order people expect
# Truth worth a line below an example, the first that its set has: column and how it is written.
NOTES = {
    "einstein_radius_arcsec": "\N{GREEK SMALL LETTER THETA}\N{LATIN SUBSCRIPT SMALL LETTER E} {:.2f}\N{DOUBLE PRIME}",
    "period_day": "{:.3g} d",
    "snr": "S/N {:.0f}",
}


def samples_section(stage: StageView, folder: ProductFolder, run: ReportRun) -> Section:
    """Examples nobody chose (evenly spread over the set), class by class where there are labels; counts; units."""
    from astrocnn.samples.sample_set import SampleSet

    samples = SampleSet.open(folder.path)
    meta = samples.meta
    label, split = samples.column("label"), samples.column("split")
    table = {name: samples.column(name) for name in samples.columns if samples.column(name).ndim == 1}
    labels = _ordered(np.unique(label).tolist(), meta)
    note = next((key for key in NOTES if key in table), None)
    galleries: list[dict[str, Any]] = []
    for value in labels:
        rows = evenly(np.flatnonzero(label == value), EXAMPLES if len(labels) == 1 else EXAMPLES // 2)
        texts = [{"note": _note(note, table, k), "fields": fields_of(table, k)} for k in rows]
        galleries.append({"title": _class_name(value, meta), "cards": cards_of(samples, rows.tolist(), texts)})
    if len(galleries) == 1:
        galleries[0]["title"] = "Examples"
    shown = [card for gallery in galleries for card in gallery["cards"]]
    clauses = ["Examples are spread evenly over the set, not chosen"]
    if meta.kind == "images":
        clauses += ["each stretched for itself (asinh)", band_caption(meta.bands), directions(shown)]
    counts = counts_by_split(split, label, labels)
    html = render(
        "samples.html", galleries=galleries, caption="; ".join(text for text in clauses if text) + ".", counts=counts,
        labels=[_class_name(value, meta) for value in labels], facts=_facts(meta),
        remarks=[] if len(samples) else ["The set is empty."], missing=folder.missing,
    )  # fmt: skip
    title = "Simulated samples" if stage.use.startswith("simulate") else "Samples"
    shape = " \N{MULTIPLICATION SIGN} ".join(map(str, meta.shape))
    lead = f"{number(len(samples))} {meta.kind} of {shape} ({', '.join(meta.bands)})."
    return Section(title, stage.anchor, html, lead, stage.label)


def counts_by_split(split: np.ndarray, label: np.ndarray, labels: list[int]) -> list[dict[str, Any]]:
    """Numbers of objects with each of these labels, and of all, one row for each split."""
    counts: list[dict[str, Any]] = []
    for name in sorted(set(split.tolist()), key=lambda name: (SPLITS.index(name) if name in SPLITS else 9, name)):
        numbers = [int(np.sum((split == name) & (label == value))) for value in labels]
        counts.append({"split": name or "not split", "numbers": numbers, "total": sum(numbers)})
    return counts


def _ordered(labels: list[int], meta: SampleMeta) -> list[int]:
    """The positive class first, then the others, unknown last."""
    return sorted(labels, key=lambda value: (value != meta.positive_label, value < 0, value))


def _class_name(label: int, meta: SampleMeta) -> str:
    if label < 0:
        return "without label"
    name = meta.classes[label] if label < len(meta.classes) else f"label {label}"
    return f"{name} (positive)" if label == meta.positive_label else name


def _note(key: str | None, table: dict[str, np.ndarray], row: int) -> str:
    value = float(table[key][row]) if key is not None else np.nan
    return NOTES[key].format(value) if key is not None and np.isfinite(value) else ""


def _facts(meta: SampleMeta) -> list[tuple[str, str]]:
    facts = [("scale", f"{meta.scale:g} {meta.scale_unit} per sample" if meta.scale else "none: objects were resized")]
    if meta.scale and meta.kind == "images":
        facts.append(("width", f"{meta.scale * meta.shape[1]:.3g} {meta.scale_unit}"))
    facts.append(("unit", meta.flux_unit or "not stated"))
    facts += [(f"zero point {band}", f"{value:g} mag (AB)") for band, value in meta.zero_points.items()]
    if meta.extent:
        facts.append(("largest object", f"{meta.extent['value']:.3g} {meta.extent['unit']}: {meta.extent['what']}"))
    return facts + [(key, plain(value)) for key, value in flattened(dict(meta.notes))]

"""The numbers of a product by its kind: as rows for people and as data for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astrocnn.cli.columns import aligned, bytes_text, heading
from astrocnn.parquet import SCORES
from astrocnn.samples.curve_columns import CHANGES

_HEAD = 10
_CATALOG = ("rank", "id", "ra", "dec", "score", "probability", "flag_names")


@dataclass(frozen=True)
class Facts:
    """What there is to say of a product.

    Attributes
    ----------
    rows : sequence of (str, str)
        Word and text, for people.
    data : dict
        The same and more, for JSON.
    table : sequence of rows of text
        First rows of the product's table under `columns`.
    """

    rows: Sequence[tuple[str, str]]
    data: dict[str, Any]
    columns: Sequence[str] = ()
    table: Sequence[Sequence[str]] = field(default=())


def table_lines(facts: Facts) -> list[str]:
    """The first rows of a product's table, numbers to the right."""
    numbers = [n for n, cell in enumerate(facts.table[0]) if cell.lstrip("+-")[:1].isdigit() or not cell]
    return aligned([heading(list(facts.columns)), *facts.table], right=numbers)


def facts_of(kind: str, folder: Path) -> Facts:
    """Read what there is to say of a product."""
    reader = _READERS.get(kind)
    return reader(folder) if reader else _files(folder)


def _model(folder: Path) -> Facts:
    from astrocnn.cli.model_facts import evaluations, model_rows
    from astrocnn.training.model_card import read_card

    card = read_card(folder)
    data = {"card": card.model_dump(mode="json"), "evaluations": dict(evaluations(folder))}
    return Facts(list(model_rows(card, folder)), data)


def _evaluation(folder: Path) -> Facts:
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    names = [name for name in metrics if not name.endswith(("_low", "_high", "_n"))]
    table = [
        (
            name,
            *(
                "" if (value := metrics.get(name + end)) is None else f"{value:.4g}"
                for end in ("", "_low", "_high", "_n")
            ),
        )
        for name in names
    ]
    return Facts([], metrics, ("metric", "value", "low", "high", "objects"), table)


def _sample_set(folder: Path) -> Facts:
    from astrocnn.samples.sample_set import SampleSet

    samples = SampleSet.open(folder)
    summary, meta = samples.summary(), samples.meta
    scale = f" of {meta.scale:g} {meta.scale_unit}" if meta.scale else ""
    shape = " x ".join(map(str, meta.shape))
    rows = [
        ("holds", f"{summary['number']:,} {meta.kind}, {shape}{scale}, {', '.join(meta.bands)}"),
        ("classes", _counts(summary["classes"])),
        *((f"in {name}", _counts(classes)) for name, classes in summary["splits"].items()),
        ("columns", ", ".join(samples.columns)),
        ("on disk", bytes_text(summary["bytes_on_disk"])),
    ]
    if meta.extent:
        rows.insert(1, ("extent", f"{meta.extent['value']:.4g} {meta.extent['unit']}, {meta.extent['what']}"))
    return Facts(rows, {"summary": summary, "meta": meta.model_dump(mode="json"), "columns": list(samples.columns)})


def _light_curves(folder: Path) -> Facts:
    from astrocnn.samples.light_curves import LightCurves

    curves = LightCurves.open(folder)
    summary, meta = curves.summary(), curves.meta
    changed = [name for name in CHANGES if name in curves.columns]
    told = {name: int(curves.column(name).sum()) for name in changed}
    points = f"{summary['points']:,} points, {summary['points_median']:g} of half the curves or more"
    rows = [
        ("holds", f"{summary['number']:,} light curves, {points}"),
        ("kind", meta.kind_text),
        ("bands", ", ".join(name or "unnamed" for name in meta.bands)),
        ("classes", _counts(summary["classes"])),
        *((f"in {name}", _counts(classes)) for name, classes in summary["splits"].items()),
        ("changed", ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in told.items() if number)),
        ("columns", ", ".join(curves.columns)),
        ("on disk", bytes_text(summary["bytes_on_disk"])),
    ]
    data = {"summary": summary, "meta": meta.model_dump(mode="json"), "changed": told, "columns": list(curves.columns)}
    return Facts([(word, text) for word, text in rows if text], data)


def _counts(classes: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in classes.items())


def _catalog(folder: Path) -> Facts:
    from astrocnn.catalog.readers import read_catalog

    table = read_catalog(folder / "candidates.parquet")
    columns = [name for name in _CATALOG if name in table.colnames]
    head = [[_cell(value) for value in row] for row in table[columns][:_HEAD].iterrows()]
    files = sorted(path.name for path in folder.glob("candidates.*"))
    rows = [("holds", f"{len(table):,} candidates, {len(table.colnames)} columns"), ("files", ", ".join(files))]
    return Facts(rows, {"number": len(table), "columns": table.colnames, "files": files}, columns, head)


def _scores(folder: Path) -> Facts:
    import numpy as np

    from astrocnn.training.scores import read_scores

    scores = read_scores(folder / SCORES)
    mean = scores["mean"][np.isfinite(scores["mean"])]
    marks = {f"{percent} %": float(np.percentile(mean, percent)) for percent in (50, 90, 99, 100)} if len(mean) else {}
    rows = [
        ("holds", f"scores of {len(scores['mean']):,} objects, {len(mean):,} of them finite"),
        ("columns", ", ".join(scores)),
        ("percentiles", ", ".join(f"{name} {value:.4g}" for name, value in marks.items())),
    ]
    return Facts(rows, {"number": len(scores["mean"]), "columns": list(scores), "percentiles": marks})


def _explanation(folder: Path) -> Facts:
    facts = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    pictures = json.loads((folder / "pictures.json").read_text(encoding="utf-8"))
    rows = [
        ("explains", f"{facts['network']} at {len(facts['objects'])} objects of {facts['samples']}"),
        ("layers", ", ".join(facts["layers"])),
        ("pictures", ", ".join(picture["file"] for picture in pictures)),
    ]
    table = [(row["id"], row["class"], f"{row['score']:.4g}", row["label"] or "") for row in facts["objects"]]
    return Facts(rows, {**facts, "pictures": pictures}, ("object", "class", "score", "known as"), table)


def _files(folder: Path) -> Facts:
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    rows = [("file", f"{name}, {bytes_text(size)}") for name, size in sorted(sizes.items()) if name.endswith(".html")]
    return Facts(rows or [("holds", f"{len(sizes)} files")], {"files": sizes})


def _cell(value: Any) -> str:
    return f"{value:.7g}" if hasattr(value, "dtype") and value.dtype.kind == "f" else str(value)


_READERS = {
    "Model": _model, "Evaluation": _evaluation, "SampleSet": _sample_set, "LightCurves": _light_curves,
    "Catalog": _catalog, "Scores": _scores, "Explanation": _explanation,
}  # fmt: skip

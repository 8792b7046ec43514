"""Makes the page of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from astrocnn.parquet import SCORES
from astrocnn.report.formats import interval, number
from astrocnn.report.page import KeyNumber, Section, write_page
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.sections.catalog import catalog_section
from astrocnn.report.sections.evaluation import evaluation_section
from astrocnn.report.sections.explanation import explanation_section
from astrocnn.report.sections.information import information_section
from astrocnn.report.sections.ledger import ledger_section
from astrocnn.report.sections.light_curves import light_curves_section
from astrocnn.report.sections.model import model_section
from astrocnn.report.sections.pipeline import pipeline_section
from astrocnn.report.sections.provenance import provenance_section
from astrocnn.report.sections.samples import samples_section
from astrocnn.report.sections.scores import scores_section
from astrocnn.report.sections.transit_search import PLOTS

PAGE = "index.html"

SECTIONS: dict[str, Callable[[StageView, ProductFolder, ReportRun], Section]] = {
    "Catalog": catalog_section,
    "Evaluation": evaluation_section,
    "Scores": scores_section,
    "Model": model_section,
    "Explanation": explanation_section,
    "SampleSet": samples_section,
    "LightCurves": light_curves_section,
}
"""The section of each kind of product, in the order of the page; products of other kinds have none."""

OF_A_SEARCH = {
    "completeness_at_1pct_fpr": "completeness at 1 % false positives",
    "completeness_at_10pct_fpr": "completeness at 10 % false positives",
    "auroc": "area under the ROC curve",
}
OF_CLASSES = {"accuracy": "accuracy", "macro_f1": "F1, mean over classes"}
"""Metrics of an Evaluation that are key numbers: where one class is searched for, and where several are told apart."""


def build_report(out_folder: str | Path, run: ReportRun) -> Path:
    """Write `index.html` for a run.

    Parameters
    ----------
    out_folder : str or Path
        Folder of the page; made where it is not there.
    run : ReportRun
        The run and its stages. Stages without a product folder appear in the graph only.

    Returns
    -------
    Path
        The page. Its content is the same for the same products; only the run information at its end, and the states
        of stages, tell one run from another.

    Raises
    ------
    StoreError
        A product's file is there and cannot be read.
    """
    sections = [
        make(stage, ProductFolder(folder), run)
        for kind, make in SECTIONS.items()
        for stage, folder in run.of_kind(kind)
    ]
    sections.append(pipeline_section(run, {section.anchor for section in sections}))
    sections += [ledger_section(run), provenance_section(run), information_section(run)]
    return write_page(
        Path(out_folder) / PAGE, run.title or run.name, run.description, run.caveats, key_numbers(run), sections
    )


def key_numbers(run: ReportRun) -> list[KeyNumber]:
    """What a reader asks first: how many candidates of how many objects, and how good the networks are."""
    found = []
    for stage, folder in run.of_kind("Catalog"):
        count = ProductFolder(folder).parquet_rows("candidates.parquet")
        found.append(KeyNumber(number(count), "candidates ranked", "", stage.anchor))
    for stage, folder in run.of_kind("Scores"):
        product = ProductFolder(folder)
        what = "transit candidates found" if product.has(PLOTS) else "objects scored"
        scored = KeyNumber(number(product.parquet_rows(SCORES)), what, "", stage.anchor)
        if all((one.value, one.label) != (scored.value, scored.label) for one in found):  # several models, one set
            found.append(scored)
    measured = [
        (stage, ProductFolder(folder).json("metrics.json") or {}) for stage, folder in run.of_kind("Evaluation")
    ]
    several = sum("macro_f1" in metrics for _, metrics in measured) > 1
    for stage, metrics in measured:
        of_one = {"macro_f1": f"{OF_CLASSES['macro_f1']}: {stage.name}"} if several else OF_CLASSES
        for name, label in (of_one if "macro_f1" in metrics else OF_A_SEARCH).items():
            if metrics.get(name) is not None:
                remark = interval(metrics.get(f"{name}_low"), metrics.get(f"{name}_high"))
                found.append(KeyNumber(f"{metrics[name]:.3f}", label, remark, stage.anchor))
    return found

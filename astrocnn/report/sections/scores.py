"""The section of Scores: how the scores of real objects fall, beside those of labelled tests of the same network."""

from __future__ import annotations

import numpy as np

from astrocnn.parquet import SCORES
from astrocnn.report.evaluation_figures import MARKED_RATES, threshold_at
from astrocnn.report.figures import score_histogram
from astrocnn.report.formats import number
from astrocnn.report.page import Section, figure_html, render
from astrocnn.report.products import Columns, ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.sections.transit_search import PLOTS, transit_search_section


def scores_section(stage: StageView, folder: ProductFolder, run: ReportRun) -> Section:
    """Histogram of the scores, with test negatives and positives and the thresholds of the evaluation where known.

    A search of light curves has a section of its own.
    """
    if folder.has(PLOTS):
        return transit_search_section(stage, folder, run)
    table = folder.parquet(SCORES) or {}
    score = score_column(table)
    samples, thresholds, source = {}, {}, ""
    if score is not None:
        samples["objects"] = score
    for evaluation, tests in tests_of(stage, run):
        labelled = tests.parquet(SCORES, ["label", "score"])
        if labelled is None or not {"label", "score"} <= labelled.keys():
            continue
        samples["negatives"] = labelled["score"][labelled["label"] == 0]
        samples["positives"] = labelled["score"][labelled["label"] == 1]
        thresholds = {f"{100 * rate:g} % FPR": threshold_at(tests.csv("roc.csv"), rate) for rate in MARKED_RATES}
        source = evaluation.name
        break
    remarks = [] if source or not samples else ["No evaluation of the same network is in this run to compare with."]
    figure = ""
    if samples:
        drawn = {key: value for key, value in thresholds.items() if value is not None}
        compared = f" beside the negatives and positives of {source}" if source else ""
        figure = figure_html(
            score_histogram, samples, drawn, alt=f"Histogram of the scores of {stage.name}{compared}",
            caption=f"Scores of all objects of {stage.name}{compared}; each normalised to its own number."
            + (" Dashed: thresholds at fixed false-positive rates of the test." if drawn else ""),
        )  # fmt: skip
    facts = [("objects", number(len(score)))] if score is not None else []
    if score is not None and np.isnan(score).any():
        facts.append(("without score", number(int(np.isnan(score).sum()))))
    for label, value in thresholds.items():
        if score is not None and value is not None:
            facts.append((f"above the threshold at {label}", number(int(np.sum(score > value)))))
    facts += [(f"flag: {name}", number(count)) for name, count in _flag_counts(table)]
    html = render("scores.html", figure=figure, facts=facts, remarks=remarks, missing=folder.missing)
    return Section("Scores", stage.anchor, html, "", stage.label)


def score_column(table: Columns) -> np.ndarray | None:
    """The score objects are ranked by: the mean over networks, else the only network's."""
    networks = [key for key in table if key.startswith("score_")]
    for key in ("mean", "score", *networks[:1]):
        if key in table:
            return np.asarray(table[key], dtype=np.float64)
    return None


def tests_of(stage: StageView, run: ReportRun) -> list[tuple[StageView, ProductFolder]]:
    """Evaluations of a network that gave these scores."""
    networks = {model.name for model, _ in run.made_from(stage, "Model")}
    return [
        (evaluation, ProductFolder(folder))
        for evaluation, folder in run.of_kind("Evaluation")
        if networks & {model.name for model, _ in run.made_from(evaluation, "Model")}
    ]


def _flag_counts(table: Columns) -> list[tuple[str, int]]:
    from astrocnn.scoring.flags import flag_names

    if "flags" not in table or not np.issubdtype(table["flags"].dtype, np.number):
        return []
    values, counts = np.unique(np.nan_to_num(table["flags"]).astype(np.int64), return_counts=True)
    total: dict[str, int] = {}
    for names, count in zip(flag_names(values), counts.tolist(), strict=True):
        for name in filter(None, names.split(",")):
            total[name] = total.get(name, 0) + count
    return sorted(total.items())

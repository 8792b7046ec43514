"""The figures of an Evaluation as PNG files: ROC, and completeness against each truth column."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from astrocnn.report.figures import completeness_curve, roc_curve
from astrocnn.report.products import ProductFolder
from astrocnn.report.sections.evaluation import axis_label
from astrocnn.report.theme import write_png


def write_figures(evaluation: Path, folder: Path) -> list[Path]:
    """Draw the tables of an Evaluation folder.

    Parameters
    ----------
    evaluation : Path
        Folder with roc.csv and completeness.csv.
    folder : Path
        Where the PNG files go.

    Returns
    -------
    list of Path
    """
    product = ProductFolder(evaluation)
    roc, table = product.csv("roc.csv") or {}, product.csv("completeness.csv") or {}
    written = []
    if roc:
        curve = roc_curve(roc["false_positive_rate"], roc["true_positive_rate"])
        written.append(write_png(curve, folder / "roc.png"))
    for name in dict.fromkeys(str(value) for value in table.get("column", ())):
        rows = np.array([str(value) == name for value in table["column"]])
        keys = ("bin_low", "bin_high", "completeness", "completeness_low", "completeness_high", "n")
        figure = completeness_curve(*(table[key][rows] for key in keys), axis_label(name))
        written.append(write_png(figure, folder / f"completeness_{name}.png"))
    return written

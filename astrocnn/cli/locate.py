"""Finds what a user names: a run, a product of one, or the folder of a trained model."""

from __future__ import annotations

from pathlib import Path

from astrocnn.errors import InputMissing
from astrocnn.parquet import SCORES
from astrocnn.pipeline.record import STATE
from astrocnn.pipeline.store import DONE
from astrocnn.spelling import suggestion

CARD = "model.yaml"
SIGNS = {
    CARD: "Model", "metrics.json": "Evaluation", "explanation.json": "Explanation", "candidates.parquet": "Catalog",
    SCORES: "Scores", "index.html": "Report", "*.curves.h5": "LightCurves", "*.h5": "SampleSet",
}  # fmt: skip
"""File that tells a product's kind, the most telling first."""


def run_folder(run: str, runs: Path) -> Path:
    """Folder of a run, given as a path or by its name below `runs`.

    Raises
    ------
    InputMissing
        When there is no such run; the nearest name is given.
    """
    for folder in (Path(run), runs / run):
        if (folder / STATE).is_file():
            return folder
    known = sorted(path.parent.name for path in runs.glob(f"*/{STATE}"))
    raise InputMissing(
        "no run stands here", where=run, expected=f"the folder of a run, or a name below {runs}",
        fix=suggestion(run, known),
    )  # fmt: skip


def product_folder(product: str, runs: Path) -> Path:
    """Folder of a product: itself, `runs/NAME/STAGE` or `NAME/STAGE` for the current one, or a model folder.

    Raises
    ------
    InputMissing
        When there is none; the products near by are named.
    """
    for folder in (Path(product), runs / product):
        for found in (folder, folder / "current"):
            if (found / DONE).is_file() or (found / CARD).is_file():
                return found.resolve()
    near = [Path(product), runs / product, Path(product).parent, runs / Path(product).parent]
    known = next((stages for folder in near if (stages := _stages_of(folder))), [])
    raise InputMissing(
        "no product stands here", where=product, expected="a product's folder, RUN/STAGE, or a model folder",
        fix=suggestion(Path(product).name, known) if known else None,
    )  # fmt: skip


def samples_folder(samples: str, runs: Path) -> Path:
    """Folder of a SampleSet: one with shards in it, or a product as `product_folder` finds it.

    Raises
    ------
    InputMissing
        When there is none, or the product there is another.
    """
    folder = Path(samples)
    if not any(folder.glob("*.h5")):
        folder = product_folder(samples, runs)
    if product_kind(folder) != "SampleSet":
        raise InputMissing(
            f"is a product of the kind {product_kind(folder)}", where=samples, expected="a SampleSet",
            fix="name the stage that makes the samples",
        )  # fmt: skip
    return folder


def _stages_of(run: Path) -> list[str]:
    return sorted(path.parent.name for path in run.glob("*/current"))


def product_kind(folder: Path) -> str:
    """Kind of the product in a folder, told by its files; `Product` where they tell nothing."""
    return next((kind for sign, kind in SIGNS.items() if any(folder.glob(sign))), "Product")

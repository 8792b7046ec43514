"""The `search-transits` stage: whole light curves searched for planets, by boxes and by a network."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from astrocnn import backend
from astrocnn.errors import DataError
from astrocnn.parquet import SCORES, read_parquet, write_parquet
from astrocnn.pipeline.source_samples import open_curves
from astrocnn.pipeline.stage import Edge, Part, References, Scene, Source, Stage, StageParameters, Task
from astrocnn.search.options import SearchOptions
from astrocnn.training.engines import EngineChoice

if TYPE_CHECKING:
    from astrocnn.samples.curve import LightCurve
    from astrocnn.samples.curve_meta import CurveMeta
    from astrocnn.search.candidate import Candidate
    from astrocnn.search.search import StarSearch
    from astrocnn.search.window_scores import WindowScorer
    from astrocnn.training.model_folder import TrainedModel

log = logging.getLogger("astrocnn.stages.search_transits")

PLOTS, PROBABILITY = "plots.parquet", "probability.parquet"


class Parameters(SearchOptions, EngineChoice, StageParameters):
    """Parameters of `search-transits`."""

    curves: Annotated[References, Edge("LightCurves", splits=True)] = Field(description="light curves")
    model: Annotated[References, Edge("Model")] = Field(
        (), description="a network for windows of curves; without it only boxes are looked for"
    )
    band: str | None = Field(None, description="band that is searched; needed where a curve has several")
    expected_prevalence: float | None = Field(
        None, gt=0, lt=1, description="share of windows with a transit, for the probability; else the training set's"
    )

    @property
    def options(self) -> SearchOptions:
        """How curves are searched, alone."""
        return SearchOptions(**{name: getattr(self, name) for name in SearchOptions.model_fields})


class SearchTransits(Stage[Parameters]):
    """Search whole light curves for transits, by boxes and by a network, and tell what speaks against candidates."""

    use = "search-transits"
    produces = "Scores"
    revision = 2
    uses_keras = True
    maps_over = "curves"

    def calls_keras(self, parameters: Parameters, scene: Scene) -> bool:
        """Only with a model; boxes alone are looked for by several workers."""
        return scene.source("model") is not None

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part] | None:
        """One part per part of the curves; one piece for curves from outside."""
        source = scene.source("curves")
        if source is None or not source.parts:
            return None
        return [Part(part.name, [part.hash, list(source.splits)], number) for number, part in enumerate(source.parts)]

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Search the stars of one part."""
        _search(task, part.work)

    def run(self, task: Task[Parameters]) -> None:
        """Search all stars in one piece."""
        _search(task, None)
        task.ledger.refuse_nothing("no light curve can be searched", task.name)

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Join the tables of all parts.

        Raises
        ------
        DataError
            When no curve can be searched.
        """
        import pyarrow

        task.ledger.refuse_nothing("no light curve can be searched", task.name)
        for name in (SCORES, PLOTS, PROBABILITY):
            tables = [read_parquet(folder / name) for folder in parts if (folder / name).is_file()]
            if tables:
                write_parquet(pyarrow.concat_tables(tables), task.out / name)


def _search(task: Task[Parameters], part: int | None) -> None:
    """Search the stars of a part, and write their candidates, what is drawn of them, and the probabilities."""
    from astrocnn.search.plots import plot_row, write_plots, write_probabilities
    from astrocnn.search.table import write_candidates

    curves = open_curves(task.source("curves"), part)
    model = task.scene.source("model")
    trained, scorer = _network(task.parameters, model) if model else (None, None)
    network = model.name.removeprefix("inputs.") if model else ""
    zero = curves.meta.time_reference_day or 0.0
    columns = {name: curves.column(name) for name in ("id", "ra", "dec", "group")}
    rows: list[dict[str, Any]] = []
    plots: list[dict[str, Any]] = []
    probabilities: list[dict[str, Any]] = []
    for number, curve in enumerate(curves.each()):
        star = {
            name: values[number].item() if name in ("ra", "dec") else str(values[number])
            for name, values in columns.items()
        }
        found = _star(task, curves.meta, curve, scorer)
        task.progress(number + 1, len(curves), "")
        if found is None:
            continue
        for place, candidate in enumerate(found.candidates):
            rows.append(_row(candidate, place + 1, star, zero, trained, scorer, network))
            plots.append(plot_row(found, place, rows[-1]["id"], zero))
        if found.probability is not None:
            start, interval = found.star.curve.start_day, found.star.curve.interval_day
            one = {"star": curve.id, "start_day": zero + start, "interval_day": interval}
            probabilities.append(one | {"probability": found.probability})
        task.ledger.add([curve.id], "scored", "" if found.candidates else "no candidate")
    notes = {"time_system": curves.meta.time_system, "network": network or "none: boxes only"}
    write_candidates(rows, task.out / SCORES, notes, network)
    write_plots(plots, task.out / PLOTS)
    if scorer is not None:
        write_probabilities(probabilities, task.out / PROBABILITY)


def _star(task: Task[Parameters], meta: CurveMeta, curve: LightCurve, scorer: WindowScorer | None) -> StarSearch | None:
    """Search one star; None for one that cannot be, which the ledger tells."""
    from astrocnn.search.search import search_star
    from astrocnn.search.star import cadence_hour
    from astrocnn.search.window_scores import too_coarse

    try:
        curve = _in_band(curve, task.parameters.band)
        if scorer is not None and (reason := too_coarse(scorer.card, cadence_hour(curve.time))):
            raise DataError(reason, fix="train at this cadence, or leave model out")
        return search_star(curve.time, curve.value, meta.quantity, task.parameters.options, scorer)
    except DataError as error:
        log.warning("%s: %s is rejected: %s", task.name, curve.id, error)
        reason = str(DataError(error.what, expected=error.expected, fix=error.fix))  # alike for all such
        task.ledger.add([curve.id], "rejected", reason)
        return None


def _row(
    candidate: Candidate, number: int, star: dict[str, Any], zero: float, trained: TrainedModel | None,
    scorer: WindowScorer | None, network: str,
) -> dict[str, Any]:  # fmt: skip
    import numpy as np

    from astrocnn.scoring.flags import NETWORK_MISSING, TRAINED_ON, UNCALIBRATED
    from astrocnn.search.table import candidate_row

    flags, probability, folded = 0, math.nan, math.nan
    if trained is not None and scorer is not None:
        seen = trained.seen(np.array([star["id"]]), np.array([star["group"]]))
        flags = TRAINED_ON if seen.any() else 0  # all networks look at every star
        if scorer.card.calibration is None:
            flags |= UNCALIBRATED
        else:
            scores = np.array([candidate.score, candidate.score_folded])
            probability, folded = scorer.probability(scores).tolist()
        if not math.isfinite(candidate.score):
            flags |= NETWORK_MISSING  # too little was observed about the transits
    return candidate_row(
        candidate, number, star, zero, flags=flags, probability=probability, probability_folded=folded, network=network
    )


def _in_band(curve: LightCurve, band: str | None) -> LightCurve:
    """The points of the band that is searched: the one stated, or the only one that the curve has.

    Raises
    ------
    UnknownName
        When there is no such band.
    DataError
        When the curve has several and none is stated, or no points in it.
    """
    if band is None:
        present = sorted({curve.bands[number] for number in curve.band.tolist()})
        if len(present) != 1:
            raise DataError("points in several bands", expected="one", fix="state band")
        band = present[0]
    chosen = curve.in_band(band)
    if not len(chosen):
        raise DataError("no points in the band", expected=band)
    return chosen


def _network(parameters: Parameters, model: Source) -> tuple[TrainedModel, WindowScorer]:
    from astrocnn.search.window_scores import WindowScorer, refuse_other_models
    from astrocnn.training.loaded_model import loaded_model

    backend.prepare()
    trained, engines = loaded_model(model.folder, model.hash, parameters.engine, parameters.precision)
    refuse_other_models(trained.card, model.name)
    return trained, WindowScorer(trained.card, engines, parameters.least_covered, parameters.expected_prevalence)


STAGE = SearchTransits()

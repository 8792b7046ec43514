"""The `score` stage: a trained model's scores for real objects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from astrocnn import backend
from astrocnn.parquet import SCORES, read_parquet, write_parquet
from astrocnn.pipeline.source_samples import open_samples
from astrocnn.pipeline.stage import Edge, Part, References, Scene, Stage, StageParameters, Task
from astrocnn.training.engines import EngineChoice


class Parameters(EngineChoice, StageParameters):
    """Parameters of `score`."""

    model: Annotated[References, Edge("Model")] = Field(description="the trained model")
    samples: Annotated[References, Edge("SampleSet", splits=True)] = Field(description="objects to score")
    expected_prevalence: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="share of positives among the objects, for the probability; else the training set's",
    )


class Score(Stage[Parameters]):
    """Score real objects with a trained model; those it was trained on are flagged."""

    use = "score"
    produces = "Scores"
    revision = 2
    uses_keras = True
    maps_over = "samples"

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part] | None:
        """One part per part of the samples; one piece for samples from outside."""
        source = scene.source("samples")
        if source is None or not source.parts:
            return None
        return [Part(part.name, [part.hash, list(source.splits)], number) for number, part in enumerate(source.parts)]

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Score the objects of one tile."""
        self._score(task, part.work)

    def run(self, task: Task[Parameters]) -> None:
        """Score all objects in one piece."""
        self._score(task, None)

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Join the tables of all parts."""
        import pyarrow

        write_parquet(pyarrow.concat_tables([read_parquet(folder / SCORES) for folder in parts]), task.out / SCORES)

    def _score(self, task: Task[Parameters], part: int | None) -> None:
        import numpy as np

        from astrocnn.training.loaded_model import loaded_model
        from astrocnn.training.scores import score_table, write_scores

        backend.prepare()
        model = task.source("model")
        samples = open_samples(task.source("samples"), part)
        parameters = task.parameters
        trained, engines = loaded_model(model.folder, model.hash, parameters.engine, parameters.precision)
        table = score_table(
            trained, samples, model.name.removeprefix("inputs."), parameters.expected_prevalence, task.progress, engines
        )
        write_scores(table, task.out / SCORES)
        scored = np.isfinite(table["mean"])
        task.ledger.add(table["id"][scored], "scored")
        task.ledger.add(table["id"][~scored], "rejected", "values that are not finite")


STAGE = Score()

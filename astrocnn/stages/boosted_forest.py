"""The `boosted-forest` stage: scores of a forest on features of light curves, the base line beside networks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from astrocnn.parquet import SCORES
from astrocnn.pipeline.source_samples import open_samples
from astrocnn.pipeline.stage import Edge, Finding, Forecast, References, Scene, Stage, StageParameters, Task
from astrocnn.training.forest import ForestOptions


class Parameters(ForestOptions, StageParameters):
    """Parameters of `boosted-forest`: how trees are grown, on what, and what they score."""

    samples: Annotated[References, Edge("SampleSet", labelled=True)] = Field(
        description="labelled features, with train and, for folds, validation"
    )
    test: Annotated[References, Edge("SampleSet", splits=True)] = Field(
        (), description="features to score; the samples themselves by default"
    )

    @property
    def options(self) -> ForestOptions:
        """How trees are grown, alone."""
        return ForestOptions(**{name: getattr(self, name) for name in ForestOptions.model_fields})


class BoostedForest(Stage[Parameters]):
    """Grow boosted trees on features and score with them, out of fold: the base line beside networks."""

    use = "boosted-forest"
    produces = "Scores"

    def needs(self, key: str, taken: dict[str, References]) -> bool:
        """A test set that is stated and absent is not replaced by the samples."""
        return True

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """One score an object."""
        scored = scene.source("test") or scene.source("samples")
        return Forecast(objects=scored.forecast.objects if scored else None)

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """What the samples say of themselves when scored by the trees that learnt them is of little use."""
        if not parameters.test and parameters.folds is None:
            yield Finding(
                "folds", "without folds, samples trained on are scored by the trees that learnt them", "warning"
            )

    def run(self, task: Task[Parameters]) -> None:
        """Grow the forests and write their scores."""
        from astrocnn.training.forest import forest_outputs
        from astrocnn.training.scores import outputs_table, write_scores

        samples = open_samples(task.source("samples"))
        test = task.scene.source("test")
        objects = samples if test is None else open_samples(test)
        samples = samples.select(samples.column("label") >= 0)
        outputs = forest_outputs(samples, objects, task.parameters.options, task.scene.seed, task.progress)
        table = outputs_table(outputs, objects, task.name, samples.meta.classes, samples.meta.positive)
        write_scores(table, task.out / SCORES)
        task.ledger.add(table["id"], "scored")


STAGE = BoostedForest()

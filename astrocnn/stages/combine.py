"""The `combine` stage: scores of several models for the same objects as one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from astrocnn.parquet import SCORES
from astrocnn.pipeline.stage import Edge, Finding, References, Scene, Stage, StageParameters, Task


class Parameters(StageParameters):
    """Parameters of `combine`."""

    scores: Annotated[References, Edge("Scores", many=True)] = Field(description="scores of the same objects")
    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {}, description="of the stages in the mean; 1 for those that are not named"
    )


class Combine(Stage[Parameters]):
    """Average the scores of several models, on whatever representation each of them works."""

    use = "combine"
    produces = "Scores"

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Weights are of what is combined."""
        known = [source.name for source in scene.sources.get("scores", ())]
        for name in parameters.weights:
            if name not in known:
                yield Finding("weights", f"{name} is not combined here; expected of {', '.join(known)}")

    def run(self, task: Task[Parameters]) -> None:
        """Join the tables by id and write their mean."""
        import numpy as np

        from astrocnn.scoring.combine import combine_scores
        from astrocnn.training.scores import read_scores, write_scores

        sources = task.scene.sources["scores"]
        tables = {source.name.removeprefix("inputs."): read_scores(source.folder / SCORES) for source in sources}
        table = combine_scores(tables, task.parameters.weights)
        write_scores(table, task.out / SCORES)
        scored = np.isfinite(table["mean"])
        task.ledger.add(table["id"][scored], "scored")
        task.ledger.add(table["id"][~scored], "rejected", "no model has a score for it")


STAGE = Combine()

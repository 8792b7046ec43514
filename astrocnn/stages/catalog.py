"""The `catalog` stage: the candidates, ranked, in the formats that people and programs of the field read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, field_validator

from astrocnn.errors import UnknownName
from astrocnn.parquet import SCORES
from astrocnn.pipeline.stage import Edge, Finding, References, Scene, Source, Stage, StageParameters, Task

_OF_THE_GATE = ("level", "needed", "had", "unit", "policy")

Format = Literal["votable", "fits", "parquet", "ecsv"]


class Keep(BaseModel):
    """Which objects become candidates; all bounds hold together."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    top: int | None = Field(None, ge=1, description="at most so many, best first")
    score_above: float | None = Field(None, description="lowest raw score, exclusive")
    probability_above: float | None = Field(None, ge=0, le=1, description="lowest probability, exclusive")
    without_flags: Annotated[tuple[str, ...], Strict(False)] = Field(
        (), description="names of flags that no candidate has, as odd_even"
    )

    @field_validator("without_flags")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        from astrocnn.scoring.flags import flag_bits

        try:
            flag_bits(names)
        except UnknownName as error:
            raise ValueError(str(error)) from error
        return names


class Parameters(StageParameters):
    """Parameters of `catalog`."""

    scores: Annotated[References, Edge("Scores")] = Field(description="the scores to rank by")
    samples: Annotated[References, Edge("SampleSet")] = Field(
        (), description="the scored objects, for positions and shapes; by default found from the scores"
    )
    keep: Keep = Field(Keep(), description="which objects become candidates; all by default")
    formats: Annotated[tuple[Format, ...], Strict(False)] = Field(
        ("votable", "fits", "parquet"), min_length=1, description="file formats; parquet is always written"
    )


class Catalog(Stage[Parameters]):
    """Rank the scored objects and write the candidates as VOTable, FITS, Parquet or ECSV."""

    use = "catalog"
    produces = "Catalog"

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Positions come with the samples that were scored, or stand in the table of a search."""
        if _scored(scene) is None and not _of_search(scene):
            yield Finding("samples", "the scored objects are not known; to fix, name their stage")

    def run(self, task: Task[Parameters]) -> None:
        """Join scores and objects, choose, rank and write."""
        import numpy as np

        from astrocnn.catalog.candidates import choose_candidates
        from astrocnn.catalog.writers import candidate_table, write_catalog
        from astrocnn.samples.sample_set import SampleSet
        from astrocnn.training.scores import read_scores

        scores = read_scores(task.source("scores").folder / SCORES)
        samples = None
        if not _of_search(task.scene):
            samples = SampleSet.open((_scored(task.scene) or task.source("samples")).folder)
        columns, kept = choose_candidates(scores, samples, **task.parameters.keep.model_dump())
        table = candidate_table(
            columns, _metadata(task), flux_unit=(samples.meta.flux_unit if samples is not None else None) or ""
        )
        formats = dict.fromkeys([*task.parameters.formats, "parquet"])
        write_catalog(table, task.out, list(formats))
        scored = np.isfinite(scores["mean"])
        again = ~kept & np.isin(scores["id"], scores["id"][kept])
        task.ledger.add(columns["id"], "kept")
        task.ledger.add(scores["id"][again], "excluded", "kept from another tile")
        task.ledger.add(scores["id"][scored & ~kept & ~again], "excluded", "below the cut")
        task.ledger.add(scores["id"][~scored & ~again], "excluded", "no score")


def _scored(scene: Scene) -> Source | None:
    """The objects that were scored: named here, or those the scores were made from."""
    named, scores = scene.source("samples"), scene.source("scores")
    return named or (scores.sources.get("samples", (None,))[0] if scores else None)


def _of_search(scene: Scene) -> bool:
    """Whether the scores are those of a search of whole light curves, whose rows say themselves what they are."""
    scores = scene.source("scores")
    return scores is not None and "curves" in scores.sources


def _metadata(task: Task[Parameters]) -> dict[str, Any]:
    from astrocnn.training.model_card import CARD, read_card

    scores = task.source("scores")
    metadata: dict[str, Any] = {
        "name": task.name, "scores": scores.hash, "keep": task.parameters.keep.model_dump(exclude_defaults=True),
    }  # fmt: skip
    if _of_search(task.scene):
        from astrocnn.search.table import read_notes

        metadata |= read_notes(scores.folder / SCORES)
    model = next(iter(scores.sources.get("model", ())), None)
    if model is not None and (model.folder / CARD).is_file():
        card = read_card(model.folder)
        metadata |= {
            "model": model.name, "model_hash": model.hash, "network": card.network,
            "receptive_field": {name: card.receptive_field.get(name) for name in _OF_THE_GATE},
        }  # fmt: skip
    return metadata


STAGE = Catalog()

"""The `evaluate` stage: how good a model is on labelled samples it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, Strict, model_validator

from astrocnn import backend
from astrocnn.errors import DataError
from astrocnn.parquet import SCORES
from astrocnn.pipeline.source_samples import open_samples
from astrocnn.pipeline.stage import Edge, Finding, References, Scene, Stage, StageParameters, Task
from astrocnn.scoring.subsets import Subsets
from astrocnn.training.engines import EngineChoice

if TYPE_CHECKING:
    from astrocnn.samples.sample_set import SampleSet
    from astrocnn.scoring.evaluation import Labelled
    from astrocnn.training.labelled_rows import Outputs


class Parameters(EngineChoice, StageParameters):
    """Parameters of `evaluate`."""

    model: Annotated[References, Edge("Model")] = Field((), description="the trained model")
    scores: Annotated[References, Edge("Scores")] = Field(
        (), description="scores of the samples, in place of a model: of several models together, or of another method"
    )
    samples: Annotated[References, Edge("SampleSet", splits=True, labelled=True)] = Field(
        description="labelled samples; the first present"
    )
    subsets: Subsets = Field({}, description="name: {column: {above: ..., below: ...}} of the positives")
    against: Annotated[tuple[str, ...], Strict(False)] | None = Field(
        None, description="truth columns to show completeness against; Einstein radius and S/N by default"
    )
    false_positive_rate: float = Field(0.01, gt=0, lt=1, description="rate at which completeness is shown")
    resamples: int = Field(1000, ge=100, description="bootstrap resamples of whole groups")

    @model_validator(mode="after")
    def _one_of_both(self) -> Parameters:
        if bool(self.model) == bool(self.scores):
            raise ValueError("expected either model: or scores:")
        return self


class Evaluate(Stage[Parameters]):
    """Measure a model or scores on labelled samples: ROC and completeness, or classes and their confusion, by group."""

    use = "evaluate"
    produces = "Evaluation"
    revision = 4
    uses_keras = True

    def needs(self, key: str, taken: dict[str, References]) -> bool:
        """Whatever is stated: of model and scores only one is."""
        return True

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """A stage of this file is only evaluated on what it did not train on."""
        source, model = scene.source("samples"), scene.source("model")
        trained_on = model.sources.get("samples", ()) if model else ()
        if not source or all(one.name != source.name for one in trained_on):
            return
        seen = [name for name in source.splits if name in ("train", "validation")]
        out_of_fold = model is not None and model.forecast.out_of_fold
        if not out_of_fold and (not source.splits or seen):
            what = f"{source.name}.{'+'.join(seen)}" if seen else f"all of {source.name}"
            yield Finding("samples", f"takes {what}, which the model trains on; to fix, {source.name}.test")

    def run(self, task: Task[Parameters]) -> None:
        """Score the samples, or join their scores, and write metrics, tables and figures."""
        import numpy as np

        from astrocnn.report.evaluation_figures import write_figures
        from astrocnn.scoring.class_evaluation import write_class_evaluation
        from astrocnn.scoring.evaluation import write_evaluation
        from astrocnn.training.labelled_rows import class_rows, is_search, searched_rows

        source, parameters = task.source("samples"), task.parameters
        samples = open_samples(source)
        unlabelled = samples.column("label") < 0
        task.ledger.add(samples.ids[unlabelled], "excluded", "no label")
        samples = samples.select(~unlabelled)
        outputs = self._by_scores(task, samples) if parameters.scores else self._by_model(task, samples)
        scored = np.isfinite(outputs.values).all(axis=1)
        task.ledger.add(samples.ids[scored], "scored")
        what = "no score" if parameters.scores else "values that are not finite"
        task.ledger.add(samples.ids[~scored], "rejected", what)
        samples, outputs = samples.select(scored), outputs.select(scored)
        subsets, resamples, seed = parameters.subsets, parameters.resamples, task.scene.seed
        if is_search(samples):
            labelled = searched_rows(samples, outputs.values[:, 0], outputs.probability)
            against, rate = self._against(parameters, labelled), parameters.false_positive_rate
            write_evaluation(
                labelled, task.out, subsets=subsets, against=against, fpr=rate, resamples=resamples, seed=seed
            )
        elif samples.meta.classes:
            rows = class_rows(samples, outputs.values, outputs.classes)
            write_class_evaluation(rows, task.out, subsets=subsets, resamples=resamples, seed=seed)
        else:
            raise DataError("samples without classes", where=source.name, expected="a labelled SampleSet")
        write_figures(task.out, task.out / "figures")

    def _by_model(self, task: Task[Parameters], samples: SampleSet) -> Outputs:
        """What the model says; where a class is searched for, of that alone."""
        import numpy as np

        from astrocnn.samples.splits import refuse_overlap
        from astrocnn.scoring.calibration import tempered
        from astrocnn.training.labelled_rows import Outputs, is_search
        from astrocnn.training.loaded_model import loaded_model
        from astrocnn.training.model_folder import refuse_mismatch
        from astrocnn.training.predict_model import predict_model

        backend.prepare()
        source, parameters = task.source("model"), task.parameters
        model, engines = loaded_model(source.folder, source.hash, parameters.engine, parameters.precision)
        card, groups = model.card, samples.column("group")
        card.refuse_numbers()
        refuse_mismatch(card, samples.meta, task.source("samples").name)
        if card.positive is not None and not is_search(samples):
            raise DataError("samples without a class to search for", expected="a labelled SampleSet with `positive`")
        seen = model.seen(samples.ids, groups).all(axis=0)
        refuse_overlap(model.trained.ids.tolist(), samples.ids[seen].tolist())
        refuse_overlap(model.trained.groups.tolist(), groups[seen].tolist(), of="groups")
        values = predict_model(model, samples, task.progress, engines).mean
        if is_search(samples):
            values = values[:, [card.positive_output]]
        elif card.temperature is not None:
            values = tempered(values, card.temperature)
        nothing = np.full(len(values), np.nan)
        probability = card.calibration.probability(values[:, 0]) if card.calibration else nothing
        return Outputs(values, probability, card.classes)

    def _by_scores(self, task: Task[Parameters], samples: SampleSet) -> Outputs:
        """What a table of scores says."""
        from astrocnn.training.labelled_rows import scored_outputs
        from astrocnn.training.scores import read_scores

        source = task.source("scores")
        return scored_outputs(read_scores(source.folder / SCORES), samples, source.name)

    def _against(self, parameters: Parameters, labelled: Labelled) -> list[str]:
        """The columns asked for, or those of the usual ones that the samples have."""
        if parameters.against is not None:
            return list(parameters.against)
        return [name for name in ("einstein_radius_arcsec", "snr") if name in labelled.truth]


STAGE = Evaluate()

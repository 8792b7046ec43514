"""The `evaluate` stage: how good a model is on labelled samples it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, Strict

from astrocnn import backend
from astrocnn.errors import DataError
from astrocnn.pipeline.source_samples import open_samples
from astrocnn.pipeline.stage import Edge, Finding, References, Scene, Stage, StageParameters, Task
from astrocnn.scoring.subsets import Subsets
from astrocnn.training.engines import EngineChoice

if TYPE_CHECKING:
    import numpy as np

    from astrocnn.samples.sample_set import SampleSet
    from astrocnn.scoring.evaluation import Labelled

_NOT_TRUTH = ("id", "group", "label", "split", "weight", "coverage", "ra", "dec")


class Parameters(EngineChoice, StageParameters):
    """Parameters of `evaluate`."""

    model: Annotated[References, Edge("Model")] = Field(description="the trained model")
    samples: Annotated[References, Edge("SampleSet", splits=True, labelled=True)] = Field(
        description="labelled samples; the first present"
    )
    subsets: Subsets = Field({}, description="name: {column: {above: ..., below: ...}} of the positives")
    against: Annotated[tuple[str, ...], Strict(False)] | None = Field(
        None, description="truth columns to show completeness against; Einstein radius and S/N by default"
    )
    false_positive_rate: float = Field(0.01, gt=0, lt=1, description="rate at which completeness is shown")
    resamples: int = Field(1000, ge=100, description="bootstrap resamples of whole groups")


class Evaluate(Stage[Parameters]):
    """Measure a model on labelled samples: ROC, completeness at fixed false positives, intervals by group."""

    use = "evaluate"
    produces = "Evaluation"
    revision = 2
    uses_keras = True

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """A stage of this file is only evaluated on what it did not train on."""
        source, model = scene.source("samples"), scene.source("model")
        trained_on = model.sources.get("samples", ()) if model else ()
        if not source or all(one.name != source.name for one in trained_on):
            return
        seen = [name for name in source.splits if name in ("train", "validation")]
        if not source.splits or seen:
            what = f"{source.name}.{'+'.join(seen)}" if seen else f"all of {source.name}"
            yield Finding("samples", f"takes {what}, which the model trains on; to fix, {source.name}.test")

    def run(self, task: Task[Parameters]) -> None:
        """Score the samples and write metrics, tables and figures."""
        import numpy as np

        from astrocnn.report.evaluation_figures import write_figures
        from astrocnn.samples.splits import refuse_overlap
        from astrocnn.scoring.evaluation import write_evaluation
        from astrocnn.training.engines import scoring_engine
        from astrocnn.training.model_folder import load_model, refuse_mismatch
        from astrocnn.training.predict import predict_set

        backend.prepare()
        source = task.source("samples")
        model = load_model(task.source("model").folder)
        card, samples = model.card, open_samples(source)
        unlabelled = samples.column("label") < 0
        task.ledger.add(samples.ids[unlabelled], "excluded", "no label")
        samples = samples.select(~unlabelled)
        refuse_mismatch(card, samples.meta, source.name)
        refuse_overlap(model.trained_ids, samples.ids.tolist())
        refuse_overlap(model.trained_groups, samples.column("group").tolist(), of="groups")
        engine = scoring_engine(model.network, task.parameters.engine, task.parameters.precision)
        outputs, _ = predict_set(engine, samples, card.normalisation, card.axes_px, card.views, task.progress)
        scores = outputs[:, card.positive_output]
        scored = np.isfinite(scores)
        task.ledger.add(samples.ids[scored], "scored")
        task.ledger.add(samples.ids[~scored], "rejected", "values that are not finite")
        labelled = _labelled(samples.select(scored), scores[scored])
        write_evaluation(
            labelled, task.out, subsets=task.parameters.subsets, against=self._against(task.parameters, labelled),
            fpr=task.parameters.false_positive_rate, resamples=task.parameters.resamples, seed=task.scene.seed,
        )  # fmt: skip
        write_figures(task.out, task.out / "figures")

    def _against(self, parameters: Parameters, labelled: Labelled) -> list[str]:
        """The columns asked for, or those of the usual ones that the samples have."""
        if parameters.against is not None:
            return list(parameters.against)
        return [name for name in ("einstein_radius_arcsec", "snr") if name in labelled.truth]


def _labelled(samples: SampleSet, scores: np.ndarray) -> Labelled:
    """Scored rows with the truth columns: all that hold one value an object.

    Raises
    ------
    DataError
        When the samples have no class that is searched for.
    """
    import numpy as np

    from astrocnn.scoring.evaluation import Labelled

    positive = samples.meta.positive_label
    if positive is None:
        raise DataError("samples without a class to search for", expected="a labelled SampleSet with `positive`")
    columns = {name: samples.column(name) for name in samples.columns if name not in _NOT_TRUTH}
    truth = {name: values for name, values in columns.items() if values.ndim == 1}
    labels = (samples.column("label") == positive).astype(np.int8)
    return Labelled(samples.ids, samples.column("group"), labels, scores, truth)


STAGE = Evaluate()

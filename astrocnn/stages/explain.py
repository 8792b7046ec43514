"""The `explain` stage: looks inside a trained model at some objects, as pictures and as numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, Strict

from astrocnn import backend
from astrocnn.pipeline.source_samples import open_samples
from astrocnn.pipeline.stage import Edge, Finding, References, Scene, Stage, StageParameters, Task

_WINDOWS = {"window_arcsec": "arcsec", "window_hour": "hour", "window_km": "km", "window_share": "share"}


class Parameters(StageParameters):
    """Parameters of `explain`."""

    model: Annotated[References, Edge("Model")] = Field(description="the trained model")
    samples: Annotated[References, Edge("SampleSet", splits=True)] = Field(description="where the objects come from")
    objects: Annotated[int, Field(ge=1)] | Annotated[tuple[str, ...], Strict(False)] = Field(
        3, description="ids, or how many: the highest-scoring of each class in turn"
    )
    wanted: str | None = Field(
        None, alias="class",
        description="class whose score is explained; the one searched for by default, else each object's own",
    )  # fmt: skip
    layers: Annotated[tuple[str, ...], Strict(False)] = Field(
        (), description="layers whose maps are shown; some spread over the network by default"
    )
    units: Annotated[int, Field(ge=0)] | Annotated[tuple[str, ...], Strict(False)] = Field(
        4, description="LAYER:NUMBER each, or how many: channels of the last map that speak most for the first object"
    )
    smooth: int = Field(0, ge=0, description="noisy copies that saliency is averaged over (SmoothGrad); 0 for none")
    window_arcsec: float | None = Field(None, gt=0, description="side of what occlusion hides; by default a sixth of "
                                        "what a feature sees")  # fmt: skip
    window_hour: float | None = Field(None, gt=0, description="the same for curves")
    window_km: float | None = Field(None, gt=0, description="the same for maps of a surface")
    window_share: float | None = Field(None, gt=0, le=1, description="the same as a share of the object")


class Explain(Stage[Parameters]):
    """Look inside a model: saliency, Grad-CAM, occlusion, feature maps, what excites units, effective field."""

    use = "explain"
    produces = "Explanation"
    uses_keras = True

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """One side of the window is enough."""
        given = [name for name in _WINDOWS if getattr(parameters, name) is not None]
        for name in given[1:]:
            yield Finding(name, f"says again what {given[0]} says; to fix, leave one of them out")

    def run(self, task: Task[Parameters]) -> None:
        """Explain the objects, and draw."""
        from astrocnn.explain.choose import Request
        from astrocnn.explain.explanation import explain
        from astrocnn.explain.files import write_explanation
        from astrocnn.report.explanation_pictures import write_pictures
        from astrocnn.training.model_folder import load_model

        backend.prepare()
        wanted, source = task.parameters, task.source("samples")
        windows = [(getattr(wanted, name), unit) for name, unit in _WINDOWS.items() if getattr(wanted, name)]
        request = Request(
            objects=wanted.objects, wanted=wanted.wanted, layers=wanted.layers, units=wanted.units,
            copies=wanted.smooth, window=windows[0] if windows else None, seed=task.scene.seed,
        )  # fmt: skip
        name = f"{source.name}.{'+'.join(source.splits)}" if source.splits else source.name
        model = load_model(task.source("model").folder)
        explanation = explain(model, open_samples(source), request, name, task.progress)
        write_explanation(explanation, task.out)
        write_pictures(explanation, task.out)
        task.ledger.add([row["id"] for row in explanation.facts["objects"]], "scored", "explained")


STAGE = Explain()

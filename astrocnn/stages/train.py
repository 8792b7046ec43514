"""The `train` stage: checks that the network sees the whole object, trains it, and writes the model folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from shlex import quote
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from astrocnn import backend
from astrocnn.errors import AstrocnnError, PipelineFileError, StageFailed
from astrocnn.networks.registry import configure, names, plugin_of
from astrocnn.pipeline.stage import Edge, Finding, Forecast, References, Scene, Source, Stage, StageParameters, Task
from astrocnn.plugins import Plugin
from astrocnn.quantities import RELATIVE
from astrocnn.receptive_field.coverage import Verdict, gate
from astrocnn.receptive_field.tables import field_of
from astrocnn.spelling import suggestion
from astrocnn.training.parameters import NetworkTraining
from astrocnn.training.recipe import recipe_defaults, recipe_names
from astrocnn.training.shapes import input_size, shape_problems
from astrocnn.training.targets import target_problem

_COVERS = {
    **{unit: f"covers_{unit}" for unit in ("arcsec", "hour", "km")},
    **dict.fromkeys(RELATIVE, "covers_relative"),
}


class Parameters(NetworkTraining, StageParameters):
    """Parameters of `train`; epochs, batch size, learning rate, schedule and more default to the paper's recipe."""

    samples: Annotated[References, Edge("SampleSet", labelled=True)] = Field(
        (), description="labelled samples with train and validation"
    )
    from_: Annotated[References, Edge("Model")] = Field(
        (), alias="from", description="a trained model to use or go on from"
    )
    fine_tune: bool = Field(
        False, description="train the imported model on; where samples are stated and absent, it is used as it is"
    )
    recipe: str | None = Field(
        None, exclude=True, description="recipe whose values stand for what is left out; that of the network by default"
    )
    covers_arcsec: float | None = Field(None, gt=0, description="extent of the object the network must see whole")
    covers_hour: float | None = Field(None, gt=0, description="the same in time")
    covers_km: float | None = Field(None, gt=0, description="the same on a surface")
    covers_relative: float | None = Field(
        None, gt=0, description="the same in the unit that objects were scaled by (r50, r90, period)"
    )
    receptive_field: Literal["error", "warn"] = Field("error", description="what a field smaller than the object is")

    @model_validator(mode="before")
    @classmethod
    def _fill_in_recipe(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        given = any(one.stage or (one.outside and one.outside.value) for one in data.get("from") or ())
        imported = given and not data.get("fine_tune")
        defaults = recipe_defaults(str(data.get("recipe") or data.get("network")))
        if imported:
            defaults = {"epochs": 0, "batch_size": 1, "learning_rate": 1.0, "schedule": {"kind": "cosine"}, **defaults}
        return {**defaults, **data}

    @field_validator("recipe")
    @classmethod
    def _recipe_is_there(cls, name: str | None) -> str | None:
        if name is not None and name not in recipe_names():
            raise ValueError(f"there is no recipe {name!r}; {suggestion(name, recipe_names())}")
        return name

    @model_validator(mode="after")
    def _has_work(self) -> Parameters:
        if not self.from_ and self.network is None:
            raise ValueError("expected network: or from:")
        if self.fine_tune and not self.from_:
            raise ValueError("fine_tune needs from:")
        return self


class Train(Stage[Parameters]):
    """Train a network of the zoo, or import a trained model, after checking that it sees the whole object."""

    use = "train"
    produces = "Model"
    revision = 3
    uses_keras = True

    def defaults(self, values: Mapping[str, Any], stages: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The recipe of the model that is trained on, where neither a network nor a recipe is stated."""
        if not values.get("fine_tune") or values.get("network") or values.get("recipe"):
            return {}
        recipe = _recipe_of(values, stages)
        return {"recipe": recipe} if recipe in recipe_names() else {}

    def needs(self, key: str, taken: dict[str, References]) -> bool:
        """Samples are needed unless a model is imported."""
        return key == "samples" and not taken.get("from")

    def needless(self, parameters: Parameters, taken: dict[str, References]) -> Iterable[str]:
        """A model that is imported and not trained on needs no samples; an absent one leaves them needed."""
        return ("samples",) if taken.get("from") and not parameters.fine_tune else ()

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """What the model takes."""
        samples = scene.source("samples")
        return replace(samples.forecast if samples else Forecast(), out_of_fold=parameters.folds is not None)

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """The receptive-field gate, from cached tables."""
        samples, imported = scene.source("samples"), scene.source("from")
        if _is_imported(parameters, scene):
            return
        if samples is None:
            yield Finding("samples", f"is needed {'to fine-tune' if imported else 'where no model is given'}")
            return
        if parameters.epochs == 0:
            yield Finding("epochs", "nothing is trained in 0 epochs", "warning")
        wanted = _with_model(parameters, imported)
        if wanted.network is None:
            if imported is None:
                yield Finding("network", "is needed where no model is given")
            return
        if imported and parameters.network not in (None, wanted.network):
            text = f"the model that is trained on is {wanted.network}; {parameters.network} is not used"
            yield Finding("network", text, "warning")
        yield from _gate_findings(wanted, samples)

    def report_check(self, parameters: Parameters, scene: Scene | None) -> Iterable[str]:
        """What the gate found: what the network sees, what it must see, and where the layer table is."""
        imported = scene.source("from") if scene else None
        samples = scene.source("samples") if scene else None
        if imported and scene and _is_imported(parameters, scene):
            yield from _imported_lines(imported)
        elif samples and samples.forecast.shape is not None and parameters.network is not None:
            yield from _verdict_lines(parameters, samples)

    def plugins(self, parameters: Parameters) -> Iterable[Plugin]:
        """The one that the network comes from."""
        network = parameters.network
        own = plugin_of(network) if network in names() else None  # else the check tells that there is none
        return () if own is None else (own,)

    def run(self, task: Task[Parameters]) -> None:
        """Import, or train and write the model folder."""
        from astrocnn.training.session import TrainingOrder, import_model, train_model

        imported = task.scene.source("from")
        if imported and _is_imported(task.parameters, task.scene):
            import_model(imported.folder, task.out)
            return
        backend.prepare()
        source, parameters = task.source("samples"), _with_model(task.parameters, imported)
        verdict = judge(parameters, source)
        verdict.raise_if_error(f"stages.{task.name}")
        order = TrainingOrder(
            samples=source.folder, samples_hash=source.hash, recipe=task.parameters.effective(),
            parameters=parameters, verdict=verdict, seed=task.scene.seed,
            start_from=imported.folder if imported else None,
        )  # fmt: skip
        used, unlabelled = train_model(order, task.out, task.scratch, task.progress)
        for split, ids in used.items():
            task.ledger.add(ids, "read", split)
        task.ledger.add(unlabelled, "excluded", "no label")


def _recipe_of(values: Mapping[str, Any], stages: Mapping[str, Mapping[str, Any]], steps: int = 0) -> str | None:
    """Name of the recipe of a training, or of the model that it goes on from; None where it cannot be told."""
    from astrocnn.training.model_card import CARD, read_card

    if stated := values.get("recipe") or values.get("network"):
        return str(stated)
    for reference in values.get("from", ()):
        if reference.stage in stages and steps < len(stages):  # a circle of stages is told later
            return _recipe_of(stages[reference.stage], stages, steps + 1)
        if reference.outside and reference.outside.value and (reference.outside.path / CARD).is_file():
            return read_card(reference.outside.path).network
    return None


def _is_imported(parameters: Parameters, scene: Scene) -> bool:
    """Whether a model is used as it is: nothing is to be learnt, or what it would learn from is absent."""
    absent = bool(parameters.samples) and scene.source("samples") is None
    return scene.source("from") is not None and (not parameters.fine_tune or absent)


def _with_model(parameters: Parameters, model: Source | None) -> Parameters:
    """Parameters with the network, options and input of the model that is trained on, where it is there already."""
    from astrocnn.training.model_card import CARD, read_card

    if model is None or not (model.folder / CARD).is_file():
        return parameters
    card = read_card(model.folder)
    side = card.size_px if len(set(card.axes_px)) == 1 else None
    taken = {"network": card.network, "options": card.options, "input_px": side, "targets": card.targets}
    return parameters.model_copy(update=taken)


def _gate_findings(parameters: Parameters, samples: Source) -> Iterable[Finding]:
    try:
        network = configure(str(parameters.network), parameters.options)
        if problem := target_problem(network, parameters.targets):
            yield Finding("targets" if parameters.targets else "network", f"{network.name}: {problem}")
            return
        known = _known(samples) if samples.folder.is_dir() else samples.forecast
        if known.shape is None:
            return
        for key in dict.fromkeys(_COVERS.values()):
            if key != _COVERS.get(known.unit or "") and getattr(parameters, key) is not None:
                yield Finding(key, f"the scale of {samples.name} is in {known.unit or 'no unit'}")
        yield from (Finding(key, text) for key, text in shape_problems(parameters, known.shape))
        verdict = judge(parameters, samples)
    except AstrocnnError as error:
        of_options = isinstance(error, PipelineFileError) and parameters.options
        yield Finding("options" if of_options else "network", str(error))
        return
    if verdict.level != "ok":
        key = "input_px" if parameters.input_px else "network"
        yield Finding(key, f"receptive field: {verdict.message}", verdict.level)


def judge(parameters: Parameters, samples: Source) -> Verdict:
    """The gate's verdict on a network and the samples it is to be trained on.

    Raises
    ------
    StageFailed
        When the samples' shape is not known before compute.
    """
    known = _known(samples)
    if known.shape is None or parameters.network is None:
        raise StageFailed("the shape of the samples is not known", where=samples.name)
    shape = (*input_size(known.shape, parameters.input_px), known.shape[-1])
    network = configure(parameters.network, parameters.options)
    field = field_of(network, shape)
    unit = known.unit or "px"
    stated = getattr(parameters, _COVERS[unit]) if unit in _COVERS else None
    required = stated if stated is not None else known.extent
    return gate(field, scale=known.scale or 1.0, unit=unit, required=required, policy=parameters.receptive_field)


def _verdict_lines(parameters: Parameters, samples: Source) -> Iterable[str]:
    verdict, known = judge(parameters, samples), _known(samples)
    size, unit = verdict.input_size / (known.scale or 1.0), verdict.unit
    rows = [("sees", verdict.had), ("must see", verdict.needed), ("takes in", verdict.input_size)]
    of = {"must see": f" ({known.extent_of})" if known.extent_of and verdict.needed == known.extent else ""}
    yield f"receptive field of {parameters.network}: {verdict.level}"
    yield from (f"  {word:<8}  {value:.4g} {unit}{of.get(word, '')}" for word, value in rows if value is not None)
    options = "".join(f" --option {quote(f'{key}={value}')}" for key, value in parameters.options.items())
    scale = f" --scale {known.scale:g}{known.unit}" if known.unit else ""
    covers = f" --covers {verdict.needed:.4g}{known.unit}" if verdict.needed and known.unit else ""
    bands = known.shape[-1] if known.shape else 1
    yield f"  layers    astrocnn field {parameters.network} --size {size:.0f} --bands {bands}{options}{scale}{covers}"


def _imported_lines(model: Source) -> Iterable[str]:
    from astrocnn.training.model_card import CARD, read_card

    if (model.folder / CARD).is_file():
        card = read_card(model.folder)
        yield f"receptive field of {card.network}, trained: {card.receptive_field.get('level', 'not judged')}"
        yield f"  layers    astrocnn field {model.folder}"


def _known(samples: Source) -> Forecast:
    """The forecast of the samples; for samples that are there already, what they say themselves."""
    if samples.forecast.shape is not None:
        return samples.forecast
    from astrocnn.samples.sample_set import SampleSet

    meta = SampleSet.open(samples.folder).meta
    extent = meta.extent if meta.extent and meta.extent["unit"] == (meta.scale_unit or "px") else None
    return Forecast(
        shape=meta.shape, bands=meta.bands, scale=meta.scale, unit=meta.scale_unit,
        extent=extent["value"] if extent else None, extent_of=extent["what"] if extent else "",
    )  # fmt: skip


STAGE = Train()

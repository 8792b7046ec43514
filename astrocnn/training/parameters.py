"""What can be stated of a training: in a pipeline file, in a recipe, and from Python, with one meaning."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

from astrocnn.samples.folds import FoldsBy
from astrocnn.training.augment import Augmentation
from astrocnn.training.normalise import Normalise
from astrocnn.training.optimizer import Adam, Optimizer
from astrocnn.training.schedule import Schedule
from astrocnn.training.targets import ClassWeight


class Training(BaseModel):
    """How a network is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: int = Field(ge=0, description="passes over the training samples")
    batch_size: int = Field(ge=1, description="objects in a training step")
    learning_rate: float = Field(gt=0, description="of the optimizer, before the schedule's factor")
    optimizer: Optimizer = Field(Adam(), description="how weights follow the gradient")
    schedule: Schedule = Field(description="how the learning rate falls")
    normalise: Normalise = Field(
        "set", description="values by mean and deviation of the training set, by each object's own, or as they are"
    )
    clip_sigma: float | None = Field(None, gt=0, description="normalised values beyond this are clipped")
    augment: Augmentation = Field(Augmentation(), description="what is drawn anew for each object in every epoch")
    class_weight: ClassWeight = Field("none", description="let classes weigh the same, or as many as they are")
    views: Literal[1, 2, 4, 8] = Field(
        1, description="exact turns and mirror images (a curve: directions) averaged when the model scores"
    )


class NetworkTraining(Training):
    """How which network is trained on what."""

    network: str | None = Field(None, description="network of the zoo; not needed with from:")
    options: dict[str, Any] = Field({}, description="options of the network")
    input_px: int | None = Field(
        None, ge=1, description="side of the network's input, or samples of a curve; the whole object by default"
    )
    targets: Annotated[tuple[str, ...], Strict(False)] = Field(
        (), description="columns of numbers to learn, for networks of fractions or values; classes by default"
    )

    ensemble: int = Field(
        1,
        ge=1,
        le=64,
        description="networks that differ in their seed and are averaged; with folds, so many for each",
    )
    folds: int | None = Field(
        None, ge=2, le=32, description="leave one of so many folds of train and validation out of each training"
    )
    folds_by: FoldsBy = Field("group", description="random folds of groups, or neighbouring pieces of the sky")

    @model_validator(mode="after")
    def _classes_or_numbers(self) -> Self:
        if self.targets and self.class_weight == "balanced":
            raise ValueError("class_weight: balanced is of classes, and targets: names numbers")
        return self

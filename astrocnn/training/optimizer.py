"""Optimizers as data: which one, and what papers state of it beside the learning rate."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from astrocnn import backend


class _Optimizer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str


class _Moments(_Optimizer):
    beta_1: float = Field(0.9, ge=0, lt=1, description="share that the mean of the gradients keeps in a step")
    beta_2: float = Field(0.999, ge=0, lt=1, description="share that the mean of their squares keeps")
    epsilon: float = Field(1e-7, gt=0, description="added to the root of that mean")


class Adam(_Moments):
    """Adam (Kingma & Ba 2015)."""

    name: Literal["adam"] = Field("adam", description="Adam (Kingma & Ba 2015)")


class AdamW(_Moments):
    """Adam whose weights also shrink by themselves (Loshchilov & Hutter 2019)."""

    name: Literal["adamw"] = Field("adamw", description="Adam with weight decay beside it (Loshchilov & Hutter 2019)")
    weight_decay: float = Field(
        0.01, gt=0, description="share of each weight, times the rate, that a step takes away; none of biases"
    )


class Sgd(_Optimizer):
    """Gradient descent with momentum, plain or Nesterov's."""

    name: Literal["sgd"] = Field("sgd", description="gradient descent")
    momentum: float = Field(0.0, ge=0, lt=1, description="share of the last step that is taken again")
    nesterov: bool = Field(False, description="look ahead by the momentum (Nesterov 1983)")
    weight_decay: float | None = Field(
        None, gt=0, description="share of each weight, times the rate, that a step takes away; none of biases"
    )

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        return self


Optimizer = Annotated[Adam | AdamW | Sgd, Field(discriminator="name")]


def keras_optimizer(optimizer: Adam | AdamW | Sgd, learning_rate: float, variables: list[Any]) -> Any:
    """Build the optimizer of Keras for the variables that are trained.

    Weight decay leaves out variables of one axis: biases, the scales of normalisations, the slopes of activations.

    Parameters
    ----------
    optimizer : Adam, AdamW or Sgd
    learning_rate : float
        Of the first step.
    variables : list of keras.Variable
        In the order of the model.
    """
    keras = backend.prepare()
    makers = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW, "sgd": keras.optimizers.SGD}
    made = makers[optimizer.name](learning_rate, **optimizer.model_dump(exclude={"name"}))
    made.exclude_from_weight_decay(var_list=[one for one in variables if len(one.shape) < 2])
    made.build(variables)
    return made

"""Learning-rate schedules, each a pure function of the step."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator


class _Schedule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ConstantSchedule(_Schedule):
    """Leave the rate as it is."""

    kind: Literal["constant"] = Field("constant", description="leave the rate as it is")

    def factor(self, epoch: float, epochs: int, steps: int = 1) -> float:
        """Factor of the learning rate: one."""
        return 1.0


class StepSchedule(_Schedule):
    """Divide the rate at fixed epochs, as most papers of the field do."""

    kind: Literal["step"] = Field("step", description="divide the rate at fixed epochs")
    divide_by: float = Field(10.0, gt=1, description="what the rate is divided by each time")
    every_epochs: int = Field(gt=0, description="after how many epochs")

    def factor(self, epoch: float, epochs: int, steps: int = 1) -> float:
        """Factor of the learning rate after `epoch` epochs."""
        return self.divide_by ** -(int(epoch) // self.every_epochs)


class PiecewiseSchedule(_Schedule):
    """Change the rate at given epochs, for papers that state them one by one."""

    kind: Literal["piecewise"] = Field("piecewise", description="change the rate at given epochs")
    at_epochs: Annotated[tuple[float, ...], Strict(False)] = Field(
        min_length=1, description="when it changes, in passes over the training set, ascending; parts of one count"
    )
    factors: Annotated[tuple[float, ...], Strict(False)] = Field(
        min_length=1, description="the rate from each of them on, over the first rate"
    )

    @model_validator(mode="after")
    def _one_factor_each(self) -> Self:
        if len(self.at_epochs) != len(self.factors):
            raise ValueError(f"expected a factor for each of {list(self.at_epochs)}, received {list(self.factors)}")
        if list(self.at_epochs) != sorted(set(self.at_epochs)) or self.at_epochs[0] <= 0:
            raise ValueError(f"expected at_epochs above 0 in ascending order, received {list(self.at_epochs)}")
        if min(self.factors) <= 0:
            raise ValueError(f"expected factors above 0, received {list(self.factors)}")
        return self

    def factor(self, epoch: float, epochs: int, steps: int = 1) -> float:
        """Factor of the learning rate after `epoch` epochs."""
        passed = sum(epoch >= change for change in self.at_epochs)
        return (1.0, *self.factors)[passed]


class InverseTimeSchedule(_Schedule):
    """Divide the rate by 1 + decay * step, which Keras 1 and 2 called the `decay` of an optimizer."""

    kind: Literal["inverse_time"] = Field("inverse_time", description="divide the rate by 1 + decay * step")
    decay: float = Field(gt=0, description="for each step, that is, each batch, from the first on, which is 0")

    def factor(self, epoch: float, epochs: int, steps: int = 1) -> float:
        """Factor of the learning rate in step `epoch * steps`, rounded down."""
        return 1.0 / (1.0 + self.decay * int(epoch * steps))


class CosineSchedule(_Schedule):
    """Rise linearly, then fall along half a cosine (Loshchilov & Hutter 2017): best when time is short."""

    kind: Literal["cosine"] = Field("cosine", description="rise linearly, then fall along half a cosine")
    warmup_epochs: float = Field(0.0, ge=0, description="length of the rise")
    end: float = Field(0.01, ge=0, le=1, description="rate at the end over the highest")

    def factor(self, epoch: float, epochs: int, steps: int = 1) -> float:
        """Factor of the learning rate after `epoch` of `epochs` epochs."""
        if epoch < self.warmup_epochs:
            return max(epoch / self.warmup_epochs, 1e-3)
        done = (epoch - self.warmup_epochs) / max(epochs - self.warmup_epochs, 1e-9)
        return self.end + (1 - self.end) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


Schedule = Annotated[
    ConstantSchedule | StepSchedule | PiecewiseSchedule | InverseTimeSchedule | CosineSchedule,
    Field(discriminator="kind"),
]
"""Each has `factor(epoch, epochs, steps)`: after how many epochs, of how many, each of how many steps."""

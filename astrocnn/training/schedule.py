"""Learning-rate schedules, each a pure function of the step."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Schedule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StepSchedule(_Schedule):
    """Divide the rate at fixed epochs, as most papers of the field do."""

    kind: Literal["step"] = Field("step", description="divide the rate at fixed epochs")
    divide_by: float = Field(10.0, gt=1, description="what the rate is divided by each time")
    every_epochs: int = Field(gt=0, description="after how many epochs")

    def factor(self, epoch: float, epochs: int) -> float:
        """Factor of the learning rate after `epoch` epochs."""
        return self.divide_by ** -(int(epoch) // self.every_epochs)


class CosineSchedule(_Schedule):
    """Rise linearly, then fall along half a cosine (Loshchilov & Hutter 2017): best when time is short."""

    kind: Literal["cosine"] = Field("cosine", description="rise linearly, then fall along half a cosine")
    warmup_epochs: float = Field(0.0, ge=0, description="length of the rise")
    end: float = Field(0.01, ge=0, le=1, description="rate at the end over the highest")

    def factor(self, epoch: float, epochs: int) -> float:
        """Factor of the learning rate after `epoch` of `epochs` epochs."""
        if epoch < self.warmup_epochs:
            return max(epoch / self.warmup_epochs, 1e-3)
        done = (epoch - self.warmup_epochs) / max(epochs - self.warmup_epochs, 1e-9)
        return self.end + (1 - self.end) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


Schedule = Annotated[StepSchedule | CosineSchedule, Field(discriminator="kind")]

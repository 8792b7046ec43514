"""A plugin with toy stages: numbers in parts, and their sum; able to wait, to reject and to fail."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from astrocnn.errors import StageFailed
from astrocnn.pipeline.registry import register_stage
from astrocnn.pipeline.stage import Edge, InputValue, Outside, Part, References, Stage, StageParameters


class NumbersParameters(StageParameters):
    """Parameters of `toy-numbers`."""

    number: int = Field(3, ge=1, description="parts, each of one object")
    value: float = Field(1.0, description="what each object is worth")
    seconds: float = Field(0.0, ge=0, description="time a part takes")
    rejected: int = Field(0, ge=0, description="objects that are rejected beside each good one")
    failure: str = Field("", description="message to fail with")
    warning: str = Field("", description="what to warn of")
    crash: bool = Field(False, description="whether to fail as a bug does")
    extra: Annotated[InputValue | None, Outside()] = Field(None, description="a file that is not needed")


class Numbers(Stage[NumbersParameters]):
    """Write numbers, one file a part."""

    use = "toy-numbers"
    produces = "Numbers"
    extent_keys = ("number", "failure", "seconds", "warning", "crash")

    def parts(self, parameters, scene):
        return [Part(f"part{number}", number) for number in range(parameters.number)]

    def run_part(self, task, part):
        deadline = time.monotonic() + task.parameters.seconds
        while time.monotonic() < deadline:
            time.sleep(0.02)
        if task.parameters.warning:
            logging.getLogger("astrocnn.toy").warning(task.parameters.warning)
        if task.parameters.failure:
            raise StageFailed(task.parameters.failure)
        if task.parameters.crash:
            raise ZeroDivisionError("a bug")
        (task.out / "number.txt").write_text("7" * 1000)
        task.ledger.add([part.name], "read")
        task.ledger.add([f"{part.name}-{n}" for n in range(task.parameters.rejected)], "rejected", "too odd")

    def finish(self, task, parts: Sequence[Path]):
        (task.out / "numbers.txt").write_text(str(len(parts)))


class SumParameters(StageParameters):
    """Parameters of `toy-sum`."""

    numbers: Annotated[References, Edge("Numbers")] = Field(description="numbers to add")


class Sum(Stage[SumParameters]):
    """Add numbers."""

    use = "toy-sum"
    produces = "Sum"

    def run(self, task):
        (task.out / "sum.txt").write_text((task.source("numbers").folder / "numbers.txt").read_text())


register_stage(Numbers())
register_stage(Sum())

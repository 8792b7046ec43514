"""What is wrong with a pipeline file: all of it at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from astrocnn.errors import PipelineFileError


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or worth a warning, in a pipeline file.

    Attributes
    ----------
    place : str
        `file:line`, or the flag that said it.
    key : str
        Dotted path of the key, from the file's root.
    text : str
        What is wrong, what was expected, the nearest spelling.
    level : str
        `error` or `warning`.
    """

    place: str
    key: str
    text: str
    level: str = "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.text}"

    @property
    def line(self) -> int:
        """Line of the file; 0 where the place is none."""
        number = self.place.rpartition(":")[2]
        return int(number) if number.isdecimal() and len(number) < 10 else 0


class PipelineFileErrors(PipelineFileError):
    """All problems of one file.

    Attributes
    ----------
    problems : tuple of Problem
        In the order of their lines.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[Callable[..., PipelineFileErrors], tuple[Any]]:
        return type(self), (self.problems,)


def raise_errors(problems: Iterable[Problem]) -> None:
    """Raise `PipelineFileErrors` when any of the problems is an error."""
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        raise PipelineFileErrors(errors)

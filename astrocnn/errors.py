"""The errors astrocnn raises: each says what is wrong, what was expected, what was received and how to fix it.

All derive from `AstrocnnError`, carry their values as attributes, survive pickling (workers send them home), and know
the exit code the command line ends with: 1 a stage failed, 2 nothing could start.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

DAMAGE_CURE = "find all damage with `astrocnn verify RUN` and run again, which makes only that; or copy the file anew"


class AstrocnnError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    what : str
        What is wrong, in one clause.
    where : str, optional
        The file, key or object it is about.
    expected, received : Any, optional
        What was expected and what was found.
    fix : str, optional
        The next thing to do.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, where: str | None = None, expected: Any = None, received: Any = None, fix: str | None = None
    ) -> None:
        self.what, self.where, self.expected, self.received, self.fix = what, where, expected, received, fix
        super().__init__(what)

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        if self.received is not None:
            parts.append(f"received {self.received}")
        if self.fix is not None:
            parts.append(f"to fix, {self.fix}")
        return "; ".join(parts)

    def __reduce__(self) -> tuple[Callable[..., AstrocnnError], tuple[Any]]:
        keywords = {name: getattr(self, name) for name in ("where", "expected", "received", "fix")}
        return partial(type(self), **keywords), (self.what,)


class PipelineFileError(AstrocnnError):
    """The pipeline file, a flag or a configuration file says something that cannot be run."""

    exit_code = 2


class InputMissing(AstrocnnError):
    """An input from outside is missing or empty."""

    exit_code = 2


class UnknownName(PipelineFileError):
    """A name that no registry knows: a stage, network, instrument, pipeline or sample."""


class DataError(AstrocnnError):
    """A file or object whose content cannot be used; it is rejected and the rest of the data goes on."""


class MismatchError(AstrocnnError):
    """A model and the data it is applied to disagree in bands, scale or size."""


class LeakError(AstrocnnError):
    """Objects that belong together stand on both sides of a split, or trained objects would be evaluated."""


class ReceptiveFieldError(AstrocnnError):
    """A network cannot see the whole object, or a layer has no receptive-field rule."""


class StoreError(AstrocnnError):
    """The run folder cannot be read or written, or a product in it is damaged."""


class StageFailed(AstrocnnError):
    """A stage could not make its product."""

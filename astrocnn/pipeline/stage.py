"""What a stage is: parameters, the products it takes and makes, what it can tell before compute, and its work.

A stage lives in one file of `astrocnn/stages/`, named as its `use:` with underscores, that ends in
`STAGE = MyStage()`. It states its parameters as a pydantic class; fields that take products carry an `Edge`, fields
that take files from outside an `Outside`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Strict

from astrocnn.errors import StageFailed

if TYPE_CHECKING:
    from astrocnn.instruments import Instrument
    from astrocnn.pipeline.ledger import Ledger
    from astrocnn.plugins import Plugin


@dataclass(frozen=True)
class Edge:
    """Marks a parameter that takes a product of another stage, or a product folder given through `inputs`.

    Attributes
    ----------
    kind : str
        `SampleSet`, `Model`, `Scores`, `Evaluation`, `Catalog`, or `any`.
    splits : bool
        Whether `stage.train` and `stage.train+validation` may be asked for.
    many : bool
        Whether a list means all of them; otherwise a list means the first that is present.
    labelled : bool
        Whether samples without labels are of no use.
    """

    kind: str
    splits: bool = False
    many: bool = False
    labelled: bool = False


@dataclass(frozen=True)
class Outside:
    """Marks a parameter that takes files from outside; in the file it can only be `${inputs.NAME}`."""


@dataclass(frozen=True)
class InputValue:
    """A value of the file's `inputs:` section.

    Attributes
    ----------
    name : str
        Its key.
    value : str or None
        Path, pattern or `sample:NAME`; None when absent.
    base : Path
        Folder that relative paths start from.
    """

    name: str
    value: str | None
    base: Path

    @property
    def path(self) -> Path:
        """The value as a path, relative ones taken from `base`."""
        if self.value is None:
            raise StageFailed("is absent", where=f"inputs.{self.name}", expected="a path")
        return self.base / self.value


@dataclass(frozen=True)
class Reference:
    """One source named in an edge: a stage with the splits wanted, or an input from outside."""

    stage: str | None = None
    splits: tuple[str, ...] = ()
    outside: InputValue | None = None

    def __str__(self) -> str:
        if self.outside is not None:
            return f"${{inputs.{self.outside.name}}}"
        return f"{self.stage}.{'+'.join(self.splits)}" if self.splits else str(self.stage)


References = tuple[Reference, ...]
Range = Annotated[tuple[float, float], Strict(False)]


class StageParameters(BaseModel):
    """Base of a stage's parameters: unknown keys and wrong types are errors, units stand in the names."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)

    @classmethod
    def marked(cls, mark: type) -> dict[str, Any]:
        """Fields that carry a mark (`Edge` or `Outside`), by the name they have in the file."""
        return {
            info.alias or name: found[0]
            for name, info in cls.model_fields.items()
            if (found := [item for item in info.metadata if isinstance(item, mark)])
        }

    @classmethod
    def marked_edge(cls, key: str) -> Edge:
        """The edge of a product field."""
        edge: Edge = cls.marked(Edge)[key]
        return edge

    @classmethod
    def requires(cls, key: str) -> bool:
        """Whether a field, by the name it has in the file, has no default."""
        return any(info.is_required() for name, info in cls.model_fields.items() if key in (info.alias, name))

    def value_of(self, key: str) -> Any:
        """Value of a field by the name it has in the file."""
        for name, info in type(self).model_fields.items():
            if key in (info.alias, name):
                return getattr(self, name)
        raise KeyError(key)

    def effective(self, leave_out: Iterable[str] = ()) -> dict[str, Any]:
        """Parameters that define the result, as plain JSON data: all but the products and files taken in."""
        outside = {*self.marked(Edge), *self.marked(Outside), *leave_out}
        names = {info.alias or name: name for name, info in type(self).model_fields.items()}
        excluded = {name for key, name in names.items() if key in outside}
        return self.model_dump(mode="json", by_alias=True, exclude=excluded)


P = TypeVar("P", bound=StageParameters)


@dataclass(frozen=True)
class Forecast:
    """What is known of a product before it is made; None where it is not known.

    Attributes
    ----------
    objects, bytes : int, optional
        Estimated number of objects and size on disk.
    shape : tuple of int, optional
        Shape of one object, (y, x, band) or (time, channel).
    bands : tuple of str
        Band names in the order of the last axis.
    scale, unit : float and str, optional
        Size of a sample in `arcsec`, `hour` or `km`.
    extent : float, optional
        Largest extent of the objects in it, in `unit`; what `extent_of` names.
    splits : tuple of str, optional
        Names of the splits that its objects are divided into.
    labelled : bool, optional
        Whether its objects have labels.
    out_of_fold : bool
        Whether it is a model that scores what it was trained on by networks that have not seen it.
    """

    objects: int | None = None
    bytes: int | None = None
    shape: tuple[int, ...] | None = None
    bands: tuple[str, ...] = ()
    scale: float | None = None
    unit: str | None = None
    extent: float | None = None
    extent_of: str = ""
    splits: tuple[str, ...] | None = None
    labelled: bool | None = None
    out_of_fold: bool = False


@dataclass(frozen=True)
class Part:
    """A piece of a product that is made, kept and reused on its own.

    Attributes
    ----------
    name : str
        File-name-safe, unique in the product; products are put together in the order of the parts.
    content : Any
        Plain JSON data that, with the stage's parameters, defines the part's result.
    work : Any
        What the stage needs to make it; picklable, not part of the identity.
    hash : str
        Filled in by the plan.
    """

    name: str
    content: Any
    work: Any = None
    hash: str = ""


@dataclass(frozen=True)
class Source:
    """A product that a stage takes in.

    Attributes
    ----------
    name : str
        Stage name, or `inputs.NAME`.
    kind, hash : str
        Product kind and content hash.
    folder : Path
        Where it stands, or will stand.
    splits : tuple of str
        Splits asked for; empty means all.
    parts : tuple of Part
        Its parts where the maker maps over objects.
    forecast : Forecast
        What is known of it before compute.
    sources : dict
        What it was made from, by field.
    """

    name: str
    kind: str
    hash: str
    folder: Path
    splits: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    forecast: Forecast = field(default_factory=Forecast)
    sources: dict[str, tuple[Source, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """What a stage knows before compute: its name, the run's seed and instrument, and its sources by field.

    `stages` names all stages of the file, `threads` those of the Keras backend.
    """

    name: str
    seed: int
    instrument: Instrument | None
    sources: dict[str, tuple[Source, ...]]
    stages: tuple[str, ...] = ()
    threads: int = 2

    def source(self, key: str) -> Source | None:
        """The source of a field that takes one; None when it is absent."""
        found = self.sources.get(key, ())
        return found[0] if found else None


@dataclass(frozen=True)
class Finding:
    """What a stage's own check has to say about one of its keys."""

    key: str
    text: str
    level: str = "error"


Progress = Callable[[int, int, str], None]


@dataclass
class Task(Generic[P]):
    """One piece of work handed to a stage.

    Attributes
    ----------
    parameters : StageParameters
        The stage's checked parameters.
    scene : Scene
        Name, seed, instrument and sources.
    out : Path
        Folder to write into; it becomes the product, or the part, when the stage returns.
    scratch : Path
        Folder that outlives a kill, for checkpoints; removed when the product is done.
    ledger : Ledger
        One row per object goes here.
    progress : callable
        Called as `progress(done, total, text)`.
    run : RunView
        The run around it; only reports look at it.
    """

    parameters: P
    scene: Scene
    out: Path
    scratch: Path
    ledger: Ledger
    progress: Progress
    run: Any = None

    @property
    def name(self) -> str:
        """Name of the stage in the file."""
        return self.scene.name

    @property
    def instrument(self) -> Instrument:
        """The run's instrument; raises StageFailed where the file names none."""
        if self.scene.instrument is None:
            raise StageFailed("has no instrument", where=self.name, expected="instrument: at the root of the file")
        return self.scene.instrument

    def source(self, key: str) -> Source:
        """The source of a field that must be there.

        Raises
        ------
        StageFailed
            When it is absent.
        """
        found = self.scene.source(key)
        if found is None:
            raise StageFailed("has no source", where=f"{self.name}.{key}", expected="a product")
        return found


class Stage(Generic[P]):
    """A kind of work. Subclasses set the class attributes and override what they need.

    Attributes
    ----------
    use : str
        The name it has in a file.
    produces : str
        Kind of its product.
    revision : int
        Raised whenever the same input would now give another result.
    uses_keras : bool
        Whether the backend and its precision are part of the result; such stages run in the main process. Where that
        depends on the parameters or sources, `calls_keras` tells.
    extent_keys : tuple of str
        Parameters that say how many parts there are and do not change a single part.
    maps_over : str
        Product field whose parts this stage follows one by one; a part's identity holds that part instead of it.
    """

    use: ClassVar[str]
    produces: ClassVar[str]
    revision: ClassVar[int] = 1
    uses_keras: ClassVar[bool] = False
    extent_keys: ClassVar[tuple[str, ...]] = ()
    maps_over: ClassVar[str] = ""
    Parameters: ClassVar[type[StageParameters]]

    def __init_subclass__(cls) -> None:
        """Take the class of the parameters from `Stage[...]`, where the stage does not name it itself."""
        super().__init_subclass__()
        for base in cls.__dict__.get("__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Stage) and isinstance(get_args(base)[0], type):
                cls.Parameters = get_args(base)[0]

    @property
    def summary(self) -> str:
        """First line of the class's docstring."""
        return (type(self).__doc__ or "").strip().splitlines()[0]

    def defaults(self, values: Mapping[str, Any], stages: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Values for keys that the file leaves out, where they follow from other stages or from files.

        Parameters
        ----------
        values : mapping
            What the file states for this stage, before it is checked.
        stages : mapping
            Name to the same of all stages.

        Raises
        ------
        AstrocnnError
            When a file is damaged.
        """
        return {}

    def calls_keras(self, parameters: P, scene: Scene) -> bool:
        """Whether Keras is used with these parameters and sources: `uses_keras`, unless a stage knows better."""
        return self.uses_keras

    def needs(self, key: str, taken: dict[str, References]) -> bool:
        """Whether the stage is left out when none of the sources of this field is present."""
        return type(self).Parameters.requires(key)

    def needless(self, parameters: P, taken: dict[str, References]) -> Iterable[str]:
        """Name the product fields that these parameters make needless, as a training set beside a trained model."""
        return ()

    def forecast(self, parameters: P, scene: Scene) -> Forecast:
        """Tell what is known of the product before compute."""
        return Forecast()

    def check(self, parameters: P, scene: Scene) -> Iterable[Finding]:
        """Find what is wrong beyond single values, without compute and without Keras."""
        return ()

    def report_check(self, parameters: P, scene: Scene | None) -> Iterable[str]:
        """Lines that `astrocnn check` prints for a stage in which nothing is wrong."""
        return ()

    def plugins(self, parameters: P) -> Iterable[Plugin]:
        """Plugins whose content defines the result; the stage's own package has `revision` for that."""
        return ()

    def parts(self, parameters: P, scene: Scene) -> Sequence[Part] | None:
        """List the parts of the product, or None when it is made in one piece."""
        return None

    def run(self, task: Task[P]) -> None:
        """Make the whole product in `task.out`."""
        raise StageFailed("makes its product in parts", where=self.use)

    def run_part(self, task: Task[P], part: Part) -> None:
        """Make one part in `task.out`."""
        raise StageFailed("makes its product in one piece", where=self.use)

    def finish(self, task: Task[P], parts: Sequence[Path]) -> None:
        """Put the product together in `task.out` from the folders of its parts, given in order."""
        raise StageFailed("makes its product in one piece", where=self.use)

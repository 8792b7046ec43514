"""What `astrocnn field` is asked about: of the zoo, of Keras, a file of Keras, or a trained model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrocnn.cli.locate import product_folder
from astrocnn.errors import InputMissing, MismatchError, PipelineFileError, StoreError, UnknownName
from astrocnn.pipeline.document import parse_scalar
from astrocnn.quantities import extent_text, parse_quantity
from astrocnn.spelling import suggestion

if TYPE_CHECKING:
    from astrocnn.receptive_field.field import ReceptiveField
    from astrocnn.training.normalise import Normalisation

TABLE = "receptive_field.json"
APPLICATIONS = "keras.applications."


@dataclass(frozen=True)
class Subject:
    """What the field is of, and what is known of its pixels and of the object it must see.

    Attributes
    ----------
    title : str
        What it is, for people.
    field : ReceptiveField
        Of its output.
    model : callable
        Gives the Keras model, built or loaded when it is needed.
    input_shape : tuple of int
        Shape of one object, bands last.
    scale, unit : float, str
        Size of a pixel; px where none is known.
    extent : float or None
        Of the object, in `unit`.
    policy : str
        Of the gate.
    normalisation : Normalisation or None
        How a trained model takes its data.
    """

    title: str
    field: ReceptiveField
    model: Callable[[], Any]
    input_shape: tuple[int, ...]
    scale: float | None = None
    unit: str = "px"
    extent: float | None = None
    policy: str = "error"
    normalisation: Normalisation | None = None

    def length(self, pixels: float) -> str:
        """Pixels, and what they are on the sky or in time."""
        return extent_text([pixels], self.scale, self.unit)


def subject_of(name: str, runs: Path, size: int | None = None, bands: int = 1, options: Sequence[str] = ()) -> Subject:
    """Find what is meant by a name.

    Parameters
    ----------
    name : str
        A network of the zoo; `keras.applications.NAME`; a `.keras` file; or a model: its folder, or RUN/STAGE.
    runs : Path
        Folder of runs.
    size, bands : int
        Of the input, for a network that leaves them open.
    options : sequence of str
        KEY=VALUE, of a network of the zoo.

    Raises
    ------
    UnknownName, InputMissing, StoreError
        When there is none of that name, or it cannot be read.
    PipelineFileError
        When the options or the size are none of the network's.
    """
    from astrocnn.networks.registry import names

    if name in names():
        return _zoo(name, size, bands, options)
    if name.startswith(APPLICATIONS):
        return _application(name.removeprefix(APPLICATIONS), size)
    if name.endswith(".keras"):
        return _keras_file(Path(name), size, bands)
    return _model(name, runs)


def on_the_sky(subject: Subject, scale: str | None, covers: str | None, binning: float) -> Subject:
    """Put in the scale and the extent that were given; those of a model hold where none is.

    Raises
    ------
    PipelineFileError
        When one is no number with a unit, or their units differ.
    """
    if scale is not None:
        size, unit = parse_quantity(scale)
        extent = subject.extent if unit == subject.unit else None
        subject = replace(subject, scale=size * binning, unit=unit, extent=extent)
    elif binning != 1:
        raise PipelineFileError("--binning needs the size of what is binned", fix="give --scale, the size of a pixel")
    if covers is not None:
        extent, unit = parse_quantity(covers)
        if unit != subject.unit:
            raise PipelineFileError(
                "--covers and the pixels have different units", expected=subject.unit, received=unit,
                fix=f"give --scale, the size of a pixel in {unit}",
            )  # fmt: skip
        subject = replace(subject, extent=extent)
    return subject


def _zoo(name: str, size: int | None, bands: int, options: Sequence[str]) -> Subject:
    from astrocnn.networks.registry import configure
    from astrocnn.receptive_field.tables import build, field_of

    network = configure(name, dict(_option(option) for option in options))
    usual = network.usual_shapes[0][:-1] if network.usual_shapes else (network.sizes[0],) * len(network.axis_names)
    shape = (*((size,) * len(usual) if size else usual), bands)
    title = f"{name} ({network.paper}), input {' x '.join(map(str, shape[:-1]))} px, {bands} band{'s' * (bands > 1)}"
    try:
        return Subject(title, field_of(network, shape), lambda: build(network, shape), shape)
    except MismatchError as error:  # of what was typed, not of data
        raise PipelineFileError(str(error)) from error


def _option(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise PipelineFileError(f"cannot read --option {text}", expected="KEY=VALUE, as units_per_block=2")
    return key, parse_scalar(value)


def _application(name: str, size: int | None) -> Subject:
    from astrocnn import backend

    keras = backend.prepare()
    known = [kind for kind in dir(keras.applications) if kind[0].isupper()]
    if name not in known:
        raise UnknownName(f"there is no {APPLICATIONS}{name}", fix=suggestion(name, known))
    shape = None if size is None else (size, size, 3)
    try:
        model = getattr(keras.applications, name)(weights=None, input_shape=shape)
    except ValueError as error:
        raise PipelineFileError(f"Keras does not build {name} for {size} px: {error}") from error
    return _built(model, f"{name} (Keras {keras.__version__}, weights not trained)", size or 224, 3)


def _keras_file(path: Path, size: int | None, bands: int) -> Subject:
    from astrocnn.networks.registry import load_outside_layers
    from astrocnn.training.model_folder import load_network

    if not path.is_file():
        raise InputMissing("no Keras model stands here", where=str(path), expected="a file written by model.save()")
    load_outside_layers()
    return _built(load_network(path), str(path), size, bands)


def _built(model: Any, title: str, size: int | None, bands: int) -> Subject:
    """Subject of a Keras model; `size` and `bands` fill in what it leaves open."""
    from astrocnn.receptive_field.measure import receptive_field, spatial_shape

    sizes = spatial_shape(model, size, bands)
    shape = tuple(n for n in sizes if n is not None)
    if len(shape) < len(sizes):
        raise PipelineFileError("the network takes inputs of any size", where=title, fix="give --size")
    field = receptive_field(model, input_shape=shape)
    return Subject(f"{title}, input {' x '.join(map(str, field.input_size))} px", field, lambda: model, shape)


def _model(name: str, runs: Path) -> Subject:
    from astrocnn.networks.registry import names
    from astrocnn.pipeline.store import read_json
    from astrocnn.receptive_field.field import ReceptiveField
    from astrocnn.training.model_card import read_card
    from astrocnn.training.model_folder import load_model

    if len(Path(name).parts) == 1 and not Path(name).is_dir():
        raise UnknownName(f"there is no network {name!r}", fix=suggestion(name, names()))
    folder = product_folder(name, runs)
    card, stored = read_card(folder), read_json(folder / TABLE)
    if stored is None:
        raise StoreError("holds no layer table", where=str(folder), expected=TABLE)
    field = ReceptiveField.from_json(stored["field"])
    return Subject(
        title=f"{name} ({card.network}), input {card.size_px} px, bands {', '.join(card.bands)}",
        field=field,
        model=lambda: load_model(folder).network,
        input_shape=(*field.input_size, len(card.bands)),
        scale=card.scale,
        unit=card.scale_unit or "px",
        extent=card.receptive_field.get("needed"),
        policy=card.receptive_field.get("policy", "error"),
        normalisation=card.normalisation,
    )

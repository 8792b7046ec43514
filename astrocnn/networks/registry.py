"""Networks by name. Listing them and checking their options imports neither Keras nor TensorFlow."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

import astrocnn.networks
from astrocnn import backend, plugins
from astrocnn.errors import PipelineFileError, UnknownName
from astrocnn.networks.base import Network
from astrocnn.spelling import suggestion

_NETWORKS: dict[str, type[Network]] = {}


def register(network: type[Network]) -> type[Network]:
    """Add a network to the registry; used as a class decorator.

    Raises
    ------
    PipelineFileError
        When another network has that name already.
    """
    known = _NETWORKS.get(network.name)
    if known is not None and (known.__module__, known.__qualname__) != (network.__module__, network.__qualname__):
        raise PipelineFileError(
            "two networks have one name", where=network.name, received=f"{known.__module__} and {network.__module__}"
        )
    _NETWORKS[network.name] = network
    return network


@cache
def _load_zoo() -> None:
    """Import every module of this folder once: a new file here is a new network, with no list to keep."""
    for module in (found for found in pkgutil.iter_modules(astrocnn.networks.__path__) if not found.ispkg):
        importlib.import_module(f"astrocnn.networks.{module.name}")


def names() -> tuple[str, ...]:
    """Names of all networks, sorted: the zoo's, those of plugin files, and those of installed packages."""
    _load_zoo()
    return tuple(sorted({*_NETWORKS, *plugins.points(plugins.NETWORKS)}))


def get(name: str) -> type[Network]:
    """Network class of a name.

    Raises
    ------
    UnknownName
        With the nearest spelling.
    PipelineFileError
        When the package that adds it cannot be loaded, or adds something else.
    """
    if name not in names():
        raise UnknownName(f"there is no network {name!r}", fix=suggestion(name, names()))
    if point := plugins.points(plugins.NETWORKS).get(name):
        network = plugins.load_point(point)
        if not (isinstance(network, type) and issubclass(network, Network) and network.name == name):
            raise PipelineFileError(
                "an entry point leads to something else", where=f"{plugins.NETWORKS}: {name} = {point.value}",
                expected=f"a subclass of Network whose `name` is {name!r}", received=repr(network),
            )  # fmt: skip
        register(network)
    return _NETWORKS[name]


def plugin_of(name: str) -> plugins.Plugin | None:
    """Plugin that a network comes from; None for one of the zoo."""
    return plugins.plugin_of(get(name).__module__)


def load_outside_layers() -> None:
    """Import the layers of every network of an installed package, for a network of unknown origin."""
    for name in plugins.points(plugins.NETWORKS):
        load_layers_of(name)


def load_layers_of(name: str) -> None:
    """Import the modules that a network's layers come from, so that it can be loaded from its file; Keras with them."""
    backend.prepare()  # before a module of layers imports Keras by itself
    for module in get(name).source_modules:
        importlib.import_module(module)


def configure(name: str, options: Mapping[str, Any] | None = None) -> Network:
    """Network of a name with checked options.

    Parameters
    ----------
    name : str
        Name of the network.
    options : mapping, optional
        Its options; what is left out has its default, the paper's.

    Raises
    ------
    UnknownName
        When there is no such network.
    PipelineFileError
        When an option is unknown or its value is not allowed; the nearest spelling is given.
    """
    network = get(name)
    try:
        return network(**dict(options or {}))
    except ValidationError as error:
        problem = error.errors()[0]
        option = ".".join(str(part) for part in problem["loc"])
        unknown = problem["type"] == "extra_forbidden"
        raise PipelineFileError(
            "unknown option" if unknown else problem["msg"],
            where=f"network {name}, {option}",
            received=repr(problem["input"]),
            fix=suggestion(option, network.model_fields) if unknown else None,
        ) from error


def build(name: str, input_shape: tuple[int, ...], *, outputs: int | None = None, seed: int = 0, **options: Any) -> Any:
    """Build a network of the zoo by name.

    Parameters
    ----------
    name : str
        Name of the network, for example `deeplens`.
    input_shape : tuple of int
        Shape of one object, bands last: (y, x, band) or (time, channel).
    outputs : int, optional
        1 for a probability, else the number of classes; what the network usually has by default.
    seed : int
        Seed of the initial weights.
    **options
        The network's own options.

    Returns
    -------
    keras.Model
        Functional model with fresh weights.
    """
    return configure(name, options).build(input_shape, outputs=outputs, seed=seed)

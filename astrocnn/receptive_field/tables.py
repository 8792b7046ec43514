"""Receptive fields of the zoo without Keras: shipped tables, else the user's cache, else measured once and kept."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.networks.base import Network
from astrocnn.receptive_field.field import FORMAT, ReceptiveField

SHIPPED = Path(__file__).with_name("shipped_tables.json")
RULES_REVISION = 3
"""Raised when the same network would give other numbers, so that tables of older versions are measured anew."""

log = logging.getLogger(__name__)


def field_of(network: Network, input_shape: tuple[int, ...]) -> ReceptiveField:
    """Receptive field of a network of the zoo.

    Keras is imported only when neither the package nor the user's cache holds the table.

    Parameters
    ----------
    network : Network
        The network with its options.
    input_shape : tuple of int
        Shape of one object, bands last.

    Returns
    -------
    ReceptiveField
        Of the network's output, or of the input of its first global operation.

    Raises
    ------
    MismatchError
        When the network does not serve the shape.
    """
    network.check_input(input_shape)
    key = table_key(network, input_shape)
    shipped = _shipped()
    if key in shipped:
        return ReceptiveField.from_json(shipped[key])
    path = cache_folder() / f"{network.name}-{key}.json"
    return _cached(path) or _measured(network, input_shape, path)


def table_key(network: Network, input_shape: tuple[int, ...]) -> str:
    """Key of a table: hash of the network's name, source, options and input shape and of the rules' revision."""
    content = {
        "format": [FORMAT, RULES_REVISION],
        "network": network.name,
        "source": _source_hash(type(network)),
        "options": network.model_dump(mode="json"),
        "input_shape": list(input_shape),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def cache_folder() -> Path:
    """Folder of the user's tables, `$XDG_CACHE_HOME/astrocnn/receptive_fields` or the same under `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "astrocnn" / "receptive_fields"


def measure(network: Network, input_shape: tuple[int, ...]) -> ReceptiveField:
    """Build the network with Keras and measure its receptive field."""
    from astrocnn.receptive_field.measure import receptive_field

    return receptive_field(build(network, input_shape))


def build(network: Network, input_shape: tuple[int, ...]) -> Any:
    """Build the network with Keras."""
    from astrocnn import backend

    backend.prepare()
    return network.build(input_shape)


def _measured(network: Network, input_shape: tuple[int, ...], path: Path) -> ReceptiveField:
    field = measure(network, input_shape)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False) as part:
            json.dump(field.to_json(), part)
        os.replace(part.name, path)
    except OSError as error:
        log.warning("receptive-field table not kept, it will be measured again: %s: %s", path.parent, error)
    return field


def _cached(path: Path) -> ReceptiveField | None:
    try:
        return ReceptiveField.from_json(json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ReceptiveFieldError) as error:
        log.warning("receptive-field table cannot be read, it is measured again: %s: %s", path, error)
        return None


@cache
def _shipped() -> Mapping[str, Any]:
    """Shipped tables by the key of network and shape."""
    return json.loads(SHIPPED.read_text())


def _source_hash(network: type[Network]) -> str:
    """Hash of the source of a network and of the modules its layers come from.

    Line ends are normalised, and a module installed without its source counts by its compiled file.
    """
    digest = hashlib.sha256()
    for module in (network.__module__, *network.source_modules):
        origin = _origin(module)
        source = Path(origin).read_bytes() if origin and Path(origin).is_file() else module.encode()
        digest.update(source.replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def _origin(module: str) -> str | None:
    """Path of a module's file, found without importing it: modules of layers import Keras."""
    if module in sys.modules:
        return getattr(sys.modules[module], "__file__", None)
    spec = importlib.util.find_spec(module)
    if spec is None:
        raise ModuleNotFoundError(f"no module named {module!r}", name=module)
    return spec.origin

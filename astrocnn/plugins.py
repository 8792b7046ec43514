"""Python files and installed packages that add stages, networks and layers from outside.

A file is run only because the user named it under `plugins:`, a package only because the user installed it. Both
register what they add when they are loaded; nothing is ever loaded from a product or a model folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, Field

from astrocnn.errors import InputMissing, PipelineFileError, StoreError

STAGES, NETWORKS = "astrocnn.stages", "astrocnn.networks"
"""Groups of entry points: the name of a stage and its object, the name of a network and its class."""
_FILE_MODULE = "astrocnn_plugin_"
_files: dict[str, Plugin] = {}

log = logging.getLogger(__name__)


class Plugin(BaseModel):
    """A file or package that adds to this one, as provenance and model cards record it.

    Attributes
    ----------
    kind : {"file", "package", "module"}
        A file named under `plugins:`, an installed package, or a module that was imported by hand.
    name, version : str
        Name of the file with its `__version__`; name and version of the installed distribution.
    sha256 : str
        Hash of the file, or of all files of the package.
    path : str, optional
        Where a file was loaded from; not recorded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["file", "package", "module"]
    name: str
    version: str
    sha256: str
    path: str | None = Field(None, exclude=True)

    def __str__(self) -> str:
        return f"{self.name} {self.version} (sha256 {self.sha256})"

    def how_to_get(self) -> str:
        """What to do where it is missing."""
        if self.kind == "package":
            return f"install it: pip install {self.name}=={self.version}"
        if self.kind == "module":
            return f"import {self.name} first"
        return (
            f"name the file: `plugins: [{self.name}]` in the pipeline file, --set 'plugins=[{self.name}]' or"
            f" --plugin {self.name} on the command line, astrocnn.plugins.load_plugin in Python"
        )


def load_plugin(path: Path) -> Plugin:
    """Run a plugin file once.

    Raises
    ------
    InputMissing
        When it is not there.
    PipelineFileError
        When it cannot be loaded.
    """
    if not path.is_file():
        raise InputMissing("there is no such plugin", where=str(path), expected="a Python file")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    name = f"{_FILE_MODULE}{digest[:16]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise PipelineFileError("cannot be loaded", where=str(path), expected="a Python file ending in .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # before it runs, so that its own annotations can be resolved
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # somebody else's code: anything may come out of it
            del sys.modules[name]
            raise PipelineFileError(f"cannot be loaded: {type(error).__name__}: {error}", where=str(path)) from error
    version = str(getattr(sys.modules[name], "__version__", "unversioned"))
    _files[name] = Plugin(kind="file", name=path.name, version=version, sha256=digest, path=str(path))
    return _files[name]


@cache
def points(group: str) -> Mapping[str, EntryPoint]:
    """Entry points of a group by name; nothing is imported.

    Raises
    ------
    PipelineFileError
        When two packages add something of one name.
    """
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise PipelineFileError(
                f"two packages add {point.name} to {group}", received=f"{_package(other)} and {_package(point)}",
                fix=f"pip uninstall {_package(point)}",
            )  # fmt: skip
    return found


def load_point(point: EntryPoint) -> Any:
    """Import what an entry point names.

    Raises
    ------
    PipelineFileError
        When it cannot be imported.
    """
    try:
        return point.load()
    except Exception as error:  # somebody else's code: anything may come out of it
        package = _package(point)
        raise PipelineFileError(
            f"{point.name} cannot be loaded: {type(error).__name__}: {error}", where=f"package {package}",
            fix=f"pip install --upgrade {package}, or pip uninstall {package}",
        ) from error  # fmt: skip


def plugin_of(module: str) -> Plugin | None:
    """Plugin that a module belongs to; None for this package's own."""
    top = module.partition(".")[0]
    if top == "astrocnn":
        return None
    if module in _files:
        return _files[module]
    packages = {point.module.partition(".")[0]: point for point in _all_points()}
    if top in packages:
        return _installed(top, packages[top])
    file = getattr(sys.modules.get(module), "__file__", None)
    digest = hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else "unknown"
    version = str(getattr(sys.modules.get(module), "__version__", "unversioned"))
    return Plugin(kind="module", name=module, version=version, sha256=digest)


def installed_plugins() -> list[Plugin]:
    """Packages that add stages or networks, by name; none of them is imported."""
    tops = {point.module.partition(".")[0]: point for point in _all_points()}
    return sorted((_installed(top, point) for top, point in tops.items()), key=lambda plugin: plugin.name)


def require_plugins(recorded: Iterable[Plugin], where: str) -> None:
    """Make sure that what a product was made with is there; another version of it is worth a warning.

    Raises
    ------
    StoreError
        When a plugin is not there; says its name, version and hash and how to get it.
    """
    for wanted in recorded:
        alike = [plugin for plugin in _present(wanted) if plugin.sha256 == wanted.sha256 or plugin.name == wanted.name]
        if not alike:
            raise StoreError(
                "needs a plugin that is not there", where=where, expected=str(wanted), fix=wanted.how_to_get()
            )
        if all(plugin.sha256 != wanted.sha256 for plugin in alike):
            log.warning("%s: was made with %s; what is there is %s, and may differ", where, wanted, alike[0])


def _present(wanted: Plugin) -> list[Plugin]:
    """Plugins of a kind, with the name of a package written as it was recorded."""
    if wanted.kind == "package":
        name = canonicalize_name(wanted.name)
        alike = [plugin for plugin in installed_plugins() if canonicalize_name(plugin.name) == name]
        return [plugin.model_copy(update={"name": wanted.name}) for plugin in alike]
    if wanted.kind == "module":
        imported = plugin_of(wanted.name) if wanted.name in sys.modules else None
        return [] if imported is None else [imported]
    return [plugin for module, plugin in _files.items() if module in sys.modules]


def _all_points() -> Iterator[EntryPoint]:
    for group in (STAGES, NETWORKS):
        yield from points(group).values()


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.module


@cache
def _installed(top: str, point: EntryPoint) -> Plugin:
    version = point.dist.version if point.dist else "unversioned"
    return Plugin(kind="package", name=_package(point), version=version, sha256=_package_sha256(top))


def _package_sha256(top: str) -> str:
    """Hash of every file of a package but what Python compiles, found without importing it."""
    spec = importlib.util.find_spec(top)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    files = [(path.relative_to(folder), path) for folder in folders for path in folder.rglob("*") if path.is_file()]
    if spec is not None and spec.origin and not folders:
        files = [(Path(Path(spec.origin).name), Path(spec.origin))]  # a package of one module
    digest = hashlib.sha256()
    for name, path in sorted((name, path) for name, path in files if "__pycache__" not in name.parts):
        digest.update(f"{name.as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()

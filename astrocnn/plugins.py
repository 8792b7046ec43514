"""Python files and installed packages that add stages and networks from outside.

A file is run only because the user named it under `plugins:`; it registers what it adds when it is loaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from astrocnn.errors import InputMissing, PipelineFileError


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin: its path, its version and the hash of its source."""

    path: str
    version: str
    sha256: str


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
    source = path.read_bytes()
    name = f"astrocnn_plugin_{hashlib.sha256(source).hexdigest()[:16]}"
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
    return Plugin(str(path), version, hashlib.sha256(source).hexdigest())

"""Layers of this project and a loss, one file each; the files import Keras, this one does not.

Each is registered with Keras under the package name `astrocnn`, so that a stored network finds it again. The
receptive-field rules of layers stand in `receptive_field/rules/`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache


@cache
def load_layers() -> None:
    """Import every module of this folder, so that networks made of these layers can be loaded from their files."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")

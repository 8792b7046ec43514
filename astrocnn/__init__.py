"""Survey pipelines that find rare objects: simulate, train, score, and publish candidate catalogs.

Everything here is loaded when it is first used: `astrocnn.run`, `open_run`, `build`, `receptive_field`, `load_model`,
`SampleSet`, `LightCurves`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astrocnn.api import run as run
    from astrocnn.networks.registry import build as build
    from astrocnn.pipeline.view import open_run as open_run
    from astrocnn.receptive_field.measure import receptive_field as receptive_field
    from astrocnn.samples.light_curves import LightCurves as LightCurves
    from astrocnn.samples.sample_set import SampleSet as SampleSet
    from astrocnn.training.model_folder import load_model as load_model

__version__ = "0.1.0"
_FACE = {
    "run": "astrocnn.api",
    "open_run": "astrocnn.pipeline.view",
    "build": "astrocnn.networks.registry",
    "receptive_field": "astrocnn.receptive_field.measure",
    "load_model": "astrocnn.training.model_folder",
    "SampleSet": "astrocnn.samples.sample_set",
    "LightCurves": "astrocnn.samples.light_curves",
}
__all__ = ["LightCurves", "SampleSet", "__version__", "build", "load_model", "open_run", "receptive_field", "run"]


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'astrocnn' has no attribute {name!r}")
    return getattr(importlib.import_module(_FACE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

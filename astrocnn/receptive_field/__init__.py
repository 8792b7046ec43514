"""Receptive fields of Keras networks, layer by layer, in pixels and on the sky; calling the package measures one."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    """Lets `astrocnn.receptive_field(model)` work although a package of that name stands in the same place."""

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        from astrocnn.receptive_field.measure import receptive_field

        return receptive_field(*args, **keywords)


sys.modules[__name__].__class__ = _CallablePackage

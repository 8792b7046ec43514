"""What any test may use: a registry of stages that forgets, after the test, the plugins it loaded."""

import sys

import pytest

from astrocnn.pipeline import registry


@pytest.fixture
def forget_plugins():
    """Undo every registration of the test, and let its plugin files be loaded anew."""
    stages, modules = dict(registry._registered), set(sys.modules)
    yield
    registry._registered.clear()
    registry._registered.update(stages)
    for name in set(sys.modules) - modules:
        if name.startswith("astrocnn_plugin_"):
            del sys.modules[name]

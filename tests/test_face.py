"""The Python face: every public name is there, callable, and loaded when it is first used."""

import subprocess
import sys

import pytest

import astrocnn


@pytest.mark.parametrize("name", sorted(set(astrocnn.__all__) - {"__version__"}))
def test_each_name_is_there_and_callable_in_a_fresh_process(name):
    # fresh, because a subpackage of the same name takes the name's place once it has been imported
    code = f"import astrocnn; assert callable(astrocnn.{name}); assert callable(astrocnn.{name})"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_importing_the_package_loads_nothing_heavy():
    heavy = {"keras", "tensorflow", "astropy", "numpy", "pydantic", "matplotlib"}
    code = f"import sys, astrocnn; loaded = {heavy!r} & set(sys.modules); assert not loaded, loaded"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        astrocnn.trian  # noqa: B018

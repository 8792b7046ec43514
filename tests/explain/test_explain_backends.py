"""The same looks on JAX."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from explained_models import curves, dip_finder, spot_finder, stamps

from astrocnn.explain.choose import Request
from astrocnn.explain.explanation import explain

PROGRAM = """
import sys
from pathlib import Path
import keras
assert keras.backend.backend() == "jax"
from explained_models import curves, dip_finder, spot_finder, stamps
from astrocnn.explain.choose import Request
from astrocnn.explain.explanation import explain
from astrocnn.explain.files import write_explanation
out = Path(sys.argv[1])
request = Request(objects=2, units=2, copies=2)
write_explanation(explain(spot_finder(), stamps(out / "stamps"), request, "stamps"), out / "spot")
write_explanation(explain(dip_finder(), curves(out / "curves"), request, "curves"), out / "dip")
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_jax_gives_the_same_arrays(tmp_path):
    from astrocnn.explain.files import read_explanation

    places = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": places}
    line = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, model, make in (("spot", spot_finder, stamps), ("dip", dip_finder, curves)):
        other = read_explanation(tmp_path / name)
        samples = make(tmp_path / f"own-{name}")
        own = explain(model(), samples, Request(objects=2, units=2, copies=2), other.facts["samples"])
        assert other.facts["objects"][0]["id"] == own.facts["objects"][0]["id"]
        assert other.facts["layers"] == own.facts["layers"]
        for array, values in own.arrays.items():
            scale = np.abs(values).max()
            np.testing.assert_allclose(other.arrays[array], values, atol=1e-3 * scale, err_msg=f"{name} {array}")

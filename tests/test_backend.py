"""The Keras backend: its threads, its quiet start, and what is asked of TensorFlow only where there is a GPU."""

import importlib.util
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from astrocnn import backend
from astrocnn.errors import StageFailed
from astrocnn.simulate.observe import bin_pixels


def in_fresh_process(code, **environment):
    """What a script printed, as JSON, and what it wrote to stderr: threads can be set once in a process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KERAS_", "TF_"))}
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import json, sys\nfrom astrocnn import backend\n{code}"],
        env={**kept, **environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout), result.stderr


def test_stating_the_threads_starts_nothing():
    loaded, _ = in_fresh_process(
        "backend.use_threads(3); print(json.dumps([name for name in ('keras', 'tensorflow') if name in sys.modules]))"
    )
    assert loaded == []


def test_a_fresh_process_gets_the_threads_once_and_starts_in_silence():
    told, stderr = in_fresh_process(
        """
from astrocnn.errors import StageFailed
backend.use_threads(3)
keras = backend.prepare()
import tensorflow
threading = tensorflow.config.threading
again = backend.prepare() is keras
backend.use_threads(4)
try:
    backend.prepare()
    refused = ""
except StageFailed as error:
    refused = str(error)
backend.use_threads(3)
print(json.dumps({
    "backend": keras.backend.backend(), "again": again and backend.prepare() is keras, "refused": refused,
    "threads": [threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()],
}))
""",
        KERAS_BACKEND="tensorflow",
    )
    assert told["backend"] == "tensorflow"
    assert told["threads"] == [3, 1]
    assert told["again"]
    assert "expected 3" in told["refused"]
    assert "received 4" in told["refused"]
    assert "start a new process" in told["refused"]
    assert stderr == "", "TensorFlow's own lines would stand between those of a run"


def test_tensorflow_that_is_at_work_already_is_told():
    """A notebook that used it before: threads cannot be changed any more."""
    told, _ = in_fresh_process(
        """
import tensorflow
from astrocnn.errors import StageFailed
tensorflow.constant(1)
backend.use_threads(1)
try:
    print(json.dumps(str(backend.prepare())))
except StageFailed as error:
    print(json.dumps(str(error)))
""",
        TF_CPP_MIN_LOG_LEVEL="3",
        KERAS_BACKEND="tensorflow",
    )
    assert "TensorFlow has been used in this process before" in told
    assert "in a process of its own" in told


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.parametrize("by_file", [False, True])
def test_jax_is_used_where_the_user_asks_for_it(by_file, tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "jax"}' if by_file else "{}")
    chosen = {} if by_file else {"KERAS_BACKEND": "jax"}
    told, _ = in_fresh_process(
        """
from astrocnn.pipeline.identity import backend_identity
keras = backend.prepare()
print(json.dumps([keras.backend.backend(), backend_identity()["backend"], backend.compiles()]))
""",
        KERAS_HOME=str(tmp_path),
        **chosen,
    )
    assert told == ["jax", "jax", True]


@pytest.fixture
def unprepared(monkeypatch):
    """This process as before the first `prepare`, with Keras loaded and the environment put back afterwards."""
    import keras

    backend.prepare()
    monkeypatch.setattr(backend, "_prepared", {})
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "1")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    return keras


@pytest.fixture
def tensorflow(monkeypatch, unprepared):
    """A stand-in that writes down what it is asked; tensorflow(gpus) puts it in place."""

    def make(gpus):
        asked = []

        def noting(what, answer=None):
            return lambda *values: asked.append((what, *values)) or answer

        config = SimpleNamespace(
            threading=SimpleNamespace(
                set_intra_op_parallelism_threads=noting("intra"), set_inter_op_parallelism_threads=noting("inter")
            ),
            experimental=SimpleNamespace(enable_op_determinism=noting("determinism")),
            list_physical_devices=lambda kind: ["gpu"] * gpus if kind == "GPU" else ["cpu"],
            list_logical_devices=noting("start", []),
        )
        stand_in = SimpleNamespace(config=config, random=SimpleNamespace(set_seed=noting("seed")))
        monkeypatch.setitem(sys.modules, "tensorflow", stand_in)
        return asked

    return make


def test_deterministic_operations_are_asked_for_on_a_gpu_alone(tensorflow):
    """On a CPU they cost half of the speed and change nothing: the same threads give the same bits without them."""
    asked = tensorflow(gpus=0)
    backend.prepare()
    assert "determinism" not in dict.fromkeys(what for what, *_ in asked)
    backend._prepared.clear()
    asked = tensorflow(gpus=1)
    backend.prepare()
    assert [what for what, *_ in asked].count("determinism") == 1


def test_tensorflow_is_started_after_its_threads_are_set(tensorflow):
    asked = tensorflow(gpus=1)
    backend.prepare()
    names = [what for what, *_ in asked]
    assert names.index("start") == len(names) - 1
    assert names[:2] == ["intra", "inter"]


def test_a_simulator_of_images_used_by_itself_sets_the_threads_first(tensorflow):
    asked = tensorflow(gpus=0)
    assert np.asarray(bin_pixels(np.ones((1, 2, 2, 1), np.float32), 2)).tolist() == [[[[4.0]]]]
    assert [what for what, *_ in asked] == ["intra", "inter", "start"]


def test_a_second_call_asks_for_nothing(tensorflow):
    asked = tensorflow(gpus=0)
    backend.prepare()
    number = len(asked)
    backend.prepare()
    assert len(asked) == number


def test_onednn_is_on_and_the_user_s_log_level_stays(tensorflow):
    tensorflow(gpus=0)
    backend.prepare()
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "1"


def test_another_backend_is_left_alone(tensorflow, monkeypatch, unprepared):
    asked = tensorflow(gpus=1)
    monkeypatch.setattr(unprepared.backend, "backend", lambda: "torch")
    assert backend.prepare() is unprepared
    assert asked == []


@pytest.mark.parametrize(("name", "compiled"), [("tensorflow", False), ("jax", True), ("torch", False)])
def test_training_is_compiled_on_jax_alone(name, compiled, monkeypatch, unprepared):
    monkeypatch.setattr(unprepared.backend, "backend", lambda: name)
    assert backend.compiles() is compiled


def test_an_error_on_the_way_gives_stderr_back(unprepared, tensorflow, monkeypatch, capfd):
    tensorflow(gpus=0)

    def fails(threads):
        raise RuntimeError("too late")

    monkeypatch.setattr(sys.modules["tensorflow"].config.threading, "set_intra_op_parallelism_threads", fails)
    with pytest.raises(StageFailed, match="TensorFlow has been used"):
        backend.prepare()
    os.write(2, b"still heard")
    assert "still heard" in capfd.readouterr().err
    assert backend._prepared == {}, "the next call tries again"

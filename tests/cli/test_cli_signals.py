"""A run that is stopped: exit codes of real processes, no worker left behind, and going on afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = [sys.executable, "-m", "astrocnn", "run", "toy.yaml"]
SLOW = "stages.numbers={use: toy-numbers, number: 3, value: 2, seconds: 40}"
CHECKOUT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT)}


def start(folder, *arguments):
    command = [*RUN, *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def children(process):
    listed = Path(f"/proc/{process}/task/{process}/children")
    if not listed.is_file():
        pytest.skip("this system does not list children of processes")
    return [int(child) for child in listed.read_text().split()]


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_has_its_code_and_goes_on(toy, tmp_path, number):
    process = start(tmp_path, "--workers", "1", "--set", SLOW)
    wait_for(lambda: (tmp_path / "runs/toy/state.json").exists())
    time.sleep(0.3)
    process.send_signal(number)
    stopped = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert time.monotonic() - stopped < 10
    assert out.startswith("numbers  stopped")
    assert "run again to go on" in err
    assert "Traceback" not in err
    again = subprocess.run(RUN, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "total    made" in again.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_run(toy, tmp_path, number):
    process = start(tmp_path, "--workers", "2", "--set", SLOW)
    parts = tmp_path / "runs/toy/numbers/parts"
    wait_for(lambda: parts.is_dir() and len(list(parts.glob(".*"))) == 2)  # both workers are at a part
    workers = children(process.pid)
    assert len(workers) >= 2
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == {signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
    wait_for(lambda: not any(map(is_alive, workers)), seconds=15)

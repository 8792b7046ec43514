"""A run that is stopped: exit codes of real processes, no worker left behind, and going on afterwards."""

import signal
import time

import pytest
from processes import children, finish, is_alive, start, wait_for

RUN = ("run", "toy.yaml")
SLOW = "stages.numbers={use: toy-numbers, number: 3, value: 2, seconds: 40}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_has_its_code_and_goes_on(toy, tmp_path, number):
    process = start(tmp_path, *RUN, "--workers", "1", "--set", SLOW)
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
    again = finish(tmp_path, *RUN)
    assert again.returncode == 0, again.stderr
    assert "total    made" in again.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_run(toy, tmp_path, number):
    process = start(tmp_path, *RUN, "--workers", "2", "--set", SLOW)
    parts = tmp_path / "runs/toy/numbers/parts"
    wait_for(lambda: parts.is_dir() and len(list(parts.glob(".*"))) == 2)  # both workers are at a part
    workers = children(process.pid)
    assert len(workers) >= 2
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == {signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
    wait_for(lambda: not any(map(is_alive, workers)), seconds=15)

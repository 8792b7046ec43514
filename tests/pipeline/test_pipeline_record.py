"""What a run leaves behind about itself, and how `status` reads it."""

import fcntl
import json
import logging
import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from astrocnn.api import run
from astrocnn.errors import InputMissing, StageFailed
from astrocnn.pipeline.lock import holder, lock
from astrocnn.pipeline.provenance import peak_memory_mb, reset_peak_memory
from astrocnn.pipeline.run_log import read_log
from astrocnn.pipeline.status import run_status


def log_lines(runs):
    """Lines of the log of the last run."""
    return read_log(runs / "toy" / run_status(runs / "toy").log)


def states(root):
    return {stage.name: stage.state for stage in run_status(root).stages}


def test_a_finished_run_says_what_became_of_each_stage(toy, tmp_path):
    run(toy, runs=tmp_path, settings=["stages.numbers.rejected=2"])
    status = run_status(tmp_path / "toy")
    assert (status.outcome, status.process) == ("done", None)
    assert status.started <= status.ended
    assert states(tmp_path / "toy") == {"numbers": "made", "total": "made"}
    assert sorted(status.stages[0].rows()) == [("read", "", 3), ("rejected", "too odd", 6)]
    run(toy, runs=tmp_path, settings=["stages.numbers.rejected=2"])
    assert states(tmp_path / "toy") == {"numbers": "reuse", "total": "reuse"}


def test_a_failure_is_kept_with_its_reason_and_its_stage(toy, tmp_path):
    with pytest.raises(StageFailed, match="numbers: out of ink"):
        run(toy, runs=tmp_path, settings=["stages.numbers.failure=out of ink"])
    status = run_status(tmp_path / "toy")
    assert status.outcome == "failed"
    assert status.stages[0].reason == "numbers: out of ink"
    assert states(tmp_path / "toy") == {"numbers": "failed", "total": "waiting"}
    last = [line for line in log_lines(tmp_path) if line.get("stage") == "numbers"][-1]
    assert (last["level"], last["state"]) == ("ERROR", "failed")
    assert "out of ink" in last["message"]


def test_a_bug_in_a_stage_comes_through_and_is_kept(toy, tmp_path):
    with pytest.raises(ZeroDivisionError):
        run(toy, runs=tmp_path, settings=["stages.numbers.crash=true"])
    assert run_status(tmp_path / "toy").stages[0].reason == "a bug"
    errors = [line["error"] for line in log_lines(tmp_path) if "error" in line]
    assert "ZeroDivisionError: a bug" in errors[0], "the log holds the traceback"


def test_an_interruption_is_no_failure(toy, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("astrocnn.pipeline.run.make_parts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(toy, runs=tmp_path)
    assert run_status(tmp_path / "toy").outcome == "stopped"
    assert states(tmp_path / "toy")["numbers"] == "stopped"


def test_a_killed_run_is_told_from_one_at_work(toy, tmp_path, monkeypatch):
    run(toy, runs=tmp_path)
    root = tmp_path / "toy"
    state = json.loads((root / "state.json").read_text()) | {"outcome": None, "ended": None}
    state["stages"][0]["state"] = "making"  # what SIGKILL leaves
    (root / "state.json").write_text(json.dumps(state))
    assert run_status(root).outcome == "killed"
    assert states(root)["numbers"] == "stopped"
    with lock(root):
        status = run_status(root)
    assert (status.outcome, status.process) == ("running", str(os.getpid()))
    assert status.stages[0].state == "making"


def test_no_run_is_an_error_that_names_the_folder(tmp_path):
    with pytest.raises(InputMissing, match=str(tmp_path)):
        run_status(tmp_path)


def test_looking_at_the_lock_neither_takes_nor_makes_it(tmp_path):
    assert holder(tmp_path) is None
    assert not (tmp_path / ".lock").exists()
    with lock(tmp_path):
        assert holder(tmp_path) == str(os.getpid())
    assert holder(tmp_path) is None
    with (tmp_path / ".lock").open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where it is still held


def test_the_log_file_is_closed_and_the_level_put_back(toy, tmp_path):
    logger = logging.getLogger("astrocnn")
    before = logger.level, list(logger.handlers)
    run(toy, runs=tmp_path)
    assert (logger.level, logger.handlers) == before
    lines = [line["message"] for line in log_lines(tmp_path)]
    assert "toy starts" in lines[0]
    assert "toy ends: done" in lines[-1]


def test_each_run_has_a_log_of_its_own_that_the_status_names(toy, tmp_path):
    run(toy, runs=tmp_path)
    first = run_status(tmp_path / "toy").log
    with pytest.raises(StageFailed):
        run(toy, runs=tmp_path, settings=["stages.numbers.value=2", "stages.numbers.failure=out of ink"])
    second = run_status(tmp_path / "toy").log
    assert {f"logs/{path.name}" for path in (tmp_path / "toy/logs").iterdir()} == {first, second}
    assert first < second, "their names stand in the order of time"


def test_the_log_holds_time_and_memory_of_each_stage(toy, tmp_path):
    run(toy, runs=tmp_path)
    made = {line["stage"]: line for line in log_lines(tmp_path) if line.get("state") == "made"}
    assert set(made) == {"numbers", "total"}
    for line in made.values():
        assert 0 < line["seconds"] < 60
        assert 10 < line["peak_memory_mb"] < 20_000
        assert datetime.fromisoformat(line["time"]).tzinfo is not None


def test_warnings_of_workers_stand_in_the_log_of_the_run(toy, tmp_path):
    run(toy, runs=tmp_path, settings=["stages.numbers.warning=low on ink"], workers=2)
    told = [line for line in log_lines(tmp_path) if line["level"] == "WARNING"]
    assert {line["message"] for line in told} == {"low on ink"}


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"message": "whole"}\n{"message": "cut sh')
    assert read_log(path) == [{"message": "whole"}]


def test_memory_is_that_of_the_stage_and_not_of_the_one_before(tmp_path):
    reset_peak_memory()
    before = peak_memory_mb()
    block = np.ones(30_000_000)
    assert peak_memory_mb() > before + 200
    del block
    reset_peak_memory()
    if Path("/proc/self/clear_refs").is_file():
        assert peak_memory_mb() < before + 100


def test_nothing_is_recorded_for_a_stage_that_was_not_asked_for(toy, tmp_path):
    run(toy, runs=tmp_path, to_stage="numbers")
    assert states(tmp_path / "toy") == {"numbers": "made", "total": "not asked for"}


def test_workers_know_the_stages_of_plugins(toy, tmp_path):
    run(toy, runs=tmp_path, workers=2)
    assert states(tmp_path / "toy") == {"numbers": "made", "total": "made"}


def test_an_absent_input_that_is_not_needed_skips_nothing(toy, tmp_path):
    run(toy, runs=tmp_path)
    assert "skipped" not in states(tmp_path / "toy").values()

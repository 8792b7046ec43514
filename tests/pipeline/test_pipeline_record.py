"""What a run leaves behind about itself, and how `status` reads it."""

import fcntl
import json
import logging
import os

import pytest

from astrocnn.api import run
from astrocnn.errors import InputMissing, StageFailed
from astrocnn.pipeline.lock import holder, lock
from astrocnn.pipeline.status import run_status


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
    assert "out of ink" in (tmp_path / "toy/run.log").read_text()


def test_a_bug_in_a_stage_comes_through_and_is_kept(toy, tmp_path):
    with pytest.raises(ZeroDivisionError):
        run(toy, runs=tmp_path, settings=["stages.numbers.crash=true"])
    assert run_status(tmp_path / "toy").stages[0].reason == "a bug"
    log = (tmp_path / "toy/run.log").read_text()
    assert "ZeroDivisionError: a bug" in log, "the log holds the traceback"


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
    lines = (tmp_path / "toy/run.log").read_text().splitlines()
    assert "toy starts" in lines[0]
    assert "toy ends: done" in lines[-1]


def test_nothing_is_recorded_for_a_stage_that_was_not_asked_for(toy, tmp_path):
    run(toy, runs=tmp_path, to_stage="numbers")
    assert states(tmp_path / "toy") == {"numbers": "made", "total": "not asked for"}


def test_workers_know_the_stages_of_plugins(toy, tmp_path):
    run(toy, runs=tmp_path, workers=2)
    assert states(tmp_path / "toy") == {"numbers": "made", "total": "made"}


def test_an_absent_input_that_is_not_needed_skips_nothing(toy, tmp_path):
    run(toy, runs=tmp_path)
    assert "skipped" not in states(tmp_path / "toy").values()

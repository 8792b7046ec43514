"""`run`, `plan` and `check` on toy pipelines, and the numbers `check` tells of the quickstart."""

import re

import pytest

from astrocnn.cli.console import RunConsole


def test_one_line_a_stage_and_nothing_else(run_toy):
    first, second = run_toy(), run_toy()
    assert (first.code, second.code) == (0, 0)
    assert [line.split()[:2] for line in first.out.splitlines()] == [["numbers", "made"], ["total", "made"]]
    assert re.search(r"numbers  made +\d+\.\d s  3 read$", first.out, re.MULTILINE)
    assert second.out.splitlines() == [
        f"numbers  up to date{' ' * (3 + 2 + 11 + 2)}3 read",
        "total    up to date",
    ]
    assert first.err == second.err == ""


def test_a_failed_stage_ends_with_exit_code_1_and_its_name(run_toy):
    result = run_toy("stages.numbers.failure=no ink")
    assert result.code == 1
    assert result.err == "error: numbers: no ink\n"
    assert re.match(r"numbers  failed +\d+\.\d s$", result.out.strip())


def test_a_bug_in_a_stage_is_shown_with_the_stage(run_toy, capsys):
    with pytest.raises(ZeroDivisionError):
        run_toy("stages.numbers.crash=true")
    assert "numbers  failed" in capsys.readouterr().out


def test_too_many_rejected_objects_end_with_exit_code_3(run_toy):
    result = run_toy("stages.numbers.rejected=1")
    assert result.code == 3
    assert "total    made" in result.out, "the run is finished all the same"
    assert result.err == (
        "warning: numbers: 50.0 % of the objects or tiles were rejected, more than failure_budget 5 %;"
        " see astrocnn status runs/toy\n"
    )
    assert run_toy("stages.numbers.rejected=1", "failure_budget=0.5").code == 0


def test_parts_of_a_run(call, toy):
    result = call("run", "toy.yaml", "--workers", "1", "--to", "numbers")
    assert [line.split()[1] for line in result.out.splitlines()] == ["made", "not"]
    result = call("run", "toy.yaml", "--workers", "1", "--from", "total")
    assert re.match(r"numbers  (not asked for|up to date).*\ntotal    made", result.out)
    result = call("run", "toy.yaml", "--from", "totl")
    assert (result.code, result.err) == (2, "error: --from: no stage is called 'totl'; to fix, did you mean total?\n")


def test_force_makes_a_stage_again(call, run_toy):
    run_toy()
    result = call("run", "toy.yaml", "--workers", "1", "--force", "total")
    assert [line.split()[1] for line in result.out.splitlines()] == ["up", "made"]


def test_plan_tells_what_and_why_and_makes_nothing(call, run_toy, tmp_path):
    plan = call("plan", "toy.yaml")
    assert plan.code == 0
    assert re.search(r"numbers +run +not made yet \(0 of 3 parts done\)", plan.out)
    assert not (tmp_path / "runs").exists()
    run_toy()
    assert [line.split()[1] for line in call("plan", "toy.yaml").out.splitlines()] == ["reuse", "reuse"]
    changed = call("plan", "toy.yaml", "--set", "stages.numbers.value=2")
    assert "parameters.value 1.0 -> 2.0" in changed.out
    more = call("plan", "toy.yaml", "--set", "stages.numbers.number=5")
    assert "(3 of 5 parts done)" in more.out


def test_check_of_the_quickstart_tells_the_receptive_field(call):
    result = call("check", "quickstart")
    assert result.code == 0
    assert "finder: receptive field of deeplens: warning\n" in result.out
    # 193 px of the published network, 45 px of input, 0.138 arcsec a pixel
    assert f"sees      {193 * 0.138:.4g} arcsec" in result.out
    assert f"takes in  {45 * 0.138:.4g} arcsec" in result.out
    must_see = float(re.search(r"must see  ([\d.]+) arcsec \(largest simulated lens", result.out)[1])
    assert 2 * 1.5 < must_see < 45 * 0.138, "more than the largest Einstein ring, less than the input"
    assert "astrocnn field deeplens --size 45 --bands 3 --scale 0.138arcsec --covers" in result.out
    assert "larger than the input of 45 px" in result.err
    assert result.out.rstrip().endswith("7 stages, nothing wrong")


def test_the_layer_table_that_check_names_can_be_called(call):
    line = call("check", "quickstart", "--profile", "smoke").out.split("  layers    astrocnn ")[1].splitlines()[0]
    arguments = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)]
    table = call(*arguments)
    assert table.code == 0
    assert "69 px = 9.522 arcsec" in table.out


def test_check_refuses_a_network_that_does_not_see_the_object(call):
    result = call("check", "quickstart", "--set", "stages.finder.options.widths=[8]")
    assert result.code == 2
    line = next(line for line in result.err.splitlines() if "stages.finder" in line)
    assert re.search(r"the object needs [\d.]+ arcsec", line)
    assert re.search(r"has \d+ px = [\d.]+ arcsec", line)
    assert "of the layer table" in line
    assert line.count("; or ") >= 1, "two cures"


def test_progress_is_told_now_and_then_where_there_is_no_terminal(capsys, monkeypatch):
    class Plan:
        name, reason = "galaxies", "not made yet"

    clock = [0.0]
    monkeypatch.setattr("astrocnn.cli.console.time.monotonic", lambda: clock[0])
    with RunConsole(["galaxies"]) as console:
        progress = console.started(Plan)
        for second in range(0, 65, 5):
            clock[0] = float(second)
            progress(second, 60, "tile")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"galaxies: {second} of 60 tile" for second in (25, 50)]

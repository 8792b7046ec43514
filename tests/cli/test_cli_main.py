"""The entry point: help, unknown words, one-line errors, exit codes, and what is not imported."""

import errno
import importlib
import subprocess
import sys

import click
import pytest

from astrocnn import __version__
from astrocnn.cli.main import COMMANDS, Terminated, run_command


def test_help_names_every_command_and_each_exists(call):
    result = call("--help")
    assert result.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.out
        command = importlib.import_module(f"astrocnn.cli.{name}_command").command
        assert isinstance(command, click.Command)
        assert command.help, name


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_fits_a_terminal(call, name):
    result = call(name, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: astrocnn {name} ")
    assert max(map(len, result.out.splitlines())) <= 80
    assert "-v, --verbose" in result.out


def test_version(call):
    assert call("--version").out == f"astrocnn, version {__version__}\n"


def test_no_command_shows_the_help(call):
    result = call()
    assert result.code == 2
    assert "Commands:" in result.out
    assert result.err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu", "x"], "no command is called 'rnu'; did you mean run?"),
        (["zzz"], "known: check, clean, doctor"),
        (["--bogus"], "No such option"),
        (["run"], "Missing argument 'FILE'. See astrocnn run --help"),
        (["run", "nonsense"], "nonsense: there is no such pipeline"),
        (["run", "quickstrt"], "did you mean quickstart?"),
        (["check", "quickstart", "--profile", "smok"], "did you mean smoke?"),
        (["check", "quickstart", "--set", "stages.findr.epochs=1"], "did you mean finder?"),
        (["status", "nothing"], "nothing: no run stands here"),
        (["clean", "nothing"], "nothing: no run stands here"),
        (["show", "nothing"], "nothing: no product stands here"),
        (["field", "deeplns"], "did you mean deeplens?"),
        (["new", "quickstrt"], "did you mean quickstart?"),
        (["sample", "hubbel"], "did you mean hubble?"),
        (["list", "stages", "trian"], "did you mean train?"),
    ],
)
def test_mistakes_end_in_one_line_with_exit_code_2(call, arguments, words):
    result = call(*arguments)
    assert result.code == 2
    assert words in result.err
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert "Traceback" not in result.err
    assert result.out == ""


def test_every_problem_of_a_file_has_its_line(call, toy):
    toy.write_text(toy.read_text().replace("use: toy-numbers", "use: toy-numbers, valeu: 2, number: 0"))
    result = call("check", "toy.yaml")
    assert result.code == 2
    assert all(line.startswith("error: toy.yaml:6: stages.numbers.") for line in result.err.splitlines())
    assert "did you mean value?" in result.err
    assert "number" in result.err


@pytest.mark.parametrize("arguments", [["-v", "run", "nonsense"], ["run", "nonsense", "-v"]])
def test_verbose_before_or_after_the_command_shows_where_it_arose(call, arguments):
    result = call(*arguments)
    assert result.code == 2
    assert "Traceback" in result.err
    assert "find_pipeline" in result.err
    assert result.err.splitlines()[-1].startswith("error: nonsense")


def test_errors_of_the_system_end_in_one_line(call, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "runs/x")

    monkeypatch.setattr("astrocnn.cli.list_command.aligned", full)
    result = call("list", "samples")
    assert (result.code, result.err) == (1, "error: runs/x: No space left on device\n")


def test_a_lack_of_memory_ends_in_one_line(call, monkeypatch):
    def large(*_, **__):
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr("astrocnn.cli.list_command.aligned", large)
    result = call("list", "samples")
    assert result.code == 1
    assert result.err.startswith("error: not enough memory: Unable to allocate 9 TiB; to fix, ")


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt, 130), (click.Abort, 130), (Terminated, 143)])
def test_interruptions_have_their_codes(call, monkeypatch, stop, code):
    def stopped(*_, **__):
        raise stop

    monkeypatch.setattr("astrocnn.cli.list_command.aligned", stopped)
    result = call("list", "samples")
    assert result.code == code
    assert "run again to go on" in result.err


def test_a_bug_keeps_its_traceback(call, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("astrocnn.cli.list_command.aligned", broken)
    with pytest.raises(ZeroDivisionError):
        run_command(["list", "samples"])


def test_help_loads_next_to_nothing():
    """What makes it quick: 0.14 s on the machine of docs/results.md."""
    code = "import sys; sys.argv = ['astrocnn', '--help']; from astrocnn.cli.main import run_command; run_command()"
    program = f"{code}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = set(done.stderr.split())
    assert {"astrocnn", "click"} <= loaded
    assert not loaded & {"numpy", "astropy", "pydantic", "ruamel", "h5py", "pyarrow", "keras", "rich"}


LIGHT = """
import sys
from astrocnn.cli.main import run_command
for arguments in {commands}:
    assert run_command(arguments) == 0, arguments
    heavy = [name for name in ("tensorflow", "keras", "jax", "torch") if name in sys.modules]
    assert not heavy, (arguments, heavy)
"""


def test_looking_leaves_keras_out(run_toy, tmp_path):
    run_toy()
    commands = [
        ["--help"], ["list", "stages"], ["list", "stages", "train"], ["list", "networks"], ["list", "instruments"],
        ["list", "pipelines"], ["list", "samples"], ["check", "quickstart"], ["plan", "quickstart"],
        ["check", "toy.yaml"], ["plan", "toy.yaml"], ["status", "toy"], ["field", "deeplens"],
        ["clean", "toy", "--dry-run"], ["show", "toy/total"], ["new", "quickstart"],
    ]  # fmt: skip
    program = LIGHT.format(commands=commands)
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

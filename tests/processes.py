"""Starting `astrocnn` in a process of its own, watching it, and stopping it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT)}


def command(*arguments):
    return [sys.executable, "-m", "astrocnn", *map(str, arguments)]


HEARS_CTRL_C = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " runpy.run_module('astrocnn', run_name='__main__', alter_sys=True)"
)


def start(folder, *arguments):
    """Start `astrocnn` there and go on; Ctrl-C reaches it, also where these tests run in the background."""
    line = [sys.executable, "-c", HEARS_CTRL_C, *map(str, arguments)]
    return subprocess.Popen(
        line, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(folder, *arguments, before=()):
    """Run `astrocnn` there to its end; `before` is a command that starts it."""
    line = [*before, *command(*arguments)]
    return subprocess.run(line, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)


def children(process):
    listed = Path(f"/proc/{process}/task/{process}/children")
    if not listed.is_file():
        pytest.skip("this system does not list children of processes")
    return [int(child) for child in listed.read_text().split()]


def wait_for(condition, seconds=60):
    """What the condition gives as soon as it holds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"

"""What a machine does to a run: broken files, no room, no leave to write, no memory, dead workers, signals."""

import re
import signal
import subprocess
import time

import numpy as np
import pytest
from astropy.io import fits
from processes import children, command, finish, start, wait_for

TRAINING = {"epochs": 40}


def flip_a_bit(path):
    """Damage a file in its middle without a change of its size."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    with path.open("r+b") as stream:  # in place: parts and products share the file
        stream.write(content)


def errors(result):
    return [line for line in result.err.splitlines() if line.startswith("error: ")]


def test_a_corrupt_shard_is_named_and_made_again_alone(weather):
    shards = {path.parent.name: path for path in weather.products.glob("galaxies/parts/*/samples.h5")}
    damaged = sorted(shards)[0]
    whole = {name: path.stat().st_ino for name, path in shards.items()}
    flip_a_bit(shards[damaged])
    weather.project.use("galaxies", "lenses")
    result = weather.run()
    assert result.code == 1
    (line,) = errors(result)
    assert re.match(r"error: \S+/galaxies/\w+/0000\d\.h5: the shard cannot be read; received .*; to fix, ", line)
    assert "`astrocnn verify RUN`" in line
    verified = weather.call("verify", "small")
    assert verified.code == 1
    assert f"galaxies/parts/{damaged}: samples.h5" in verified.out
    assert weather.run().code == 0
    now = {path.parent.name: path.stat().st_ino for path in weather.products.glob("galaxies/parts/*/samples.h5")}
    assert {name for name in now if now[name] != whole[name]} == {damaged}
    weather.assert_nothing_is_lost(but=("environment.json", "done.json"))  # the data are, byte for byte, what they were


def test_one_class_only_to_train_on(weather):
    weather.project.use("galaxies", "lenses", "finder", lenses={"lenses_per_galaxy": 0})
    result = weather.run()
    assert result.code == 1
    (line,) = errors(result)
    assert re.fullmatch(
        r"error: finder: one class only to train on; expected objects of nonlens and lens; received \d+ of nonlens;"
        r" to fix, look at the numbers of each class in the stage before",
        line,
    )
    weather.assert_nothing_is_lost()


@pytest.fixture
def mounted(tmp_path):
    """mounted(line of shell): runs it where file systems may be mounted, seen by it alone."""
    alone = ["unshare", "--map-root-user", "--mount", "bash", "-euc"]
    try:
        subprocess.run([*alone, f"mount -t tmpfs tmpfs '{tmp_path}'"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this system lets nobody mount a file system of his own: {error}")
    return [*alone]


def test_a_folder_of_runs_that_cannot_be_written(weather, mounted):
    weather.project.use("galaxies", galaxies={"minimum_snr": 30.0}).write()
    read_only = 'mount --bind runs runs; mount -o remount,ro,bind runs; exec "$@"'
    done = finish(weather.root, "run", "small.yaml", before=[*mounted, read_only, "run"])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: runs/small: cannot be written: Read-only file system; to fix, choose another folder with --runs\n"
    )
    looked_at = finish(weather.root, "status", "small", before=[*mounted, read_only, "status"])
    assert looked_at.returncode == 0, looked_at.stderr
    assert "32  read" in looked_at.stdout
    weather.assert_nothing_is_new()


@pytest.mark.parametrize("room", ["60k", "200k"])
def test_a_full_disk(weather, mounted, room):
    """Exit code 1 and one line; with more room the same command goes on."""
    (weather.root / "full").mkdir()
    weather.project.write()
    line = " ".join(f"'{word}'" for word in command("run", "small.yaml", "--runs", "full", "--workers", "1"))
    shell = f"""
        mount -t tmpfs -o size={room} tmpfs full
        {line} && exit 9 || echo code $?
        find full -name done.json | wc -l
        mount -o remount,size=64m full
        exec {line}"""
    done = finish(weather.root, before=[*mounted, shell, "full"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "code 1"
    assert re.search(r"galaxies +made .* 32 read", done.stdout.partition("code 1")[2])
    (told,) = done.stderr.splitlines()
    assert re.match(r"error: full/small/galaxies/\S+: .*No space left on device; to fix, (make room|free space) ", told)
    weather.assert_nothing_is_new()


def make_huge(weather, side=16_000):
    """A tile of 1 GB a band that takes no room on the disk."""
    for band in "gr":
        header = fits.getheader(weather.tiles / f"north_{band}.fits")
        header["NAXIS1"] = header["NAXIS2"] = side
        text = header.tostring().encode()
        with (weather.tiles / f"storm_{band}.fits").open("wb") as stream:
            stream.write(text)
            stream.truncate(len(text) + -(-side * side * 4 // 2880) * 2880)


def test_a_tile_that_is_too_large_for_the_memory_of_a_worker(weather):
    make_huge(weather)
    weather.project.write()
    limited = ["bash", "-c", 'ulimit -v 3000000; exec "$@"', "run"]
    done = finish(weather.root, "run", "small.yaml", "--workers", "2", before=limited)
    assert done.returncode == 3, done.stderr
    assert re.search(r"galaxies +made .* 32 read, 1 rejected", done.stdout)
    (reason,) = weather.reasons()
    assert re.fullmatch(
        r"1  rejected: not enough memory for this tile; received Unable to allocate .*; to fix, give it more, or fewer"
        r" --workers, and run --retry-rejected",
        reason,
    )
    assert "Traceback" not in done.stderr
    weather.assert_nothing_is_lost()


def test_a_worker_that_is_killed(weather):
    """The parts of the others stay, and the run can go on."""
    for number in range(3, 7):
        weather.project.add_tile(f"tile{number}", number, shape=(400, 400), galaxies=100)
    weather.project.write()
    process = start(weather.root, "run", "small.yaml", "--workers", "2")
    parts = weather.products / "galaxies" / "parts"

    def at_work():
        return [worker for worker in children(process.pid) if any(parts.glob(f".*.{worker}"))]

    subprocess.run(["kill", "-KILL", str(wait_for(at_work)[0])], check=True)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out.startswith("galaxies  failed")
    assert err.splitlines()[-1] == (
        "error: galaxies: a worker process died; to fix, look for a lack of memory; run again to go on"
    )
    assert "Traceback" not in err
    weather.assert_nothing_is_lost()
    done = {path.name: path.stat().st_ino for path in parts.glob("[!.]*")}
    again = finish(weather.root, "run", "small.yaml")
    assert again.returncode == 0, again.stderr
    assert {name: (parts / name).stat().st_ino for name in done} == done, "nothing is done twice that was done"


@pytest.fixture(scope="module")
def trained(_calm, tmp_path_factory):
    """Folder of the model of a training that nobody disturbed, in a process of its own as the others."""
    runs = tmp_path_factory.mktemp("undisturbed")
    _calm.use("galaxies", "lenses", "finder", finder=TRAINING).write()
    done = finish(_calm.root, "run", "small.yaml", "--runs", runs)
    _calm.use("galaxies").write()
    assert done.returncode == 0, done.stderr
    return (runs / "small" / "finder" / "current").resolve()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_training_that_is_stopped_goes_on_from_its_checkpoint(weather, trained, number, code):
    weather.project.use("galaxies", "lenses", "finder", finder=TRAINING).write()
    process = start(weather.root, "run", "small.yaml")
    checkpoints = weather.products / "finder" / "scratch"
    wait_for(lambda: any(checkpoints.glob("*/checkpoint.h5")), 120)
    process.send_signal(number)
    sent = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert time.monotonic() - sent < 30
    assert re.search(r"^finder +stopped", out, re.MULTILINE), out
    assert err.splitlines()[-1].endswith("run again to go on")
    assert "Traceback" not in err
    assert any(checkpoints.glob("*/checkpoint.h5"))
    weather.assert_nothing_is_lost()
    again = finish(weather.root, "run", "small.yaml")
    assert again.returncode == 0, again.stderr
    assert [line.split()[1:3] for line in again.stdout.splitlines()[:2]] == [["up", "to"], ["up", "to"]]
    folder = (weather.products / "finder" / "current").resolve()
    assert folder.name == trained.name
    assert history(folder) == history(trained), "as if nothing had happened"
    assert not any(checkpoints.iterdir()), "the checkpoint has done its work"


def history(folder):
    """Losses of each epoch, as they were written; how long an epoch took is another matter."""
    table = np.genfromtxt(folder / "history.csv", delimiter=",", names=True)
    assert len(table) == TRAINING["epochs"]
    return [table[name].tolist() for name in table.dtype.names if name != "seconds"]

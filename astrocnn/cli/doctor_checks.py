"""What can be wrong with a machine: each check returns findings, with the next thing to do where something is."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from astrocnn.cli.columns import bytes_text
from astrocnn.errors import PipelineFileError, StoreError
from astrocnn.pipeline.provenance import package_versions
from astrocnn.plugins import NETWORKS, STAGES, installed_plugins, load_point, points

GB = 10**9
DISK_NEEDED, DISK_WANTED = GB, 10 * GB
MEMORY_NEEDED, MEMORY_WANTED = GB, 4 * GB
"""A smoke run needs about 1 GB of each; the quickstart is made for 4 GB of memory."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, what was found, and what to do about it."""

    subject: str
    text: str
    level: Literal["ok", "warning", "problem"] = "ok"
    next_step: str = ""


Check = Callable[[Path], Iterator[Finding]]


def python_and_packages(runs: Path) -> Iterator[Finding]:
    """Version of Python, and of each package that matters for a result."""
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    versions = package_versions()
    yield Finding("packages", ", ".join(f"{name} {version}" for name, version in versions.items()))
    yield from _requirements(requires("astrocnn") or [])


def _requirements(texts: Sequence[str]) -> Iterator[Finding]:
    """What pip was asked for and is not there, or is older than it may be."""
    for requirement in map(Requirement, texts):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        step = f"pip install '{requirement.name}{requirement.specifier}'"
        try:
            there = version(requirement.name)
        except PackageNotFoundError:
            yield Finding("packages", f"{requirement.name} is not installed", "problem", step)
            continue
        if not requirement.specifier.contains(there, prereleases=True):
            text = f"{requirement.name} {there} is not one that astrocnn works with: {requirement.specifier}"
            yield Finding("packages", text, "problem", step)


def plugins(runs: Path) -> Iterator[Finding]:
    """Installed packages that add stages or networks, and whether they can be loaded."""
    try:
        for plugin in installed_plugins():
            yield Finding("plugins", str(plugin))
    except PipelineFileError as error:  # two of one name: nothing of them can be told apart
        yield Finding("plugins", f"{error.what}: {error.received}", "problem", error.fix or "")
        return
    for group in (STAGES, NETWORKS):
        for point in points(group).values():
            try:
                load_point(point)
            except PipelineFileError as error:
                yield Finding("plugins", f"{error.where}: {error.what}", "problem", error.fix or "")


def runs_folder(runs: Path) -> Iterator[Finding]:
    """Whether runs can be written, locked and fit on the disk."""
    folder = next(path for path in (runs.resolve(), *runs.resolve().parents) if path.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor.", dir=folder) as trial:
            yield Finding("runs folder", f"{folder} can be written")
            yield from _locks(Path(trial))
            yield from _hdf5(Path(trial))
    except OSError as error:
        yield Finding("runs folder", f"{folder}: {error.strerror}", "problem", "give --runs a folder of yours")
        return
    free = shutil.disk_usage(folder).free
    yield _enough(
        "disk", f"{bytes_text(free)} free", free, DISK_NEEDED, DISK_WANTED, "free space, or use another --runs"
    )


def _locks(trial: Path) -> Iterator[Finding]:
    from astrocnn.pipeline.lock import lock

    try:
        with lock(trial / "run"):
            yield Finding("run lock", "works")
    except StoreError:
        step = "use a folder on a local disk, or mount it with locks"
        yield Finding("run lock", "the file system has no locks", "problem", step)


def _hdf5(trial: Path) -> Iterator[Finding]:
    import h5py

    setting = os.environ.get("HDF5_USE_FILE_LOCKING")
    try:
        with h5py.File(trial / "trial.h5", "w") as file:
            file["data"] = [1.0]
        with h5py.File(trial / "trial.h5") as first, h5py.File(trial / "trial.h5") as second:
            first["data"][0], second["data"][0]
    except OSError:
        yield Finding(
            "HDF5 files", "cannot be locked on this file system", "problem", "export HDF5_USE_FILE_LOCKING=FALSE"
        )
        return
    yield Finding("HDF5 files", "written and read" + (f", HDF5_USE_FILE_LOCKING={setting}" if setting else ""))


def memory_and_cores(runs: Path) -> Iterator[Finding]:
    """Memory that is free, the limit of the control group, and the cores this process may use."""
    free = free_memory()
    if free is None:
        yield Finding("memory", "not known on this system")
    else:
        step = "close other programs, or lower batch_size"
        yield _enough("memory", f"{bytes_text(free)} free", free, MEMORY_NEEDED, MEMORY_WANTED, step)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding(
        "cores", f"{cores}; a file uses `threads:` of them for Keras, 2 by default, part of a result's identity"
    )


def free_memory(proc: Path = Path("/proc/meminfo"), group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that a process can still take, within its control group; None where the system does not tell."""
    known = []
    if proc.is_file():
        lines = (line.split() for line in proc.read_text().splitlines())
        known += [int(words[1]) * 1024 for words in lines if words[0] == "MemAvailable:"]
    limit, used = (group / name for name in ("memory.max", "memory.current"))
    if limit.is_file() and used.is_file() and (most := limit.read_text().strip()) != "max":
        known.append(int(most) - int(used.read_text()))
    return min(known, default=None)


def backend_and_training(runs: Path) -> Iterator[Finding]:
    """The Keras backend, its devices, and whether a small network learns in a few seconds."""
    from astrocnn import backend

    started = time.monotonic()
    try:
        keras = backend.prepare()
    except ImportError as error:
        yield Finding(
            "backend", f"cannot be loaded: {error}", "problem", "pip install tensorflow, or set KERAS_BACKEND"
        )
        return
    name = keras.backend.backend()
    took = time.monotonic() - started
    yield Finding(
        "backend", f"{name} under Keras {keras.__version__}, loaded in {took:.1f} s, precision {keras.config.floatx()}"
    )
    yield _devices([str(device) for device in keras.distribution.list_devices()], shutil.which("nvidia-smi"))
    yield _smoke(keras)


def _devices(devices: list[str], driver: str | None) -> Finding:
    text = ", ".join(devices) or "none named; the processor is used"
    if driver and not any("gpu" in device.lower() or "cuda" in device.lower() for device in devices):
        step = "pip install 'tensorflow[and-cuda]', or 'jax[cuda12]' with KERAS_BACKEND=jax"
        return Finding(
            "devices", f"{text}; a graphics card is there ({driver}), and the backend does not see it", "warning", step
        )
    return Finding("devices", text)


def _smoke(keras: object) -> Finding:
    from astrocnn.cli.doctor_training import train_a_little

    started = time.monotonic()
    before, after = train_a_little(keras)
    text = f"loss {before:.3f} to {after:.3f} in {time.monotonic() - started:.1f} s"
    if not after < before:
        return Finding("training", text, "problem", "reinstall the backend; its numbers cannot be trusted")
    return Finding("training", text)


def _enough(subject: str, text: str, value: int, needed: int, wanted: int, step: str) -> Finding:
    if value < needed:
        return Finding(subject, f"{text}; a smoke run needs {bytes_text(needed)}", "problem", step)
    if value < wanted:
        return Finding(subject, f"{text}; {bytes_text(wanted)} are better", "warning", step)
    return Finding(subject, text)


def terminal(runs: Path) -> Iterator[Finding]:
    """Encoding of what is printed."""
    encoding = (sys.stdout.encoding or "").lower()
    if encoding.replace("-", "") != "utf8":
        yield Finding("terminal", f"encoding {encoding or 'unknown'}", "warning", "export PYTHONUTF8=1")


CHECKS: tuple[Check, ...] = (
    python_and_packages,
    plugins,
    terminal,
    memory_and_cores,
    runs_folder,
    backend_and_training,
)

"""Two records beside each product: what defines it (always the same), and where and when it was made."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "astrocnn", "astropy", "h5py", "jax", "keras", "numpy", "photutils", "pyarrow", "pydantic", "scikit-image",
    "scipy", "tensorflow",
)  # fmt: skip


def package_versions() -> dict[str, str]:
    """Versions of the packages that matter for a result; those not installed are left out."""
    return dict(_installed())


@cache  # a part takes less time to make than versions to look up
def _installed() -> tuple[tuple[str, str], ...]:
    versions = []
    for name in PACKAGES:
        try:
            versions.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(versions)


@cache
def source_commit() -> str | None:
    """Commit of the checkout the package runs from, with `+changes` when files differ; None outside a checkout."""
    folder = Path(__file__).resolve().parents[2]
    if not (folder / ".git").exists():
        return None
    commands = (["git", "rev-parse", "HEAD"], ["git", "status", "--porcelain", "--untracked-files=no"])
    try:
        head, changes = (
            subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=10).stdout.strip()  # noqa: S603
            for command in commands
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}+changes" if changes else head


def reset_peak_memory() -> None:
    """Let `peak_memory_mb` start anew, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_mb() -> float:
    """Largest resident memory of this process since `reset_peak_memory`, in MB; elsewhere since its start."""
    with suppress(OSError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def environment(seconds: float, memory_mb: float = 0.0) -> dict[str, Any]:
    """Describe the machine, the versions and the moment.

    Parameters
    ----------
    seconds : float
        What the work took.
    memory_mb : float
        Largest memory of other processes that did part of it.
    """
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "peak_memory_mb": round(max(peak_memory_mb(), memory_mb)),
        "commit": source_commit(),
        "packages": package_versions(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
    }

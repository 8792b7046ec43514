"""Releases: the products of a run under a name, frozen.

    runs/<name>/releases/<release>/release.json    what `run.json` said when the run was whole
    runs/<name>/releases/<release>/<stage>         relative link to the product

`clean` keeps them, and no run changes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from astrocnn.errors import InputMissing, PipelineFileError
from astrocnn.pipeline.store import Store, fsync_folder, read_json, write_json
from astrocnn.spelling import suggestion

FOLDER, FILE = "releases", "release.json"


def released(root: Path) -> list[str]:
    """Names of the releases in a run's folder."""
    return sorted(path.parent.name for path in (root / FOLDER).glob(f"*/{FILE}"))


def read_release(root: Path, name: str) -> dict[str, Any]:
    """What `run.json` said when a release was frozen.

    Raises
    ------
    InputMissing
        When there is no such release; the nearest name is given.
    """
    content: dict[str, Any] | None = read_json(root / FOLDER / name / FILE)
    if content is None:
        raise InputMissing("no such release stands here", where=f"{root}: {name}", fix=suggestion(name, released(root)))
    return content


def frozen_products(root: Path) -> dict[tuple[str, str], str]:
    """The release of each frozen product, by stage and hash."""
    return {
        (stage, entry["hash"]): name
        for name in released(root)
        for stage, entry in read_release(root, name)["stages"].items()
    }


def other_products(root: Path, name: str, hashes: dict[str, str]) -> Iterator[str]:
    """Stages in which a plan differs from a release that stands; none where it does not stand yet."""
    if name in released(root):
        frozen = {stage: entry["hash"] for stage, entry in read_release(root, name)["stages"].items()}
        yield from (stage for stage in {**hashes, **frozen} if frozen.get(stage) != hashes.get(stage))


def refuse_frozen(root: Path, products: Iterable[tuple[str, str]], flag: str) -> None:
    """Refuse to make frozen products again.

    Parameters
    ----------
    root : Path
        Folder of the run.
    products : iterable of (str, str)
        Stage and hash of what would be made.
    flag : str
        Who asks for it.

    Raises
    ------
    PipelineFileError
        When one of them belongs to a release.
    """
    frozen = frozen_products(root)
    for stage, digest in products:
        if (stage, digest) in frozen:
            raise PipelineFileError(
                f"{flag}: the product of {stage} belongs to release {frozen[stage, digest]} and stays as it is",
                where=str(root), fix="give --runs another folder",
            )  # fmt: skip


def freeze(store: Store, name: str, run: dict[str, Any]) -> None:
    """Freeze a whole run, unless this release stands already; `run` is the content of `run.json`."""
    if name in released(store.root):
        return
    with store.writing(store.root / FOLDER / name) as folder:
        for stage, entry in run["stages"].items():
            os.symlink(Path("..", "..", stage, entry["hash"]), folder / stage, target_is_directory=True)
        write_json(folder / FILE, {**run, "release": name})
        fsync_folder(folder)

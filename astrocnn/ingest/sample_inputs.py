"""Real sample inputs that installed packages carry: for `astrocnn sample NAME` and inputs written `sample:NAME`.

Light: astropy and scikit-image are imported only when a sample is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from astrocnn.errors import UnknownName
from astrocnn.ingest import hubble

PREFIX = "sample:"


@dataclass(frozen=True)
class Sample:
    """A real input that needs no download.

    Parameters
    ----------
    description : str
        One line: what it is and what it is not.
    file_name : str
        The usual name of the file.
    bands : tuple of str
        Its band names.
    write : callable
        Writes it to a path and returns that path.
    picture : callable
        Finds the packaged file it is made from.
    revision : int
        Raised when something else is made of that file.
    """

    description: str
    file_name: str
    bands: tuple[str, ...]
    write: Callable[[Path], Path]
    picture: Callable[[], Path]
    revision: int


SAMPLES: dict[str, Sample] = {
    "hubble": Sample(
        description="Hubble eXtreme Deep Field, 872 x 1000 in red, green, blue: a stretched 8-bit picture, "
        "not photometry",
        file_name="hubble.fits",
        bands=hubble.BANDS,
        write=hubble.write_hubble,
        picture=hubble.packaged_picture,
        revision=hubble.REVISION,
    ),
}


def find_sample(name: str) -> Sample:
    """The sample of that name, with or without the prefix `sample:`.

    Raises
    ------
    UnknownName
        No such sample; the nearest spelling is named.
    """
    name = name.removeprefix(PREFIX)
    if name in SAMPLES:
        return SAMPLES[name]
    near = get_close_matches(name, SAMPLES, n=1)
    raise UnknownName(
        "no such sample",
        where=name,
        expected="one of " + ", ".join(sorted(SAMPLES)),
        fix=f"did you mean {near[0]}?" if near else "see astrocnn sample --help",
    )


def fingerprint(name: str) -> str:
    """What identifies the content of a sample: SHA-256 over the packaged file and the revision of what is made of it.

    Cheap enough for every plan: half a megabyte is read and nothing heavy imported.
    """
    sample = find_sample(name)
    return hashlib.sha256(sample.picture().read_bytes() + f"revision {sample.revision}".encode()).hexdigest()

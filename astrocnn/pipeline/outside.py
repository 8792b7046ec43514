"""Products that come from outside through `inputs`: folders of this package's own formats."""

from __future__ import annotations

from astrocnn.errors import InputMissing
from astrocnn.parquet import SCORES
from astrocnn.pipeline.identity import FileHashes, content_hash
from astrocnn.pipeline.stage import Forecast, InputValue, Source

_EXPECTED = {"Model": "model.yaml", "SampleSet": "*.h5", "LightCurves": "*.curves.h5", "Scores": SCORES}


def outside_source(value: InputValue, kind: str, files: FileHashes) -> Source:
    """Describe a product folder from outside.

    Raises
    ------
    InputMissing
        When it is no folder, or holds nothing of that kind.
    """
    folder = value.path
    pattern = _EXPECTED.get(kind, "*")
    if not folder.is_dir() or not any(folder.glob(pattern)):
        raise InputMissing(f"holds no {kind}", where=str(value.value), expected=f"a folder with {pattern}")
    return Source(
        name=f"inputs.{value.name}",
        kind=kind,
        hash=content_hash(files.of_folder(folder)),
        folder=folder.resolve(),
        forecast=Forecast(),
    )

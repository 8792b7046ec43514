"""The `cutouts` stage: detects sources on images and cuts their stamps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, Strict

from astrocnn.errors import DataError, PipelineFileError
from astrocnn.ingest.sample_inputs import PREFIX, find_sample, fingerprint
from astrocnn.ingest.tiles import TileFiles, find_tiles
from astrocnn.pipeline.publish import link_or_copy
from astrocnn.pipeline.stage import Finding, Forecast, InputValue, Outside, Part, Scene, Stage, StageParameters, Task

if TYPE_CHECKING:
    import numpy as np

    from astrocnn.ingest.detect import Detections
    from astrocnn.ingest.read_tile import Tile

SHARD = "samples.h5"
_SCALE_TOLERANCE = 0.01


class Parameters(StageParameters):
    """Parameters of `cutouts`."""

    images: Annotated[InputValue, Outside()] = Field(description="tiles: a pattern with {tile} and {band}, or sample:NAME")
    bands: Annotated[tuple[str, ...], Strict(False)] | None = Field(
        None, description="bands in the order wanted; the instrument's or the sample's by default"
    )
    size_arcsec: float = Field(gt=0, description="side of the stamps")
    pixel_scale_arcsec: float | None = Field(None, gt=0, description="pixel scale; the instrument's by default")
    threshold_sigma: float = Field(3.0, gt=0, description="detection threshold over the noise of the sky")
    minimum_area_px: int = Field(6, ge=1, description="smallest number of connected pixels of a source")
    minimum_snr: float = Field(0.0, ge=0, description="sources below this signal-to-noise ratio are left out")
    stars: Literal["exclude", "keep"] = Field("exclude", description="what is done with point-like sources")
    missing_pixels: Literal["reject", "fill-median"] = Field(
        "reject", description="what is done with stamps that hold pixels without data"
    )
    splits: dict[str, float] = Field(
        {"train": 0.8, "validation": 0.1, "test": 0.1}, description="fractions of the objects, by hash of the id"
    )


class Cutouts(Stage[Parameters]):
    """Detect sources on images and cut stamps of the galaxies, with positions, shapes and splits."""

    use = "cutouts"
    produces = "SampleSet"
    Parameters = Parameters

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """Shape, bands and scale follow from the parameters and the instrument."""
        scale = self._scale(parameters, scene)
        size = stamp_pixels(parameters.size_arcsec, scale)
        bands = self._bands(parameters, scene)
        return Forecast(shape=(size, size, len(bands)), bands=bands, scale=scale, unit="arcsec")

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part]:
        """One part per tile."""
        bands = self._bands(parameters, scene)
        value = str(parameters.images.value)
        if value.startswith(PREFIX):
            name = find_sample(value).file_name.removesuffix(".fits")
            return [Part(name, {"sample": fingerprint(value), "bands": list(bands)}, value)]
        tiles, _ = find_tiles(value, bands, parameters.images.base)
        return [Part(tile.name, {**tile.paths, "bands": list(bands)}, tile) for tile in tiles]

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Splits must be fractions of one; a tile without one of its bands is told."""
        if not 0 < sum(parameters.splits.values()) <= 1 + 1e-9 or min(parameters.splits.values()) < 0:
            yield Finding("splits", f"expected fractions that sum to 1, received {parameters.splits}")
        value = str(parameters.images.value)
        if not value.startswith(PREFIX):
            for problem in find_tiles(value, self._bands(parameters, scene), parameters.images.base)[1]:
                yield Finding("images", f"tile {problem.name} is left out: {problem.reason}", "warning")

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Detect, select and cut the sources of one tile."""
        from astrocnn.ingest.detect import detect
        from astrocnn.ingest.read_tile import read_tile

        bands = self._bands(task.parameters, task.scene)
        tile = read_tile(_files(part, bands, task.scratch), bands)
        _refuse_scale(tile, self._scale(task.parameters, task.scene))
        found = detect(
            tile.data, bands, tile.wcs, mask=tile.mask, saturation=tile.saturation,
            threshold_sigma=task.parameters.threshold_sigma, minimum_area_px=task.parameters.minimum_area_px,
        )  # fmt: skip
        write_stamps(task, part.name, tile, found)

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Gather the shards of all tiles under the tiles' names."""
        for number, folder in enumerate(parts):
            link_or_copy(folder / SHARD, task.out / f"{number:05d}.h5")

    def _scale(self, parameters: Parameters, scene: Scene) -> float:
        if parameters.pixel_scale_arcsec is not None:
            return parameters.pixel_scale_arcsec
        if scene.instrument is None:
            raise PipelineFileError(
                "the pixel scale is not known", where=f"stages.{scene.name}",
                expected="an instrument: for the file, or pixel_scale_arcsec here",
            )  # fmt: skip
        return scene.instrument.scale_arcsec

    def _bands(self, parameters: Parameters, scene: Scene) -> tuple[str, ...]:
        if parameters.bands is not None:
            return parameters.bands
        if scene.instrument is not None:
            return tuple(scene.instrument.bands)
        value = str(parameters.images.value)
        if value.startswith(PREFIX):
            return find_sample(value).bands
        raise PipelineFileError(
            "the bands are not known", where=f"stages.{scene.name}", expected="bands, or an instrument for the file"
        )


def stamp_pixels(size_arcsec: float, scale_arcsec: float) -> int:
    """Side of a stamp in whole pixels."""
    return max(1, round(size_arcsec / scale_arcsec))


def _files(part: Part, bands: tuple[str, ...], scratch: Path) -> TileFiles:
    if isinstance(part.work, TileFiles):
        return part.work
    sample = find_sample(part.work)
    scratch.mkdir(parents=True, exist_ok=True)
    path = sample.write(scratch / sample.file_name)
    return TileFiles(part.name, dict.fromkeys(bands, path))


def _refuse_scale(tile: Tile, scale: float) -> None:
    if abs(tile.scale_arcsec / scale - 1) > _SCALE_TOLERANCE:
        raise DataError(
            "another pixel scale than stated", where=tile.name, expected=f"{scale:g} arcsec",
            received=f"{tile.scale_arcsec:g} arcsec from its WCS", fix="state pixel_scale_arcsec, or resample the tile",
        )  # fmt: skip


def write_stamps(task: Task[Parameters], name: str, tile: Tile, found: Detections) -> None:
    """Write the stamps of the sources that are wanted, and a ledger row for each that was found."""
    import numpy as np

    from astrocnn.ingest.cutouts import apply_nan_policy, cut_many, stamp_wcs
    from astrocnn.ingest.object_ids import object_ids
    from astrocnn.samples.meta import SampleMeta
    from astrocnn.samples.shards import ShardWriter
    from astrocnn.samples.splits import assign_splits

    parameters, table = task.parameters, found.table
    forecast = task_forecast(task)
    size = forecast.shape[0] if forecast.shape else 0
    ids = object_ids(table["ra"], table["dec"])
    chosen = _select(task, ids, table, size, tile)
    stamps, coverage = cut_many(tile.data, table["x"][chosen], table["y"][chosen], size)
    stamps, complete = apply_nan_policy(stamps, parameters.missing_pixels)
    task.ledger.add(ids[chosen][~complete], "rejected", "pixels without data")
    kept = chosen[complete]
    task.ledger.add(ids[kept], "read")
    meta = SampleMeta(
        kind="images", shape=(size, size, len(tile.bands)), bands=tile.bands, scale=forecast.scale, scale_unit="arcsec",
        flux_unit=tile.unit, zero_points=_zero_points(task.scene, tile.bands),
        notes={"display_picture": tile.display, "detections": len(ids)},
    )  # fmt: skip
    columns = {key: np.asarray(values)[kept] for key, values in table.items()}
    columns |= {
        "id": ids[kept], "group": ids[kept], "coverage": coverage[complete], "tile": np.full(len(kept), name, object),
        "split": assign_splits(ids[kept], task.scene.seed, parameters.splits),
    }  # fmt: skip
    wcs = stamp_wcs(tile.wcs, table["x"][kept], table["y"][kept], size)
    with ShardWriter(task.out / SHARD, meta) as writer:
        writer.append(stamps[complete], columns, wcs=wcs)


def task_forecast(task: Task[Parameters]) -> Forecast:
    """The stage's own forecast for a task."""
    return STAGE.forecast(task.parameters, task.scene)


def _zero_points(scene: Scene, bands: tuple[str, ...]) -> dict[str, float]:
    points = {band: scene.instrument.band(band).zero_point for band in bands} if scene.instrument else {}
    return {band: float(point.value) for band, point in points.items() if point is not None}


def _select(
    task: Task[Parameters], ids: np.ndarray, table: dict[str, np.ndarray], size: int, tile: Tile
) -> np.ndarray:
    """Rows of the sources wanted; the others go to the ledger, each under the first reason that holds."""
    import numpy as np

    from astrocnn.ingest.cutouts import leaves_tile
    from astrocnn.ingest.flags import EDGE, STAR

    table["flags"] = table["flags"] | np.where(leaves_tile(table["x"], table["y"], size, tile.data.shape), EDGE, 0)
    star = (table["flags"] & STAR).astype(bool) & (task.parameters.stars == "exclude")
    reasons = {
        "edge": (table["flags"] & EDGE).astype(bool),
        "star": star,
        f"snr below {task.parameters.minimum_snr:g}": ~(table["snr"] >= task.parameters.minimum_snr),
    }
    open_rows = np.ones(len(ids), bool)
    for reason, holds in reasons.items():
        task.ledger.add(ids[open_rows & holds], "excluded", reason)
        open_rows &= ~holds
    return np.flatnonzero(open_rows)


STAGE = Cutouts()

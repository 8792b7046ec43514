"""The `cutouts` stage: detects sources on images and cuts their stamps."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict

from astrocnn.errors import DataError, InputMissing, PipelineFileError
from astrocnn.ingest.sample_inputs import PREFIX, find_sample, fingerprint
from astrocnn.ingest.tiles import TileFiles, TileProblem, find_tiles
from astrocnn.pipeline.publish import link_or_copy
from astrocnn.pipeline.stage import Finding, Forecast, InputValue, Outside, Part, Scene, Stage, StageParameters, Task
from astrocnn.samples.split_order import DEFAULT_SPLITS, in_order, wrong_fractions

if TYPE_CHECKING:
    import numpy as np

    from astrocnn.ingest.read_tile import Tile
    from astrocnn.samples.meta import SampleMeta

log = logging.getLogger("astrocnn.stages.cutouts")

SHARD = "samples.h5"
_SCALE_TOLERANCE = 0.01
_OF_DETECTION = {"threshold_sigma", "minimum_area_px", "minimum_snr", "stars"}


class Parameters(StageParameters):
    """Parameters of `cutouts`."""

    images: Annotated[InputValue, Outside()] = Field(
        description="tiles: a pattern with {tile} and {band}, or sample:NAME"
    )
    positions: Annotated[InputValue | None, Outside()] = Field(
        None, description="table with ra and dec, perhaps id: stamps are cut there, and nothing is detected"
    )
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
    splits: dict[str, float] = Field(DEFAULT_SPLITS, description="fractions of the objects, by hash of the id")


class Cutouts(Stage[Parameters]):
    """Cut stamps of the galaxies detected on images, or at the positions of a table, with shapes and splits."""

    use = "cutouts"
    produces = "SampleSet"

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """Shape, bands and scale follow from the parameters and the instrument."""
        scale = self._scale(parameters, scene)
        size = stamp_pixels(parameters.size_arcsec, scale)
        bands = self._bands(parameters, scene)
        return Forecast(
            shape=(size, size, len(bands)), bands=bands, scale=scale, unit="arcsec",
            splits=tuple(parameters.splits), labelled=False,
        )  # fmt: skip

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part]:
        """One part per tile; a tile without one of its bands has one too, that says so."""
        bands, table = self._bands(parameters, scene), given_positions(parameters)
        common: dict[str, Any] = {"bands": list(bands), **({"positions": table} if table else {})}
        value = str(parameters.images.value)
        if value.startswith(PREFIX):
            name = find_sample(value).file_name.removesuffix(".fits")
            return [Part(name, {"sample": fingerprint(value), **common}, value)]
        tiles, problems = find_tiles(value, bands, parameters.images.base)
        parts = [Part(tile.name, {**tile.paths, **common}, tile) for tile in tiles]
        parts += [Part(one.name, {"absent": list(one.paths), **common}, one) for one in problems]
        return sorted(parts, key=lambda part: part.name)

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Splits must be fractions of one; a tile without one of its bands is told."""
        if wrong := wrong_fractions(parameters.splits):
            yield Finding("splits", wrong)
        if given_positions(parameters):
            for key in sorted(_OF_DETECTION & parameters.model_fields_set):
                yield Finding(key, "changes nothing: with positions, nothing is detected", "warning")
        value = str(parameters.images.value)
        if not value.startswith(PREFIX):
            for problem in find_tiles(value, self._bands(parameters, scene), parameters.images.base)[1]:
                yield Finding("images", f"tile {problem.name} is rejected: {problem.reason}", "warning")

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Detect, select and cut the sources of one tile; one that cannot be used is a row in the ledger."""
        from astrocnn.ingest.read_tile import read_tile

        bands = self._bands(task.parameters, task.scene)
        table = given_positions(task.parameters)
        try:
            tile = read_tile(_files(part, bands, task.scratch), bands)
            _refuse_scale(tile, self._scale(task.parameters, task.scene))
            objects = _placed(tile, table) if table else _detected(task, tile)
        except DataError as error:
            _reject_tile(task, part, error)
        except MemoryError as error:
            what, fix = "not enough memory for this tile", "give it more, or fewer --workers, and run --retry-rejected"
            _reject_tile(task, part, DataError(what, received=str(error) or None, fix=fix))
        else:
            write_stamps(task, part.name, tile, objects)

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Gather the shards of all tiles; tell of the positions that lie on none.

        Raises
        ------
        DataError
            When no tile has an object that can be used.
        StoreError
            When the tiles are of different kinds.
        """
        from astrocnn.samples.sample_set import SampleSet

        if table := given_positions(task.parameters):
            _tell_positions_outside(task, table)
        _refuse_nothing(task)
        for number, folder in enumerate(parts):
            link_or_copy(folder / SHARD, task.out / f"{number:05d}.h5")
        SampleSet.open(task.out)  # refuses tiles that cannot stand in one set, as in different units

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
    if isinstance(part.work, TileProblem):
        raise DataError(part.work.reason, fix="put it there, or take the other bands of this tile away")
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


def _reject_tile(task: Task[Parameters], part: Part, error: DataError) -> None:
    """Leave a tile out, with a row in the ledger whose reason names its files without their folder."""
    from astrocnn.samples.shards import ShardWriter

    log.warning("%s: tile %s is rejected: %s", task.name, part.name, error)
    reason = str(error)
    for path in () if isinstance(part.work, str) else part.work.paths.values():
        reason = reason.replace(f"{path.parent}/", "")
    task.ledger.add([part.name], "rejected", reason)
    with ShardWriter(task.out / SHARD, _meta(task, None, display=False)):
        pass


def _refuse_nothing(task: Task[Parameters]) -> None:
    counts = task.ledger.counts()
    if "read" in counts:
        return
    where = f"{task.name}, {task.parameters.images.value}"
    if not counts:
        raise DataError(
            "no source is on the images", where=where,
            expected=f"{task.parameters.minimum_area_px} pixels above {task.parameters.threshold_sigma:g} sigma",
            fix="lower threshold_sigma or minimum_area_px, or look at the images",
        )  # fmt: skip
    rows = [(number, f"{status}: {reason}") for status, row in counts.items() for reason, number in row.items()]
    received = "; ".join(f"{number} {words}" for number, words in sorted(rows, reverse=True)[:3])
    fix = None if "to fix" in received else "change size_arcsec, minimum_snr, stars or missing_pixels"
    raise DataError("nothing on the images can be used", where=where, received=received, fix=fix)


def given_positions(parameters: Parameters) -> Path | None:
    """The table of positions, where there is one."""
    given = parameters.positions
    return given.path if given is not None and given.value is not None else None


def _detected(task: Task[Parameters], tile: Tile) -> dict[str, np.ndarray]:
    import numpy as np

    from astrocnn.ingest.detect import detect

    found = detect(
        tile.data, tile.bands, tile.wcs, mask=tile.mask, saturation=tile.saturation,
        threshold_sigma=task.parameters.threshold_sigma, minimum_area_px=task.parameters.minimum_area_px,
    )  # fmt: skip
    if not np.any(found.noise > 0):
        raise DataError(
            "no band has data whose noise can be measured", where=tile.name, expected="pixels that differ",
            received=f"{np.isfinite(tile.data).sum()} of {tile.data.size} pixels with data",
            fix="take this tile away, or make it anew",
        )  # fmt: skip
    return found.table


def _placed(tile: Tile, table: Path) -> dict[str, np.ndarray]:
    from astrocnn.ingest.positions import on_tile, read_positions

    return on_tile(read_positions(table), tile.wcs, tile.data.shape)


def _tell_positions_outside(task: Task[Parameters], table: Path) -> None:
    """Add the positions that lie on no tile to the ledger.

    Raises
    ------
    InputMissing
        When none lies on any.
    """
    from astrocnn.ingest.positions import read_positions

    ids, told = read_positions(table)["id"], set(task.ledger.ids)
    outside = [str(one) for one in ids if str(one) not in told]
    if len(outside) == len(ids):
        raise InputMissing("no position lies on any image", where=str(table), received=f"{len(ids)} positions")
    task.ledger.add(outside, "excluded", "outside the images")


def write_stamps(task: Task[Parameters], name: str, tile: Tile, table: dict[str, np.ndarray]) -> None:
    """Write the stamps of the objects that are wanted, and a ledger row for each; ids follow from positions."""
    import numpy as np

    from astrocnn.ingest.cutouts import apply_nan_policy, cut_many, stamp_wcs
    from astrocnn.ingest.object_ids import object_ids
    from astrocnn.samples.shards import ShardWriter
    from astrocnn.samples.splits import assign_splits

    parameters, meta = task.parameters, _meta(task, tile.unit, tile.display)
    size = meta.shape[0]
    table = {"flags": np.zeros(len(table["x"]), np.int32), **table}
    groups = object_ids(table["ra"], table["dec"])  # by position: the same object may go by other ids elsewhere
    ids = table.get("id", groups)
    chosen = _select(task, ids, table, size, tile)
    stamps, coverage = cut_many(tile.data, table["x"][chosen], table["y"][chosen], size)
    stamps, complete = apply_nan_policy(stamps, parameters.missing_pixels)
    task.ledger.add(ids[chosen][~complete], "rejected", "pixels without data")
    kept = chosen[complete]
    task.ledger.add(ids[kept], "read")
    columns = {key: np.asarray(values)[kept] for key, values in table.items()}
    columns |= {
        "id": ids[kept], "group": groups[kept], "coverage": coverage[complete],
        "tile": np.full(len(kept), name, object),
        "split": assign_splits(groups[kept], task.scene.seed, in_order(parameters.splits)),
    }  # fmt: skip
    wcs = stamp_wcs(tile.wcs, table["x"][kept], table["y"][kept], size)
    with ShardWriter(task.out / SHARD, meta) as writer:
        writer.append(stamps[complete], columns, wcs=wcs)


def _meta(task: Task[Parameters], unit: str | None, display: bool) -> SampleMeta:
    from astrocnn.samples.meta import SampleMeta

    known = STAGE.forecast(task.parameters, task.scene)
    return SampleMeta(
        kind="images", shape=known.shape or (), bands=known.bands, scale=known.scale, scale_unit="arcsec",
        flux_unit=unit, zero_points=_zero_points(task.scene, known.bands), notes={"display_picture": display},
    )  # fmt: skip


def _zero_points(scene: Scene, bands: tuple[str, ...]) -> dict[str, float]:
    points = {band: scene.instrument.band(band).zero_point for band in bands} if scene.instrument else {}
    return {band: float(point.value) for band, point in points.items() if point is not None}


def _select(task: Task[Parameters], ids: np.ndarray, table: dict[str, np.ndarray], size: int, tile: Tile) -> np.ndarray:
    """Rows of the sources wanted; the others go to the ledger, each under the first reason that holds."""
    import numpy as np

    from astrocnn.ingest.cutouts import leaves_tile
    from astrocnn.ingest.flags import EDGE, STAR

    table["flags"] = table["flags"] | np.where(leaves_tile(table["x"], table["y"], size, tile.data.shape), EDGE, 0)
    star = (table["flags"] & STAR).astype(bool) & (task.parameters.stars == "exclude")
    reasons = {"edge": (table["flags"] & EDGE).astype(bool), "star": star}
    if "snr" in table:
        reasons[f"snr below {task.parameters.minimum_snr:g}"] = ~(table["snr"] >= task.parameters.minimum_snr)
    open_rows = np.ones(len(ids), bool)
    for reason, holds in reasons.items():
        task.ledger.add(ids[open_rows & holds], "excluded", reason)
        open_rows &= ~holds
    return np.flatnonzero(open_rows)


STAGE = Cutouts()

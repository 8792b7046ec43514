"""Light-curve files of TESS: this package's reader against plain astropy and lightkurve.

Files of a sector at 2 minutes, 20,076 rows of 20 columns and two hundred cards, are made in a temporary folder. All
read flux and time of the same cadences: astropy two columns as they stand; lightkurve a `LightCurve` by its default
mask; this package a curve with times in BJD_TDB, the same mask, errors and flags, sorted and unique. Values must agree.
lightkurve is left out where it is not installed. Run: `python benchmarks/light_curve_files.py`.
"""

import importlib.util
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from astropy.io import fits

from astrocnn.ingest.light_curves.mission import read_mission_file
from astrocnn.ingest.light_curves.normalise import normalise
from astrocnn.ingest.light_curves.observed import ReadOptions

FILES, ROWS, ROUNDS = 12, 20_076, 3
FLOATS = ("SAP_FLUX", "SAP_FLUX_ERR", "SAP_BKG", "SAP_BKG_ERR", "PDCSAP_FLUX", "PDCSAP_FLUX_ERR")
REST = {
    "PSF_CENTR1": "D", "PSF_CENTR1_ERR": "E", "PSF_CENTR2": "D", "PSF_CENTR2_ERR": "E", "MOM_CENTR1": "D",
    "MOM_CENTR1_ERR": "E", "MOM_CENTR2": "D", "MOM_CENTR2_ERR": "E", "POS_CORR1": "E", "POS_CORR2": "E",
}  # fmt: skip
OPTIONS = ReadOptions()


def write(path: Path, number: int) -> None:
    """A file in the layout of the mission's, with gaps and flags."""
    random = np.random.default_rng(number)
    time = 1325.3 + np.arange(ROWS) / 720
    time[9000:9800] = np.nan
    flags = np.where(random.random(ROWS) < 0.05, 128, 0)
    flux = random.normal(1000, 1, ROWS)
    columns = [
        fits.Column("TIME", "D", unit="BJD - 2457000, days", array=time),
        fits.Column("TIMECORR", "E", unit="d", array=np.zeros(ROWS)),
        fits.Column("CADENCENO", "J", array=np.arange(ROWS)),
        *(fits.Column(name, "E", unit="e-/s", array=flux) for name in FLOATS),
        fits.Column("QUALITY", "J", array=flags),
        *(fits.Column(name, form, unit="pixel", array=np.zeros(ROWS)) for name, form in REST.items()),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="LIGHTCURVE")
    table.header.update(
        TELESCOP="TESS", TIMEREF="SOLARSYSTEM", TIMESYS="TDB", TIMEUNIT="d", BJDREFI=2457000, BJDREFF=0.0,
        TIMEDEL=1 / 720, INT_TIME=1.98, NUM_FRM=60,
    )  # fmt: skip
    for card in range(90):
        table.header[f"FILL{card}"] = (card * 0.5, "one of many cards")
    primary = fits.PrimaryHDU()
    primary.header.update(
        ORIGIN="NASA/Ames", CREATOR="314 LightCurveExporterPipelineModule", TELESCOP="TESS", OBJECT=f"TIC {number}",
        TICID=number, SECTOR=1, CAMERA=1, CCD=1, RA_OBJ=10.0, DEC_OBJ=-60.0,
    )  # fmt: skip
    fits.HDUList([primary, table, fits.ImageHDU(np.zeros((21, 11), np.int32), name="APERTURE")]).writeto(path)


def ours(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Time from BJD 2450000, and flux, of what the default mask leaves."""
    curve = normalise([read_mission_file(path, OPTIONS)], OPTIONS).curve
    return curve.time, curve.value


def plain_astropy(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Two columns as they stand."""
    with fits.open(path) as hdus:
        table = hdus[1].data
        return table["TIME"].copy(), table["PDCSAP_FLUX"].copy()


def by_lightkurve(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Time from BTJD 0, and flux, of what the default mask leaves."""
    import lightkurve

    curve = lightkurve.read(str(path))
    return curve.time.value, np.asarray(curve.flux.value)


def files_a_second(read: Callable, paths: list[Path]) -> float:
    """The best of some rounds, after one that warms the caches."""
    best = 0.0
    for _ in range(ROUNDS + 1):
        start = perf_counter()
        for path in paths:
            read(path)
        best = max(best, len(paths) / (perf_counter() - start))
    return best


def main() -> None:
    readers = {"this package": ours, "astropy, two columns": plain_astropy}
    if importlib.util.find_spec("lightkurve"):
        readers["lightkurve.read"] = by_lightkurve
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        paths = [Path(folder) / f"tess2018206045859-s0001-{number:016d}-0120-s_lc.fits" for number in range(FILES)]
        for number, path in enumerate(paths):
            write(path, number)
        for path in paths:
            time, flux = ours(path)
            whole_time, whole_flux = plain_astropy(path)
            kept = np.isfinite(whole_time) & (fits.getdata(path, 1)["QUALITY"] == 0)
            if not np.array_equal(flux, whole_flux[kept]) or np.abs(time - 7000 - whole_time[kept]).max() > 1e-9:
                raise SystemExit("the curves differ from astropy's columns")
            if "lightkurve.read" in readers and not np.array_equal(flux, by_lightkurve(path)[1]):
                raise SystemExit("the curves differ from lightkurve's")
        speed = {name: files_a_second(read, paths) for name, read in readers.items()}
    print(f"{FILES} files of {ROWS:,} rows, files a second, the best of {ROUNDS} rounds; equal values")
    for name, rate in speed.items():
        print(f"{name:>21} {rate:6.0f}   this package is {speed['this package'] / rate:.1f} times as fast")
    if "lightkurve.read" not in readers:
        print("      lightkurve.read is not installed: pip install lightkurve")


if __name__ == "__main__":
    main()

"""Small files of light curves as missions and surveys write them, made for the tests."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

SHARED = Path(__file__).resolve().parents[1] / "../shared/data"

MISSIONS = {
    "Kepler": {
        "bjdref": 2454833, "quality": "SAP_QUALITY", "id": "KIC 1",
        "primary": {"MISSION": "Kepler", "QUARTER": 3, "KEPMAG": 11.5, "FILEVER": "6.1"},
    },
    "K2": {
        "bjdref": 2454833, "quality": "SAP_QUALITY", "id": "EPIC 2",
        "primary": {"MISSION": "K2", "CAMPAIGN": 5, "KEPMAG": 12.5, "FILEVER": "6.1"},
    },
    "TESS": {
        "bjdref": 2457000, "quality": "QUALITY", "id": "TIC 3",
        "primary": {"SECTOR": 1, "TESSMAG": 10.5, "FILEVER": "1.0"},
    },
}  # fmt: skip


def shared(name):
    """Folder of real data; the test is skipped where it is not there."""
    folder = SHARED / name
    if not folder.exists():
        pytest.skip(f"the real light curves are not there: shared/data/{name}")
    return folder


def mission_hdus(
    mission="TESS", points=40, seed=0, object_id=None, primary=None, header=None, unit="e-/s", named=None, **columns
):  # fmt: skip
    """HDUs in the layout of a mission, with big-endian columns and odd ones between; `named` gives others names."""
    facts = MISSIONS[mission]
    rng = np.random.default_rng(seed)
    time = 1325.3 + np.arange(points) / 720
    values = {
        "TIME": ("D", time), "TIMECORR": ("E", np.zeros(points)), "CADENCENO": ("J", np.arange(points)),
        "SAP_FLUX": ("E", 1000 + rng.normal(0, 1, points)), "SAP_FLUX_ERR": ("E", np.full(points, 1.5)),
        "PDCSAP_FLUX": ("E", 1010 + rng.normal(0, 1, points)), "PDCSAP_FLUX_ERR": ("E", np.full(points, 1.25)),
        facts["quality"]: ("J", np.zeros(points, int)), "MOM_CENTR1": ("D", np.ones(points)),
    }  # fmt: skip
    values |= {name: (values.get(name, ("E", 0))[0], given) for name, given in columns.items()}
    units = {"TIME": f"BJD - {facts['bjdref']}, days"} | {name: unit for name in values if "FLUX" in name}
    made = [
        fits.Column((named or {}).get(name, name), form, array=np.asarray(given), unit=units.get(name))
        for name, (form, given) in values.items()
    ]
    table = fits.BinTableHDU.from_columns(made, name="LIGHTCURVE")
    table.header.update(
        TELESCOP="TESS" if mission == "TESS" else "Kepler", TIMEREF="SOLARSYSTEM", TIMESYS="TDB", TIMEUNIT="d",
        BJDREFI=facts["bjdref"], BJDREFF=0.0, TIMEDEL=1 / 720, INT_TIME=1.98, NUM_FRM=60, CROWDSAP=0.99,
    )  # fmt: skip
    first = fits.PrimaryHDU()
    first.header.update(
        TELESCOP="TESS" if mission == "TESS" else "Kepler", OBJECT=object_id or facts["id"], RA_OBJ=84.25,
        DEC_OBJ=-80.5, TEFF=5950.0, LOGG=4.5, **facts["primary"],
    )  # fmt: skip
    first.header["RADIUS"] = None
    for hdu, changes in ((first, primary), (table, header)):
        for name, value in (changes or {}).items():
            if value is ...:
                del hdu.header[name]
            else:
                hdu.header[name] = value
    return fits.HDUList([first, table, fits.ImageHDU(np.zeros((3, 4), np.int32), name="APERTURE")])


def write_mission(path, mission="TESS", **options):
    """Write a file in the layout of a mission; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mission_hdus(mission, **options).writeto(path, overwrite=True)
    return path


def write_long_folder(folder, objects, rows=None, extra=()):
    """A folder with `light_curves.parquet` and `objects.csv`: stars by id with their class, some points in g and r."""
    import pyarrow
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    if rows is None:
        rows = [
            (name, band, 10.0 * place + step, 15 + 0.01 * step, 0.02)
            for place, name in enumerate(objects)
            for band in "gr"
            for step in range(6)
        ]
    names = ("id", "band", "time", "mag", "mag_error")
    table = pyarrow.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
    parquet.write_table(table, folder / "light_curves.parquet")
    lines = ["id,class,ra_deg,dec_deg,period_day" + "".join(f",{name}" for name in extra)]
    lines += [f"{name},{kind},{10 + place},-5.5,{0.5 + place}" for place, (name, kind) in enumerate(objects.items())]
    (folder / "objects.csv").write_text("\n".join(lines) + "\n")
    return folder

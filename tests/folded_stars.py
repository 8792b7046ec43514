"""Small sets of folded light curves with box transits, made for the tests."""

import numpy as np

from astrocnn.samples.curve import LightCurve
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.curve_shards import CurveWriter

STEP_HOUR = 0.25
PERIODS = (6.0, 8.0, 2.0)
DURATION_HOUR = 3.0


def folded_stars(depth=8.0, noise=1.0):
    """Ids, times and fluxes of stars on steps of 15 min from -P/2 to P/2 days, with a box around time 0.

    The third has no room for a window off transit.
    """
    rng = np.random.default_rng(2)
    for number, period in enumerate(PERIODS):
        time = np.arange(-period / 2, period / 2, STEP_HOUR / 24)
        inside = np.abs(time) < DURATION_HOUR / 48
        yield f"star{number}", time, rng.normal(0, noise, len(time)) - depth * inside


def write_folded_stars(folder):
    """As a folder with `light_curves.parquet` and `objects.csv`."""
    import pyarrow
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    stars = list(folded_stars())
    table = {
        "id": [name for name, time, _ in stars for _ in time],
        "time": np.concatenate([time for _, time, _ in stars]),
        "flux": np.concatenate([flux for _, _, flux in stars]),
    }
    parquet.write_table(pyarrow.table(table), folder / "light_curves.parquet")
    rows = [f"{name},CONFIRMED,{period},{DURATION_HOUR}" for (name, *_), period in zip(stars, PERIODS, strict=True)]
    (folder / "objects.csv").write_text("\n".join(["id,class,period_day,duration_hour", *rows]) + "\n")
    return folder


def write_folded_product(folder):
    """As a product of light curves."""
    folder.mkdir(parents=True, exist_ok=True)
    meta = CurveMeta(quantity="flux", time_system="relative", bands=("",))
    with CurveWriter(folder / "00000.curves.h5", meta) as writer:
        curves = [
            LightCurve(
                name, time, flux.astype(np.float32), np.full(len(time), np.nan, np.float32),
                np.zeros(len(time), np.int32), np.zeros(len(time), np.int16), ("",),
            )
            for name, time, flux in folded_stars()
        ]  # fmt: skip
        table = {"period_day": np.array(PERIODS), "duration_hour": np.full(len(curves), DURATION_HOUR)}
        writer.append(curves, table | {"split": np.array(["train", "test", "test"], object)})
    return folder

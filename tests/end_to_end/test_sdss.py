"""Real SDSS images, compressed and in maggies, through all stages to a scored catalog."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import runs
from astropy.coordinates import SkyCoord
from astropy.table import Table
from pyarrow import parquet

IMAGES = Path(__file__).resolve().parents[3] / "shared" / "data" / "images"
NGC_6976 = SkyCoord("20h52m25.5s -05d46m19s")


@pytest.fixture(scope="module")
def sdss(tmp_path_factory):
    """The run, in its folder."""
    if not (IMAGES / "reprojected_sdss_g.fits.bz2").is_file():
        pytest.skip("the SDSS images are not there: shared/data/images/reprojected_sdss_{g,r,i}.fits.bz2")
    folder = tmp_path_factory.mktemp("sdss")
    for file in Path(__file__).parent.glob("sdss*.yaml"):
        shutil.copy(file, folder)
    (folder / "images").symlink_to(IMAGES)
    result = runs.astrocnn(folder, "run", "sdss.yaml")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "runs" / "sdss"


@pytest.mark.slow
def test_the_catalog_holds_galaxies_of_the_field_with_positions_and_units(sdss):
    table = Table.read(sdss / "candidates" / "current" / "candidates.fits")
    assert len(table) == 20
    assert (np.diff(table["score"]) <= 0).all()
    places = SkyCoord(table["ra"], table["dec"], unit="deg")
    assert (places.separation(NGC_6976).arcmin < 15).all(), (
        "the images are 10 by 13.5 arcmin, the galaxy stands at their rim"
    )
    assert str(table["flux_r"].unit) == "uJy"
    assert np.isfinite(table["score"]).all()


@pytest.mark.slow
def test_every_galaxy_has_a_score_and_every_source_a_row(sdss):
    scores = parquet.read_table(sdss / "scores" / "current" / "scores.parquet")
    status = parquet.read_table(sdss / "galaxies" / "current" / "ledger.parquet")["status"].to_pylist()
    assert scores.num_rows == status.count("read") > 200
    assert set(status) == {"excluded", "read"}


@pytest.mark.slow
def test_bright_arcs_on_these_galaxies_are_found(sdss):
    metrics = json.loads((sdss / "skill" / "current" / "metrics.json").read_text())
    assert metrics["auroc_low"] > 0.9

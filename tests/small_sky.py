"""A small sky of FITS tiles, an instrument for it, and pipelines that run on it in seconds."""

import copy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from astropy.io import fits
from curve_files import write_mission
from folded_stars import write_folded_product
from ruamel.yaml import YAML

import astrocnn
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.shards import ShardWriter

NETWORK = Path(__file__).parent / "training" / "small_network.py"
BANDS = ("g", "r")
SCALE = 0.2

INSTRUMENT = {
    "title": "A camera for tests",
    "flux_unit": "electron / s",
    "pixel_scale": {"value": SCALE, "unit": "arcsec", "reference": "test", "verified": True},
    "bands": {
        band: {
            "psf": {"fwhm": {"value": 0.5, "unit": "arcsec", "reference": "test", "verified": True}},
            "sky_sigma": {"value": 1.0, "unit": "flux unit", "reference": "test", "verified": True},
            "electrons_per_unit": {
                "value": 50.0,
                "unit": "electron / flux unit",
                "reference": "test",
                "verified": True,
            },
        }
        for band in BANDS
    },
    "references": {"test": "made up for the tests"},
}

STAGES = {
    "galaxies": {
        "use": "cutouts", "images": "${inputs.tiles}", "size_arcsec": 4.8, "stars": "keep",
        "splits": {"train": 0.5, "validation": 0.2, "test": 0.3},
    },
    "lenses": {
        "use": "simulate-lenses", "galaxies": "galaxies", "einstein_radius_arcsec": [0.5, 0.7],
        "source_half_light_radius_arcsec": [0.1, 0.2], "source_sersic_index": [1.0, 2.0], "snr": [60.0, 200.0],
        "lenses_per_galaxy": 2, "nonlenses_per_galaxy": 2, "test_lenses_per_galaxy": 2, "test_nonlenses_per_galaxy": 2,
        "supersampling": 2,
    },
    "finder": {
        "use": "train", "samples": "lenses", "network": "pocket", "input_px": 16, "epochs": 2, "batch_size": 16,
        "learning_rate": 0.01, "schedule": {"kind": "cosine"},
    },
    "skill": {
        "use": "evaluate", "model": "finder", "samples": "lenses.test", "resamples": 100,
        "subsets": {"wide": {"einstein_radius_arcsec": {"above": 0.58}}},
    },
    "scores": {"use": "score", "model": "finder", "samples": "galaxies"},
    "together": {"use": "combine", "scores": ["scores"]},
    "looks": {"use": "explain", "model": "finder", "samples": "lenses.test", "objects": 2, "units": 2},
    "candidates": {"use": "catalog", "scores": "scores", "keep": {"top": 5}, "formats": ["votable", "ecsv"]},
    "curves": {"use": "light-curves", "curves": "${inputs.curves}"},
    "flat": {"use": "detrend", "curves": "curves", "window_hour": 0.5, "gap_hour": 1.0},
    "periodic": {"use": "find-periods", "curves": "flat", "lomb_scargle": {"shortest_day": 0.01, "longest_day": 0.05}},
    "dips": {
        "use": "search-transits", "curves": "curves", "window_hour": 0.5, "gap_hour": 1.0, "minimum_snr": 0.5,
        "maximum_candidates": 1,
        "box": {"shortest_day": 0.02, "longest_day": 0.025, "duration_hour": [0.06, 0.09], "oversampling": 1.0},
    },
    "regular": {"use": "represent", "curves": "curves", "as": "resampled", "axis": "time"},
    "forest": {"use": "boosted-forest", "samples": "lenses", "test": "galaxies", "iterations": 3, "folds": 2},
    "transits": {"use": "simulate-transits", "number": 300, "cadence": "kepler-long"},
    "variables": {"use": "simulate-variables", "number": 40, "points": [20, 40]},
    "windows": {"use": "transit-windows", "curves": "${inputs.folded}", "samples": 96},
    "boxes": {"use": "matched-filter", "samples": "windows"},
    "summary": {"use": "report", "title": "A small sky"},
}  # fmt: skip


def write_tile(folder, name, seed, ra=150.0, galaxies=16, shape=(160, 160), spoil=None):
    """One FITS file per band: galaxies with exponential profiles on a jittered grid, in noise of 1 on a sky of 20."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    light = np.zeros(shape)
    side = int(np.ceil(np.sqrt(galaxies))) if galaxies else 1
    for number in range(galaxies):
        x, y = (
            (np.array([number % side, number // side]) + 0.5) * (np.array(shape) - 30) / side
            + 15
            + rng.uniform(-2, 2, 2)
        )
        radius = np.hypot(columns - x, (rows - y) / rng.uniform(0.6, 1.0))
        light += rng.uniform(60, 200) * np.exp(-radius / rng.uniform(1.5, 2.5))
    for band, colour in zip(BANDS, (0.7, 1.0), strict=True):
        data = (20 + colour * light + rng.normal(0, 1, shape)).astype(np.float32)
        if spoil is not None:
            data[spoil] = np.nan
        hdu = fits.PrimaryHDU(data)
        hdu.header.update(
            CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CUNIT1="deg", CUNIT2="deg", CRVAL1=ra, CRVAL2=2.0,
            CRPIX1=(shape[1] + 1) / 2, CRPIX2=(shape[0] + 1) / 2, CD1_1=-SCALE / 3600, CD1_2=0.0, CD2_1=0.0,
            CD2_2=SCALE / 3600, RADESYS="ICRS",
        )  # fmt: skip
        folder.mkdir(exist_ok=True)
        hdu.writeto(folder / f"{name}_{band}.fits", overwrite=True)


class Project:
    """A folder with tiles, an instrument and a pipeline file; `run` runs the file as it stands."""

    def __init__(self, root):
        self.root = root
        root.mkdir(exist_ok=True)
        self.file = root / "small.yaml"
        self.stages = {}
        self.data = {
            "version": 1, "name": "small", "seed": 3, "instrument": "camera.yaml", "plugins": [str(NETWORK)],
            "inputs": {"tiles": "tiles/{tile}_{band}.fits"},
        }  # fmt: skip
        self.runs = root / "runs"
        self._dump({**INSTRUMENT}, root / "camera.yaml")

    def add_tile(self, name, seed, folder="tiles", **options):
        write_tile(self.root / folder, name, seed, ra=150.0 + 0.05 * seed, **options)

    def use(self, *names, **changes):
        """Take stages of `STAGES`, with changes of single stages: use("galaxies", galaxies={"stars": "exclude"})."""
        self.stages = {name: {**copy.deepcopy(STAGES[name]), **changes.pop(name, {})} for name in names}
        self.stages.update(changes)
        for name in ("curves", "folded"):
            if any(f"${{inputs.{name}}}" in stage.values() for stage in self.stages.values()):
                self.data["inputs"].setdefault(name, None)
        return self

    def write(self):
        """Write the pipeline file; returns its path."""
        self._dump({**self.data, "stages": self.stages}, self.file)
        return self.file

    def run(self, **options):
        return astrocnn.run(self.write(), runs=options.pop("runs", self.runs), **options)

    def problems(self):
        """Text of every problem of the file, warnings too, without compute."""
        from astrocnn.pipeline.config import load_config
        from astrocnn.pipeline.plan import make_plan
        from astrocnn.pipeline.store import Store

        plan = make_plan(load_config(self.write()), Store(self.runs / "small"))
        return [SimpleNamespace(level=one.level, text=str(one)) for one in plan.problems]

    def _dump(self, data, path):
        yaml = YAML(typ="safe", pure=True)
        yaml.representer.sort_base_mapping_type_on_output = False
        with path.open("w") as stream:
            yaml.dump(data, stream)


def add_curves(project):
    """Two stars, one of them in two files, with rows out of order, repeated, flagged and missing."""
    time = 1325.3 + np.arange(60) / 720
    time[[5, 6, 9]] = time[6], time[5], time[8]
    flux = 1000 + 10 * np.sin(np.arange(60))
    flux[20] = np.nan
    flags = np.zeros(60, int)
    flags[[30, 31]] = 128, 512
    write_mission(project.root / "curves/a-1.fits", points=60, TIME=time, PDCSAP_FLUX=flux, QUALITY=flags)
    write_mission(project.root / "curves/a-2.fits", "TESS", TIME=1400 + np.arange(40) / 720, PDCSAP_FLUX=flux[:40] - 5)
    write_mission(project.root / "curves/b-1.fits", "Kepler", PDCSAP_FLUX=flux[:40] + 5)
    project.data["inputs"]["curves"] = "curves/{id}-*.fits"


def whole_project(root):
    """All stages on two tiles and a few light curves."""
    project = Project(root)
    project.add_tile("north", 1)
    project.add_tile("south", 2)
    add_curves(project)
    write_folded_product(root / "folded")
    project.data["inputs"]["folded"] = "folded"
    return project.use(*STAGES)


def copy_samples(samples, folder, data=None, columns=None, **meta):
    """Write a set as one from elsewhere, with other pixels, columns or meta; returns the folder."""
    folder.mkdir()
    rows = np.arange(len(samples))
    table = {name: samples.column(name) for name in samples.columns} | (columns or {})
    described = SampleMeta.model_validate(samples.meta.model_dump() | meta)
    with ShardWriter(folder / "samples.h5", described) as writer:
        writer.append(samples.read(rows) if data is None else data.astype(np.float32), table)
    return folder

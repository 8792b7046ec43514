"""What each stage makes of the small sky, in some numbers that are the same on every machine.

A digest has two kinds of entries. `exact` holds what no processor may change: ids, splits, labels, flags, whole
numbers, names, units, counts of the ledger; long ones as a hash. `numbers` holds floats, long arrays as their mean,
spread and signed sum: the sum under fixed random signs over sqrt(n), which moves by s / sqrt(n) when one of n values
moves by s, and when values change places. Numbers are compared within a tolerance and never hashed, since a rounded
number that lies on an edge is another one elsewhere. With the vector instructions of other processors (oneDNN held
down to SSE 4.1, XLA to AVX, numpy to its baseline) simulated images moved by 3e-6 of their spread, losses by 2e-5,
scores by 3e-5. No two rows of the test set's two classes score closer than 4e-4, so that ranks, and the metrics
made of them, are the same.
"""

import csv
import hashlib
import json
import re

import numpy as np

from astrocnn.explain.files import read_explanation
from astrocnn.samples.curve import POINT_ARRAYS
from astrocnn.samples.light_curves import LightCurves
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import WCS_NAMES
from astrocnn.training.model_folder import load_model, read_card
from astrocnn.training.predict import predict_padded

TOLERANCE = {
    **dict.fromkeys(("cutouts", "simulate-lenses", "simulate-transits", "represent"), (1e-4, 1e-6)),
    **dict.fromkeys(("detrend", "find-periods", "transit-windows", "simulate-variables"), (1e-4, 1e-6)),
    "light-curves": (1e-6, 1e-6),
}  # fmt: skip
OF_TRAINED = (1e-3, 0.1)
"""Tolerance relative to the spread of an array or to a number, and the least that it is relative to."""

_OF_THE_MACHINE = {"samples_hash", "versions", "seconds", "model_hash"}


class Digest:
    """Collects the entries of one product."""

    def __init__(self, tolerance=OF_TRAINED):
        self.tolerance, self.exact, self.numbers = tolerance, {}, {}

    def within(self, scale):
        relative, least = self.tolerance
        return relative * max(scale, least)

    def add(self, name, value):
        """Plain data: mappings and lists entry by entry, floats as numbers, all else exactly."""
        if isinstance(value, dict):
            for key in value.keys() - _OF_THE_MACHINE:
                self.add(f"{name}.{key}", value[key])
        elif isinstance(value, (list, tuple)) and any(isinstance(one, (float, dict)) for one in value):
            self.add(name, dict(enumerate(value)))
        elif isinstance(value, float):
            self.numbers[name] = [value], self.within(abs(value))
        else:
            text = json.dumps(value, sort_keys=True)
            self.exact[name] = value if len(text) < 60 else hashlib.sha256(text.encode()).hexdigest()[:16]

    def add_array(self, name, values):
        """An array: numbers by mean, spread and signed sum, all else exactly."""
        values = np.asarray(values)
        if values.dtype.kind != "f":
            self.add(name, values.tolist())
            return
        finite = values[np.isfinite(values)].astype(np.float64)
        if finite.size < values.size:
            self.add(f"{name}.finite", int(finite.size))
        if finite.size:
            mean, spread = float(finite.mean()), float(finite.std())
            signs = np.random.default_rng(0).choice([-1.0, 1.0], finite.size)
            summary = [mean, spread, float(signs @ (finite - mean)) / finite.size**0.5]
            self.numbers[name] = summary, self.within(max(spread, 1e-3 * abs(mean)))

    def add_columns(self, columns):
        for name, values in columns.items():
            self.add_array(name, values)

    def to_json(self):
        numbers = {name: [float(f"{one:.12g}") for one in found] for name, (found, _) in self.numbers.items()}
        return {"exact": self.exact, "numbers": numbers}


def _samples(digest, folder):
    samples = SampleSet.open(folder)
    rows = np.arange(len(samples))
    digest.add("meta", samples.meta.model_dump(mode="json"))
    digest.add_columns({name: samples.column(name) for name in samples.columns})
    digest.add_array("data", samples.read(rows))
    digest.add_columns(dict(zip(WCS_NAMES, samples.read_wcs(rows).T, strict=True)) if "wcs" in samples.planes else {})


def _curves(digest, folder):
    curves = LightCurves.open(folder)
    digest.add("meta", curves.meta.model_dump(mode="json"))
    digest.add_columns({f"table.{name}": curves.column(name) for name in curves.columns})
    block = curves.read(np.arange(len(curves)))
    digest.add_columns({name: getattr(block, name) for name in POINT_ARRAYS})


def _model(digest, folder):
    source = {"plugins": {"__all__": {"sha256"}}}  # the small network may be written otherwise
    digest.add("card", read_card(folder).model_dump(mode="json", exclude=source))
    digest.add("trained_on", (folder / "trained_on.csv").read_text())
    with (folder / "history.csv").open(newline="") as stream:
        rows = [{key: float(cell) for key, cell in row.items()} for row in csv.DictReader(stream)]
    digest.add("history", rows)
    network = load_model(folder).network
    noise = np.random.default_rng(0).normal(size=(32, *network.input_shape[1:])).astype(np.float32)
    digest.add_array("outputs", predict_padded(network, noise))  # weights before a normalisation mean nothing


def _evaluation(digest, folder, table):
    digest.add("metrics", json.loads((folder / "metrics.json").read_text()))
    digest.add_columns({name: table[name] for name in table.colnames})
    for name in ("roc.csv", "completeness.csv"):
        if (folder / name).is_file():
            digest.add(name, (folder / name).read_text().splitlines()[0])


def _catalog(digest, table):
    digest.add_columns({name: table[name] for name in table.colnames})
    digest.add("columns", [[name, table[name].dtype.str, str(table[name].unit)] for name in table.colnames])
    digest.add("ucds", {name: table[name].meta.get("ucd") for name in table.colnames})
    digest.add("metadata", {key: value for key, value in table.meta["astrocnn"].items() if key != "scores"})


def _explanation(digest, folder):
    """What was found, from which the pictures are drawn; of these what each shows, since their bytes are matplotlib's.

    An input that is made climbs for many steps, so that it may end elsewhere on another processor: what it reaches
    hardly does. Objects that excite a unit about alike may change places, their values hardly.
    """
    found = read_explanation(folder)
    units = found.facts.pop("units")
    digest.add("facts", found.facts)
    digest.add("units", [{name: group[name] for name in ("layer", "units", "reached")} for group in units])
    digest.add_array("excited", np.array([one["value"] for group in units for real in group["real"] for one in real]))
    shapes = {name: list(values.shape) for name, values in found.arrays.items()}
    digest.add("shapes", shapes)
    # Filters before a normalisation mean nothing.
    left_out = ("made_", "real_", "filters")
    digest.add_columns({name: values for name, values in found.arrays.items() if not name.startswith(left_out)})
    pictures = json.loads((folder / "pictures.json").read_text())
    digest.add("pictures", [[one["file"], *(row["what"] for row in one["shows"])] for one in pictures])


def _page(digest, folder):
    """What stands on the page, not how far: numbers in its text are those of the other products."""
    page = (folder / "index.html").read_text()
    digest.add("sections", re.findall(r'<section id="([^"]+)"', page))
    for tag in ("h1", "h2", "h3", "th", "dt", "summary"):
        found = re.findall(rf"<{tag}[ >].*?</{tag}>", page.split("<!-- run information")[0], re.DOTALL)
        words = [" ".join(re.sub(r"<[^>]*>", " ", one).split()) for one in found]
        digest.add(tag, [re.sub(r"[\d.]+", "#", one) for one in words])
    digest.add("pictures", page.count("<img"))


def digest_of(view):
    """Digest of one product of a run: {"exact": ..., "numbers": ...}, and the tolerance of each number."""
    digest = Digest(TOLERANCE.get(view.use, OF_TRAINED))
    made_by_all = {"done.json", "environment.json", "provenance.json"}
    digest.add("files", sorted(path.name for path in view.folder.iterdir() if path.name not in made_by_all))
    digest.add("ledger", view.ledger)
    if view.kind == "SampleSet":
        _samples(digest, view.folder)
    elif view.kind == "LightCurves":
        _curves(digest, view.folder)
    elif view.kind == "Model":
        _model(digest, view.folder)
    elif view.kind == "Evaluation":
        _evaluation(digest, view.folder, view.table)
    elif view.kind == "Scores":
        digest.add_columns({name: view.table[name] for name in view.table.colnames})
    elif view.kind == "Catalog":
        _catalog(digest, view.table)
    elif view.kind == "Explanation":
        _explanation(digest, view.folder)
    elif view.kind == "Report":
        _page(digest, view.folder)
    return digest

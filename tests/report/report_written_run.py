"""A small run written by hand: product folders with the layouts of DESIGN.md 5, without running any stage."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from astrocnn.receptive_field.coverage import gate
from astrocnn.receptive_field.field import LayerRow, ReceptiveField
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.shards import ShardWriter
from astrocnn.scoring.bootstrap import evaluate_binary
from astrocnn.scoring.completeness import completeness_by_column
from astrocnn.scoring.metrics import roc_curve

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>&\'"'
SIDE = 16
GALAXIES = 90
LENSES = 240


def write_samples(folder: Path, data, table, **meta) -> None:
    kind = "images" if data.ndim == 4 else "curves"
    folder.mkdir(parents=True, exist_ok=True)
    wcs = meta.pop("wcs", None)
    with ShardWriter(folder / "shard.h5", SampleMeta(kind=kind, shape=data.shape[1:], **meta)) as shard:
        shard.append(data, table, wcs=wcs)


def write_ledger(folder: Path, rows) -> None:
    ids, statuses, reasons = zip(*rows, strict=True)
    columns = {"id": ids, "status": statuses, "reason": reasons}
    pq.write_table(pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}), folder / "ledger.parquet")


def write_csv(path: Path, columns) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def small_field(size=9, input_size=12) -> ReceptiveField:
    rows = (
        LayerRow("input", "Input", size=(1, 1), jump=(1.0, 1.0), start=(0.5, 0.5), map_size=(input_size,) * 2,
                 padding=(0, 0), critical=True),
        LayerRow("conv", "Conv2D", kernel=(size, size), stride=(1, 1), dilation=(1, 1), size=(size, size),
                 jump=(1.0, 1.0), start=(0.5, 0.5), map_size=(input_size,) * 2, padding=(size // 2,) * 2,
                 critical=True),
        LayerRow("pool", "GlobalAveragePooling2D"),
    )  # fmt: skip
    return ReceptiveField(
        network="tiny", source="input", output="pool", input_size=(input_size,) * 2, measured_at="conv",
        size=(size,) * 2, jump=(1.0, 1.0),
        start=(0.5, 0.5), padding=(size // 2,) * 2, map_size=(input_size,) * 2, phases=((size, size),) * 2,
        offset=(0.0, 0.0), global_at="pool", global_kind="pooling", misaligned=(), layers=rows,
    )  # fmt: skip


def write_run(root: Path) -> ReportRun:
    """Write the products of a run and describe them; every id and reason holds text that HTML must escape."""
    random = np.random.default_rng(1)
    folders = {name: root / name for name in ("galaxies", "lenses", "finder", "skill", "scores", "candidates")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    image = {"bands": ("g", "r", "i"), "scale": 0.2, "scale_unit": "arcsec", "flux_unit": "nJy"}

    ids = np.array([f"galaxy-{k:03d}" for k in range(GALAXIES)], dtype=object)
    ids[0] = f"galaxy-{HOSTILE}"
    ra, dec = random.uniform(10, 11, GALAXIES), random.uniform(-1, 1, GALAXIES)
    wcs = np.tile([8.5, 8.5, 10.0, 0.0, -5e-5, 0.0, 0.0, 5e-5], (GALAXIES, 1))
    data = random.normal(0, 1, (GALAXIES, SIDE, SIDE, 3)).astype("f4")
    split = np.where(np.arange(GALAXIES) % 3 == 0, "test", "train").astype(object)
    write_samples(folders["galaxies"], data, {"id": ids, "ra": ra, "dec": dec, "split": split}, wcs=wcs, **image)
    write_ledger(folders["galaxies"], [(k, "read", "") for k in ids] + [("star", "excluded", "a star")]
                 + [(f"edge{k}", "rejected", HOSTILE) for k in range(7)])  # fmt: skip

    label = (np.arange(LENSES) % 2).astype("i1")
    radius = np.where(label == 1, random.uniform(0.5, 2.0, LENSES), np.nan)
    host = np.arange(LENSES) % GALAXIES
    names = np.array([f"lens-{k:04d}" for k in range(LENSES)], dtype=object)
    table = {"id": names, "label": label, "group": ids[host], "split": split[host], "einstein_radius_arcsec": radius,
             "snr": 10 * radius}  # fmt: skip
    write_samples(folders["lenses"], random.normal(0, 1, (LENSES, SIDE, SIDE, 3)).astype("f4"), table,
                  classes=("galaxy", "lens"), positive="lens",
                  extent={"value": 1.5, "unit": "arcsec", "what": "lensed flux"}, **image)  # fmt: skip
    write_ledger(folders["lenses"], [(k, "simulated", "") for k in names])

    field = small_field()
    verdict = gate(field, scale=0.2, unit="arcsec", required=1.5)
    content = {"verdict": verdict.to_json(), "field": field.to_json()}
    (folders["finder"] / "receptive_field.json").write_text(json.dumps(content))
    (folders["finder"] / "model.yaml").write_text("network: tiny\nbands: [g, r, i]\nrecipe: {epochs: 3, batch: 32}\n")
    history = {"epoch": [1, 2, 3], "loss": [0.7, 0.5, 0.4], "validation_loss": [0.7, 0.6, 0.5],
               "validation_auroc": [0.6, 0.7, 0.8], "learning_rate": [0.1] * 3, "seconds": [1.0] * 3}  # fmt: skip
    write_csv(folders["finder"] / "history.csv", history)

    score = 1 / (1 + np.exp(-(2.0 * label - 1 + random.normal(0, 1, LENSES))))
    metrics = evaluate_binary(label, score, ids[host].astype(str), n=50, subsets={"bright": radius > 1})
    (folders["skill"] / "metrics.json").write_text(json.dumps(metrics))
    write_csv(folders["skill"] / "roc.csv", roc_curve(label, score)._asdict())
    table = completeness_by_column(
        label, score, ids[host].astype(str), {"einstein_radius_arcsec": radius}, bins=4, n=50
    )
    write_csv(folders["skill"] / "completeness.csv", table)
    columns = {"id": pa.array(list(names)), "group": pa.array(list(ids[host])), "label": label, "score": score}
    pq.write_table(pa.table(columns), folders["skill"] / "scores.parquet")
    write_ledger(folders["skill"], [(k, "scored", "") for k in names])

    real = random.uniform(0, 1, GALAXIES)
    flags = np.where(split == "train", 1 << 17, 0)
    columns = {"id": pa.array(list(ids)), "score_finder": real, "mean": real, "flags": flags}
    pq.write_table(pa.table(columns), folders["scores"] / "scores.parquet")
    write_ledger(folders["scores"], [(k, "scored", "") for k in ids])

    best = np.concatenate([[0], 1 + np.argsort(-real[1:])[:69]])
    columns = {"id": pa.array(list(ids[best])), "ra": ra[best], "dec": dec[best],
               "rank": np.arange(1, 71, dtype=np.int32), "score": real[best].astype("f4"),
               "flag_names": pa.array(["out_of_fold,saturated"] * 70)}  # fmt: skip
    pq.write_table(pa.table(columns), folders["candidates"] / "candidates.parquet")
    write_ledger(folders["candidates"], [(k, "kept", "") for k in ids[best]])

    plan = {"galaxies": ("cutouts", "SampleSet", ()), "lenses": ("simulate-lenses", "SampleSet", ("galaxies",)),
            "finder": ("train", "Model", ("lenses",)), "skill": ("evaluate", "Evaluation", ("finder", "lenses")),
            "scores": ("score", "Scores", ("finder", "galaxies")), "candidates": ("catalog", "Catalog", ("scores",)),
            "summary": ("report", "Report", tuple(folders))}  # fmt: skip
    stages = []
    for name, (use, kind, parents) in plan.items():
        folder = folders.get(name)
        if folder is not None:
            identity = {"parameters": {"false_positive_rate": 0.01}, "seed": 7, "note": HOSTILE}
            (folder / "provenance.json").write_text(json.dumps({"stage": name, "hash": "abc", "identity": identity}))
            (folder / "environment.json").write_text(json.dumps({"made": "2024-05-06T07:08:09", "cores": 2}))
        stages.append(StageView(name, use, kind, "made" if folder else "running", folder, "abc", 1.5, parents))
    stages.insert(2, StageView("elsewhere", "samples", "SampleSet", "skipped", root / "nowhere"))
    return ReportRun(
        "tiny-run", f"Candidates {HOSTILE}", f"A run {HOSTILE}", [f"Not photometry {HOSTILE}", "fewer than 0.1 lenses"],
        f"version: 1\nname: tiny-run  # {HOSTILE}\nstages:\n  galaxies: {{use: cutouts}}\n", stages,
        {"machine": "a machine", "packages": {"numpy": "1"}}, 7,
    )  # fmt: skip

"""What simulated stars bring where few real ones have a class: networks trained on few stars, with and without them.

Takes a run of the pipeline `variable-stars-pretrained`, made before. Some hundreds of its stars are drawn at random,
several times; on each draw the networks of the run that know simulated stars are trained on, and the same networks from
scratch, for as many steps; both are measured on all other stars. Prints mean and range over the draws of accuracy and
mean F1, and of the difference. Run: `python benchmarks/pretraining.py runs/variable-stars-pretrained`.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from astropy.table import Table
from ruamel.yaml import YAML

import astrocnn

PIPELINE = Path(__file__).parents[1] / "pipelines" / "variable-stars-pretrained.yaml"
DRAWS = {100: 6, 300: 3}
"""How often so many stars are drawn."""
EPOCHS = {100: 60, 300: 40}
KINDS = {
    "picture": ("first_picture", "drawn", {"covers_relative": 0.5, "normalise": "set", "clip_sigma": 6}),
    "curve": ("first_curve", "regular", {"covers_relative": 1.0, "clip_sigma": 6}),
}
RATE = {"scratch": 1e-3, "pretrained": 5e-4}


def drawn_stars(curves, folder: Path, number: int, draw: int) -> str:
    """The stars as a long table in which so many are for training and the others for the test."""
    path = folder / f"stars-{number}-{draw}"
    curves.write_long_table(path)
    table = Table.read(path / "objects.csv")
    chosen = np.random.default_rng([number, draw]).permutation(len(table))[:number]
    split = np.full(len(table), "test", object)
    split[chosen] = "train"
    table["split"] = split.astype(str)
    table.write(path / "objects.csv", overwrite=True)
    return str(path)


def stages_of(name: str, options: dict, classes: tuple[str, ...], number: int) -> dict:
    """One draw: representations as the run made them, two trainings of each network, and what these can do."""
    stages = {
        name: {"use": "light-curves", "curves": f"${{inputs.{name}}}", "classes": {one: [one] for one in classes}}
    }
    for kind, (first, samples, more) in KINDS.items():
        stages[f"{name}_{samples}"] = options[samples] | {"curves": name}
        training = {
            "use": "train", "samples": f"{name}_{samples}", "epochs": EPOCHS[number], "batch_size": 32,
            "schedule": {"kind": "cosine", "end": 0.01}, **more,
        }  # fmt: skip
        of = {key: options[first][key] for key in ("network", "options")}
        arms = {
            "scratch": training | of,
            "pretrained": training | {"from": f"${{inputs.{first}}}", "fine_tune": True, "recipe": of["network"]},
        }
        for arm, stage in arms.items():
            trained = f"{name}_{kind}_{arm}"
            stages[trained] = stage | {"learning_rate": RATE[arm]}
            stages[f"{trained}_skill"] = {
                "use": "evaluate", "model": trained, "samples": f"{name}_{samples}.test", "resamples": 100,
            }  # fmt: skip
    return stages


def main() -> None:
    run = astrocnn.open_run(sys.argv[1])
    options = YAML(typ="safe").load(PIPELINE)["stages"]
    classes = run["drawn"].samples.meta.classes
    with tempfile.TemporaryDirectory() as temporary:
        folder, inputs, stages = Path(temporary), {}, {}
        for first, _, _ in KINDS.values():
            inputs[first] = str(run[first].folder)
        for number, draws in DRAWS.items():
            for draw in range(draws):
                name = f"of{number}_{draw}"
                inputs[name] = drawn_stars(run["stars"].curves, folder, number, draw)
                stages |= stages_of(name, options, classes, number)
        file = {"version": 1, "name": "few", "seed": 1, "inputs": inputs, "stages": stages}
        (folder / "few.yaml").write_text(json.dumps(file))
        few = astrocnn.run(folder / "few.yaml", runs=folder / "runs")
        for number in DRAWS:
            for kind in KINDS:
                report(few, number, kind)


def report(few, number: int, kind: str) -> None:
    """Two lines: accuracy and mean F1."""
    for metric in ("accuracy", "macro_f1"):
        found = {
            arm: np.array([
                few[f"of{number}_{draw}_{kind}_{arm}_skill"].metrics[metric] for draw in range(DRAWS[number])
            ])
            for arm in RATE
        }  # fmt: skip
        found["difference"] = found["pretrained"] - found["scratch"]
        text = ", ".join(
            f"{arm} {values.mean():.3f} ({values.min():.3f} to {values.max():.3f})" for arm, values in found.items()
        )
        print(f"{number} stars, {kind}, {metric}: {text}")


if __name__ == "__main__":
    main()

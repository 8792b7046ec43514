"""Light curves with transits: this package's blocks against batman in a loop, and whole stages that simulate curves.

Both take the same orbits on the same 180 times two minutes apart, for instants and for exposures of two minutes, and
must give the same curves. batman is given as many instants of an exposure, its own rule. Then the whole of what the
stage `simulate-transits` draws for a curve: transits, eclipsing binaries, stars, noise and gaps. Times are of the
processor, for one core; batman is an extra of the package (`transits`).

Last, runs of whole stages with two workers, from their start to what is written and checked: curves of 180 points a
second on the wall, and a second of one processor's time, which is compared with batman's loop for the transits alone.
Run: `python benchmarks/simulate_transits.py`.
"""

import importlib.util
import json
import resource
import tempfile
import warnings
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

import astrocnn
from astrocnn.samples.seeds import BLOCK, block_generator
from astrocnn.simulate.cadences import load_cadence
from astrocnn.simulate.curve_population import CurvePopulation, sampled_curves
from astrocnn.simulate.eclipse_curves import transit_curves
from astrocnn.simulate.pearson_grid import Grid, grid_curves
from astrocnn.simulate.transit_population import Signals, draw_signals

BLOCKS, SAMPLES = 16, 180
CADENCE = load_cadence("tess-2min")
TIME_DAY = (np.arange(SAMPLES) - (SAMPLES - 1) / 2) * CADENCE.interval_hour / 24
# batman solves Kepler's equation to 1e-7, and takes the mean of an exposure over three instants of equal weight.
TOLERANCE = {0.0: 1e-6, CADENCE.exposure_day: 1e-3}
STAGES = {
    "transits and what looks like them": {"use": "simulate-transits", "number": 311_040},
    "grid of Pearson et al. 2018": {"use": "simulate-transits", "grid": "pearson2018", "number": 311_040},
    "variable stars, one band": {"use": "simulate-variables", "number": 131_072, "bands": ["V"], "points": [180, 180]},
}
WORKERS = 2
SAMPLING = {
    "samples": SAMPLES, "interval_hour": CADENCE.interval_hour, "exposure_day": CADENCE.exposure_day,
    "noise_ppm": CADENCE.noise_ppm,
}  # fmt: skip


def drawn() -> list[Signals]:
    """Transits of the default population, in every row."""
    population = CurvePopulation(transit_fraction=1.0)
    window = SAMPLES * CADENCE.interval_hour
    noise = np.full(BLOCK, 1e-3)
    return [
        draw_signals(population, block_generator(1, "benchmark", block), noise, window, CADENCE.interval_hour)
        for block in range(BLOCKS)
    ]


def loop(signals: list[Signals], exposure_day: float) -> np.ndarray:
    """batman, one curve after the other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing it asks the deprecated distutils for a compiler
        import batman

    curves = []
    sampling = {"supersample_factor": 3, "exp_time": exposure_day} if exposure_day else {}
    for block in signals:
        orbits = block.orbits
        inclination = np.degrees(np.arccos(orbits.cos_inclination))
        for row in range(len(orbits)):
            given = batman.TransitParams()
            given.t0, given.per, given.rp = (
                orbits.mid_transit_day[row],
                orbits.period_day[row],
                orbits.radius_ratio[row],
            )
            given.a, given.inc, given.ecc = orbits.a_over_rstar[row], inclination[row], orbits.eccentricity[row]
            given.w, given.u, given.limb_dark = orbits.periastron_deg[row], [block.u1[row], block.u2[row]], "quadratic"
            curves.append(batman.TransitModel(given, TIME_DAY, **sampling).light_curve(given))
    return np.stack(curves)


def blocks(signals: list[Signals], exposure_day: float) -> np.ndarray:
    """This package, block after block."""
    return np.concatenate(
        [transit_curves(TIME_DAY, one.orbits, one.u1, one.u2, exposure_day=exposure_day) for one in signals]
    )


def timed(call, *given) -> tuple[float, np.ndarray]:
    start = process_time()
    result = call(*given)
    return process_time() - start, result


def population() -> None:
    for block in range(BLOCKS):
        sampled_curves(CurvePopulation(), block_generator(1, "benchmark", block), **SAMPLING)


def grid() -> None:
    paper = Grid("pearson2018")
    for block in range(BLOCKS):
        rows = np.arange(block * BLOCK, (block + 1) * BLOCK)
        grid_curves(paper, rows * 30, rows % 2 == 0, block_generator(1, "benchmark", block))


def batman_a_second() -> float:
    """Curves that batman makes in a second of one core, with exposures of two minutes."""
    signals = drawn()
    seconds, _ = timed(loop, signals, CADENCE.exposure_day)
    return BLOCKS * BLOCK / seconds


def stage_seconds(stage: dict) -> tuple[float, float]:
    """Seconds on the wall and of processors, of all processes together, for a run of one stage."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speed.yaml"
        file.write_text(json.dumps({"version": 1, "name": "speed", "seed": 1, "stages": {"curves": stage}}))
        begun, start = _processors(), perf_counter()
        astrocnn.run(file, runs=Path(folder) / "runs", workers=WORKERS)
        return perf_counter() - start, _processors() - begun


def _processors() -> float:
    """Seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def whole_stages() -> None:
    """A line for each stage."""
    theirs = batman_a_second() if importlib.util.find_spec("batman") else None
    print(f"whole stages, curves of {SAMPLES} points, {WORKERS} workers, their start included")
    for name, stage in STAGES.items():
        wall, busy = stage_seconds(stage)
        number, a_core = stage["number"], stage["number"] / busy
        ratio = f", {a_core / theirs:.1f} times batman's loop ({theirs:.0f})" if theirs else ""
        print(f"{name}: {number:,}, {number / wall:.0f} a second, {a_core:.0f} a second of one core{ratio}")
    if theirs is None:
        print("batman is not installed: pip install batman-package")


def main() -> None:
    signals, number = drawn(), BLOCKS * BLOCK
    blocks(signals[:1], 0.0)
    loop(signals[:1], 0.0)
    print(f"{number} transits of {SAMPLES} samples of two minutes, eccentric orbits; curves a second of one core")
    for exposure_day, within in TOLERANCE.items():
        theirs, expected = timed(loop, signals, exposure_day)
        ours, found = timed(blocks, signals, exposure_day)
        difference = np.abs(found - expected).max()
        if not difference < within:
            raise SystemExit(f"the curves differ by {difference:.1e}")
        name = "exposures" if exposure_day else "instants"
        print(
            f"{name}: batman {number / theirs:.0f}, blocks {number / ours:.0f}, ratio {theirs / ours:.1f};"
            f" largest difference {1e6 * difference:.3f} ppm"
        )
    for name, call in (("population", population), ("grid of Pearson et al. 2018", grid)):
        seconds, _ = timed(call)
        print(f"whole curves, {name}: {number / seconds:.0f}")
    whole_stages()


if __name__ == "__main__":
    main()

"""False alarms of the transit search on strong variables, before and after vetting; and the planets of the others.

Kepler segments of variables and of planet hosts (`kepler_raw` of the data for tests), each searched alone with the
defaults and without a network. A candidate is a planet where its period, or a simple multiple of it, and its epoch are
those of a KOI of the star (`kepler_koi`) or its period is one that is published; all others are false alarms. The
segments of a host are then searched together. Run: `python benchmarks/transit_false_alarms.py [FOLDER]`.
"""

import csv
import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from astrocnn.parquet import read_parquet
from astrocnn.scoring.flags import flag_names
from astrocnn.search.options import SearchOptions
from astrocnn.search.search import StarSearch, search_star
from astrocnn.time_series.box_search import box_search
from astrocnn.time_series.detrend import detrend
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import BoxOptions

DATA = Path(__file__).resolve().parents[2] / "shared/data"
HOSTS_DAY = {"Kepler-1649": (8.689, 19.535), "Kepler-1652": (38.097,), "Kepler-1653": (140.25,)}
VARIABLES_DAY = {"KIC 11551692": (3.005, 7.834, 58.02)}
"""Published periods: of the hosts, and of Kepler-411, a spotted star that the data call a variable (Sun et al. 2019,
A&A 624, A15)."""
LEAST_SNR = 7.1
NEAR = 0.005
Curve = tuple[np.ndarray, np.ndarray]


def segments(folder: Path) -> dict[str, Curve]:
    table = read_parquet(folder / "light_curves.parquet")
    ids = np.array(table["id"].to_pylist())
    time, flux = table["time"].to_numpy(), table["flux"].to_numpy().astype(float)
    found = {}
    for name in np.unique(ids):
        rows = np.flatnonzero((ids == name) & np.isfinite(time))
        rows = rows[np.argsort(time[rows], kind="stable")]
        found[str(name)] = time[rows], flux[rows]
    return found


def known_planets(folder: Path) -> dict[str, list[Ephemeris]]:
    """KOIs by the name of their star."""
    planets = defaultdict(list)
    with (folder / "objects.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            one = Ephemeris(float(row["period_day"]), float(row["epoch_bkjd"]), float(row["duration_hour"]))
            planets[f"KIC {row['id']}"].append(one)
    return planets


def is_planet(found: Ephemeris, target: str, planets: dict[str, list[Ephemeris]]) -> bool:
    for planet in planets.get(target, ()):
        near = abs(float(planet.days_from_middle(np.array(found.epoch_day)))) < planet.duration_day
        if near and (math.isinf(found.period_day) or simple_ratio(found.period_day, planet.period_day)):
            return True
    return any(simple_ratio(found.period_day, period) for period in (HOSTS_DAY | VARIABLES_DAY).get(target, ()))


def simple_ratio(first: float, second: float) -> bool:
    return any(abs(first / second / ratio - 1) < NEAR for ratio in (1, 2, 3, 1 / 2, 1 / 3))


def told(search: StarSearch, target: str, planets: dict[str, list[Ephemeris]], counts: Counter[str]) -> str:
    lines = []
    for one in search.candidates:
        names = str(flag_names(np.array([one.flags]))[0])
        kind = "planet" if is_planet(one.ephemeris, target, planets) else "false"
        counts[kind] += 1
        counts[f"{kind}, vetted"] += not one.flags
        lines.append(
            f"    {kind:6} {one.ephemeris.period_day:9.4f} d {one.ephemeris.epoch_day:9.3f} "
            f"{one.ephemeris.duration_hour:5.1f} h {1e6 * one.depth:8.0f} ppm S/N {one.transits.snr:6.1f} "
            f"{len(one.transits)} transits {names}"
        )
    return "\n".join(lines)


def plain_box(curve: Curve, target: str, planets: dict[str, list[Ephemeris]]) -> bool:
    """Whether box least squares of the detrended curve alone, with white noise, gives a false alarm."""
    flux = detrend(*curve, window_hour=24.0, clip_sigma=5.0).flux
    peak = box_search(curve[0], flux)
    return peak is not None and peak.snr >= LEAST_SNR and not is_planet(peak.ephemeris, target, planets)


def joined(parts: list[Curve]) -> Curve:
    """Segments of one star, each relative to its median."""
    parts = sorted(parts, key=lambda part: part[0][0])
    flux = [values / np.nanmedian(values) for _, values in parts]
    return np.concatenate([time for time, _ in parts]), np.concatenate(flux)


def main(data: Path) -> None:
    curves, planets = segments(data / "kepler_raw"), known_planets(data / "kepler_koi")
    with (data / "kepler_raw/objects.csv").open(newline="") as stream:
        objects = list(csv.DictReader(stream))
    options = SearchOptions()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in objects:
        name, target, kind = row["id"], row["target"], row["class"]
        print(f"{name} {target} {kind}")
        counts[kind]["plain"] += plain_box(curves[name], target, planets)
        print(told(search_star(*curves[name], "flux", options), target, planets, counts[kind]), flush=True)
    for kind, found in counts.items():
        number = sum(row["class"] == kind for row in objects)
        print(
            f"{kind}: {number} segments, false alarms a segment: {found['plain'] / number:.2f} of plain boxes, "
            f"{found['false'] / number:.2f} before vetting, {found['false, vetted'] / number:.2f} after; planets found "
            f"{found['planet']}, vetted {found['planet, vetted']}"
        )
    longer = SearchOptions(box=BoxOptions(shortest_day=5.0, longest_day=50.0))
    for target in HOSTS_DAY:
        parts = [curves[row["id"]] for row in objects if row["target"] == target]
        print(f"{target}: {len(parts)} segments together")
        print(told(search_star(*joined(parts), "flux", longer), target, planets, Counter()), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)

"""Images of lensed arcs: this package's compiled batches against a loop over objects in numpy.

Both take the same lenses, of the size and bands of the quickstart, and must draw the same images. The loop calls the
same formulas with numpy and blurs each band by FFT. Run: `python benchmarks/render_arcs.py`.
"""

from time import perf_counter

import numpy as np
from scipy.signal import fftconvolve

from astrocnn import backend
from astrocnn.instruments import load_instrument
from astrocnn.samples.seeds import BLOCK, block_generator
from astrocnn.simulate.arcs import BATCH, CORE_SAMPLES, GEOMETRY, render_arcs, trace_source
from astrocnn.simulate.lens_population import LensPopulation, draw_lenses
from astrocnn.simulate.psf import instrument_kernels

BLOCKS, SIZE_PX, SUPERSAMPLING = 2, 65, 3
INSTRUMENT = load_instrument("hubble-xdf-picture")
BANDS = tuple(INSTRUMENT.bands)
TOLERANCE = 1e-4  # of an image's brightest pixel: the batches compute in float32, the loop in float64

Lenses = dict[str, np.ndarray]


def loop(lenses: Lenses, kernels: Lenses) -> np.ndarray:
    """One object after the other, one band after the other."""
    sample = INSTRUMENT.scale_arcsec / SUPERSAMPLING
    images = []
    for number in range(len(lenses[GEOMETRY[0]])):
        lens = {name: float(lenses[name][number]) for name in GEOMETRY}
        image = []
        for band in BANDS:
            across = SIZE_PX * SUPERSAMPLING + kernels[band].shape[0] - 1
            axis = (np.arange(across) - (across - 1) / 2) * sample
            light = trace_source(lens, 1.0, axis[None, :], axis[:, None], core=CORE_SAMPLES * sample) * sample**2
            blurred = fftconvolve(light, kernels[band], mode="valid")
            pixels = blurred.reshape(SIZE_PX, SUPERSAMPLING, SIZE_PX, SUPERSAMPLING).sum(axis=(1, 3))
            image.append(pixels * lenses[f"source_flux_{band}"][number])
        images.append(np.stack(image, axis=-1))
    return np.stack(images)


def batches(lenses: Lenses, kernels: Lenses) -> np.ndarray:
    """All objects in compiled batches."""
    return render_arcs(
        lenses, size_px=SIZE_PX, scale_arcsec=INSTRUMENT.scale_arcsec, bands=BANDS, psf=kernels,
        supersampling=SUPERSAMPLING,
    )  # fmt: skip


def main() -> None:
    backend.prepare()
    population = LensPopulation(
        einstein_radius_arcsec=(0.5, 1.5), source_half_light_radius_arcsec=(0.1, 0.3), source_sersic_index=(0.5, 4.0)
    )
    drawn = [draw_lenses(population, block_generator(1, "benchmark", block), BANDS) for block in range(BLOCKS)]
    lenses = {name: np.concatenate([block[name] for block in drawn]) for name in drawn[0]}
    kernels = instrument_kernels(INSTRUMENT, BANDS, SUPERSAMPLING)

    start = perf_counter()
    batches({name: values[:BATCH] for name, values in lenses.items()}, kernels)
    compilation = perf_counter() - start
    seconds, images = {}, {}
    for draw in (loop, batches):
        start = perf_counter()
        images[draw] = draw(lenses, kernels)
        seconds[draw] = perf_counter() - start
    brightest = images[loop].max(axis=(1, 2, 3))
    difference = (np.abs(images[batches] - images[loop]).max(axis=(1, 2, 3)) / brightest).max()
    if not difference < TOLERANCE:
        raise SystemExit(f"the images differ by {difference:.1e} of their brightest pixel")
    print(f"{BLOCKS * BLOCK} lenses, {SIZE_PX} x {SIZE_PX} px, {len(BANDS)} bands, {SUPERSAMPLING} rays across a pixel")
    print(f"largest difference {difference:.1e} of the brightest pixel; compilation, once, {compilation:.1f} s")
    print(
        f"loop {seconds[loop]:.1f} s, batches {seconds[batches]:.1f} s, ratio {seconds[loop] / seconds[batches]:.1f};"
        f" {BLOCKS * BLOCK / seconds[batches]:.0f} lenses a second"
    )


if __name__ == "__main__":
    main()

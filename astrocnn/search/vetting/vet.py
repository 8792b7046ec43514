"""All that speaks against a candidate together, and the flags that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

from astrocnn.search import flags
from astrocnn.search.dips import RegularCurve
from astrocnn.search.transits import Transits
from astrocnn.search.vetting.elsewhere import Elsewhere, elsewhere
from astrocnn.search.vetting.odd_even import OddEven, odd_even
from astrocnn.search.vetting.rotation import Variability, follows_from
from astrocnn.search.vetting.shape import Trapezoid, fit_trapezoid
from astrocnn.search.vetting.sinusoid import Sinusoid, sinusoid
from astrocnn.search.vetting.strongest import snr_without_strongest
from astrocnn.search.vetting.thresholds import Vetting
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY


@dataclass(frozen=True)
class Evidence:
    """What was measured of a candidate; the members are explained where they are defined."""

    odd_even: OddEven
    elsewhere: Elsewhere
    snr_without_strongest: float
    sinusoid: Sinusoid
    star: Variability
    shape: Trapezoid


def examine(
    curve: RegularCurve, ephemeris: Ephemeris, box_hour: float, transits: Transits, star: Variability
) -> Evidence:
    """Measure a candidate.

    Parameters
    ----------
    curve : RegularCurve
        Detrended, without the transits of other candidates.
    ephemeris : Ephemeris
        From first to last contact.
    box_hour : float
        Duration of most signal to noise.
    transits : Transits
        Of that duration in the curve.
    star : Variability
        Before detrending.
    """
    return Evidence(
        odd_even(transits), elsewhere(curve, ephemeris, box_hour), snr_without_strongest(transits),
        sinusoid(curve, ephemeris), star, fit_trapezoid(curve, ephemeris),
    )  # fmt: skip


def flags_of(
    evidence: Evidence, ephemeris: Ephemeris, transits: Transits, interval_day: float, vetting: Vetting
) -> int:
    """Sum of the bits of `astrocnn.search.flags` that the evidence sets; what is not known sets none."""
    depth = transits.mean_depth
    other = evidence.elsewhere
    rest = evidence.snr_without_strongest
    shape = evidence.shape
    step_hour = HOURS_OF_DAY * interval_day
    ingress_hour = shape.ingress_hour - step_hour  # samples are means over a step, which makes it longer by that
    found = {
        flags.ODD_EVEN: evidence.odd_even.sigma >= vetting.odd_even_sigma
        and evidence.odd_even.share >= vetting.odd_even_share,
        flags.SECONDARY: other.secondary_sigma >= vetting.secondary_sigma
        and other.secondary_depth >= vetting.secondary_share * depth,
        flags.BUMPS: other.bump_sigma >= vetting.bumps_sigma and other.bump >= vetting.bumps_share * depth,
        flags.SINGLE_TRANSIT: len(transits) < 2 or rest < vetting.strongest_share * transits.snr,
        flags.STELLAR_PERIOD: follows_from(ephemeris.period_day, evidence.star.period_day)
        and evidence.star.power >= vetting.stellar_power
        and evidence.star.amplitude >= vetting.stellar_share * depth,
        flags.SINUSOIDAL: evidence.sinusoid.sigma >= vetting.sinusoidal_sigma
        and evidence.sinusoid.amplitude >= vetting.sinusoidal_share * depth,
        flags.V_SHAPED: ingress_hour >= vetting.v_shaped_share * (shape.duration_hour - step_hour)
        and transits.snr >= vetting.v_shaped_snr
        and 2 * shape.ingress_hour >= vetting.v_shaped_samples * step_hour,
    }
    return sum(bit for bit, against in found.items() if against)

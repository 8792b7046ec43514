"""Quality flags of Kepler, K2 and TESS light curves, and the masks made of them.

Bits: Kepler Archive Manual (KDMC-10008-006, Thompson et al. 2016), table 2-3, for Kepler and K2; TESS Science Data
Products Description Document (EXP-TESS-ARC-ICD-0014, Tenenbaum & Jenkins 2018) and the release notes of sector 20 and
later for TESS. The masks `default`, `hard` and `hardest` are those that the lightkurve package (2.6) gives the same
names, so that cadences agree: `default` leaves out what is certainly useless, `hard` also what may be, `hardest` every
cadence with any flag.
"""

from __future__ import annotations

from dataclasses import dataclass

from astrocnn.ingest.light_curves.observed import QualityMask


@dataclass(frozen=True)
class MissionFlag:
    """One bit: its number from 1, what it means, and the gentlest mask that drops it."""

    number: int
    meaning: str
    mask: QualityMask

    @property
    def bit(self) -> int:
        """Value of the bit."""
        return 1 << (self.number - 1)


KEPLER = (
    MissionFlag(1, "attitude tweak", "default"),
    MissionFlag(2, "safe mode", "default"),
    MissionFlag(3, "coarse point", "default"),
    MissionFlag(4, "Earth point", "default"),
    MissionFlag(5, "reaction wheel zero crossing", "hardest"),
    MissionFlag(6, "reaction wheel desaturation", "default"),
    MissionFlag(7, "Argabrightening across the detector", "hardest"),
    MissionFlag(8, "cosmic ray in the aperture", "hard"),
    MissionFlag(9, "excluded by hand", "default"),
    MissionFlag(11, "sudden drop of pixel sensitivity", "hard"),
    MissionFlag(12, "impulsive outlier, taken out before cotrending", "hardest"),
    MissionFlag(13, "Argabrightening on one channel", "hardest"),
    MissionFlag(14, "cosmic ray in collateral data", "hard"),
    MissionFlag(15, "detector anomaly", "default"),
    MissionFlag(16, "spacecraft not in fine point", "hardest"),
    MissionFlag(17, "no data", "default"),
    MissionFlag(18, "rolling band in the aperture", "hardest"),
    MissionFlag(19, "rolling band in the target's mask", "hardest"),
    MissionFlag(20, "possible thruster firing", "hard"),
    MissionFlag(21, "thruster firing", "default"),
)
TESS = (
    MissionFlag(1, "attitude tweak", "default"),
    MissionFlag(2, "safe mode", "default"),
    MissionFlag(3, "coarse point", "default"),
    MissionFlag(4, "Earth point", "default"),
    MissionFlag(5, "Argabrightening", "default"),
    MissionFlag(6, "reaction wheel desaturation", "default"),
    MissionFlag(7, "cosmic ray in the aperture", "hard"),
    MissionFlag(8, "excluded by hand", "default"),
    MissionFlag(9, "discontinuity corrected", "hardest"),
    MissionFlag(10, "impulsive outlier, taken out before cotrending", "default"),
    MissionFlag(11, "cosmic ray in collateral data", "hard"),
    MissionFlag(12, "stray light from Earth or Moon, seen by eye", "hard"),
    MissionFlag(13, "stray light, found by the pipeline", "hard"),
    MissionFlag(14, "excluded from the planet search", "hardest"),
    MissionFlag(15, "bad calibration", "default"),
    MissionFlag(16, "too few targets to correct errors", "hardest"),
)
FLAGS = {"Kepler": KEPLER, "K2": KEPLER, "TESS": TESS}
_ORDER: tuple[QualityMask, ...] = ("none", "default", "hard", "hardest")


def mask_bits(mission: str, name: QualityMask) -> int:
    """Bits that a mask drops.

    Parameters
    ----------
    mission : {"Kepler", "K2", "TESS"}
    name : {"none", "default", "hard", "hardest"}
    """
    rank = _ORDER.index(name)
    return sum(flag.bit for flag in FLAGS[mission] if _ORDER.index(flag.mask) <= rank)


def flag_meanings(mission: str, value: int) -> tuple[str, ...]:
    """What the bits set in a quality value mean, lowest first."""
    return tuple(flag.meaning for flag in FLAGS[mission] if int(value) & flag.bit)

"""Numbers that surveys write where nothing was measured. Light: the stage takes it as its default."""

PLACEHOLDER_MAG = 50.0
"""No magnitude or error lies beyond it, on either side of 0, and what surveys write does: 99 for both (SExtractor),
99.99 for the error of a limit (ASAS-SN), 100.01 with an error of 99.999 (light curves of SDSS Stripe 82, Sesar et al.
2010), -999 and -9999 (catalogues of Pan-STARRS and SDSS)."""

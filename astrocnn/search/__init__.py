"""The search of whole light curves for transits: windows, dips, candidates, and what speaks against them."""

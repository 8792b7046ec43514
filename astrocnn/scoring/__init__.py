"""Scores of objects: prediction, metrics with intervals, completeness, calibration, flags."""

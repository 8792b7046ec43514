"""Ranges as files give them: a list of two numbers, the smaller first."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Strict


def _in_order(limits: tuple[float, float]) -> tuple[float, float]:
    if not limits[0] <= limits[1]:
        raise ValueError(f"expected [lowest, highest] in ascending order, received {list(limits)}")
    return limits


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    if not 0.0 <= limits[0] <= limits[1]:
        raise ValueError(f"expected [lowest, highest], not negative and in ascending order, received {list(limits)}")
    return limits


def _above_zero(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] <= 0.0:
        raise ValueError(f"expected limits above 0, received {list(limits)}")
    return limits


def _fraction(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[1] > 1.0:
        raise ValueError(f"expected limits of at most 1, received {list(limits)}")
    return limits


Pair = Annotated[tuple[float, float], Strict(False)]
"""A list of two in a file; the numbers themselves are strict."""
SignedRange = Annotated[Pair, AfterValidator(_in_order)]
Range = Annotated[Pair, AfterValidator(_ascending)]
PositiveRange = Annotated[Range, AfterValidator(_above_zero)]
FractionRange = Annotated[Range, AfterValidator(_fraction)]
PositiveFractionRange = Annotated[PositiveRange, AfterValidator(_fraction)]

"""Deflection by a singular isothermal ellipsoid with external shear, and its critical curve.

Every function is a formula over arrays and takes the array namespace as `ops`: `numpy` for float64 on its own,
`keras.ops` inside the compiled renderer. Coordinates are arcsec in the tangent plane, x along columns and y along rows,
angles in radians counter-clockwise from +x.
"""

from __future__ import annotations

from typing import Any

import numpy as np

CORE_ARCSEC = 1e-4  # keeps the deflection finite on a pixel that falls exactly on the lens centre
_SMALLEST_ECCENTRICITY_SQUARED = 1e-8  # below it the SIE equals the SIS to float32 precision


def rotate(x: Any, y: Any, angle: Any, ops: Any = np) -> tuple[Any, Any]:
    """Coordinates in a frame turned by an angle.

    Parameters
    ----------
    x, y : array
        Coordinates, any shape that broadcasts with `angle`.
    angle : array
        Angle of the new x axis, radians counter-clockwise from +x.
    ops : module
        `numpy` or `keras.ops`.

    Returns
    -------
    x, y : array
        The coordinates along and across the new axis.
    """
    cosine, sine = ops.cos(angle), ops.sin(angle)
    return cosine * x + sine * y, cosine * y - sine * x


def sie_deflection(
    x: Any, y: Any, einstein_radius: Any, axis_ratio: Any, angle: Any, *, core: float = CORE_ARCSEC, ops: Any = np
) -> tuple[Any, Any]:
    """Deflection by a singular isothermal ellipsoid centred on the origin.

    The convergence is `einstein_radius / (2 sqrt(q x^2 + y^2 / q))` with x along the major axis, so that the tangential
    critical curve (convergence 1/2) is an ellipse of area `pi einstein_radius^2` for every axis ratio q.

    Parameters
    ----------
    x, y : array
        Position in the image plane, arcsec; NaN gives NaN.
    einstein_radius : array
        Einstein radius, arcsec, broadcasts with x.
    axis_ratio : array
        Minor over major axis of the convergence, 0 < q <= 1.
    angle : array
        Angle of the major axis, radians counter-clockwise from +x.
    core : float
        Core radius, arcsec.
    ops : module
        `numpy` or `keras.ops`.

    Returns
    -------
    deflection_x, deflection_y : array
        Deflection in arcsec; the source position is the image position minus it.

    Notes
    -----
    Kormann, Schneider & Bartelmann 1994, A&A 284, 285; with a core as in Keeton 2001, astro-ph/0102341, whose `b q` is
    `einstein_radius sqrt(q)` here.
    """
    along, across = rotate(x, y, angle, ops)
    eccentricity = ops.sqrt(ops.maximum((1.0 - axis_ratio) * (1.0 + axis_ratio), _SMALLEST_ECCENTRICITY_SQUARED))
    psi = ops.sqrt(axis_ratio**2 * (core**2 + along**2) + across**2)
    strength = einstein_radius * ops.sqrt(axis_ratio) / eccentricity
    deflection_along = strength * ops.arctan(eccentricity * along / (psi + core))
    deflection_across = strength * ops.arctanh(eccentricity * across / (psi + axis_ratio**2 * core))
    return rotate(deflection_along, deflection_across, -angle, ops)


def shear_deflection(x: Any, y: Any, shear: Any, angle: Any, ops: Any = np) -> tuple[Any, Any]:
    """Deflection by a constant external shear about the origin.

    Parameters
    ----------
    x, y : array
        Position in the image plane, arcsec.
    shear : array
        Shear, dimensionless.
    angle : array
        Direction of the shear, radians counter-clockwise from +x: the potential is `shear/2 r^2 cos 2(phi - angle)`.
    ops : module
        `numpy` or `keras.ops`.

    Returns
    -------
    deflection_x, deflection_y : array
        Deflection in arcsec.
    """
    shear_1, shear_2 = shear * ops.cos(2.0 * angle), shear * ops.sin(2.0 * angle)
    return shear_1 * x + shear_2 * y, shear_2 * x - shear_1 * y


def source_position(
    x: Any,
    y: Any,
    einstein_radius: Any,
    axis_ratio: Any,
    angle: Any,
    shear: Any = 0.0,
    shear_angle: Any = 0.0,
    *,
    ops: Any = np,
) -> tuple[Any, Any]:
    """Lens equation: where in the source plane the light seen at (x, y) comes from.

    Parameters
    ----------
    x, y : array
        Position in the image plane relative to the lens, arcsec.
    einstein_radius, axis_ratio, angle : array
        As in `sie_deflection`; an Einstein radius of 0 with a shear of 0 leaves positions as they are.
    shear, shear_angle : array
        As in `shear_deflection`.
    ops : module
        `numpy` or `keras.ops`.

    Returns
    -------
    x, y : array
        Position in the source plane relative to the lens, arcsec.
    """
    sie_x, sie_y = sie_deflection(x, y, einstein_radius, axis_ratio, angle, ops=ops)
    shear_x, shear_y = shear_deflection(x, y, shear, shear_angle, ops)
    return x - sie_x - shear_x, y - sie_y - shear_y


def inverse_magnification(
    x: np.ndarray,
    y: np.ndarray,
    einstein_radius: float,
    axis_ratio: float,
    angle: float,
    shear: float = 0.0,
    shear_angle: float = 0.0,
) -> np.ndarray:
    """Determinant of the lens mapping's Jacobian, whose zeros are the critical curves.

    Parameters
    ----------
    x, y : ndarray
        Position in the image plane, arcsec.
    einstein_radius, axis_ratio, angle, shear, shear_angle : float
        As in `source_position`; the core is neglected.

    Returns
    -------
    ndarray
        `(1 - convergence)^2 - |shear|^2`, negative inside the tangential critical curve; the magnification at (x, y) is
        one over its absolute value.

    Notes
    -----
    The ellipsoid's own shear has the modulus of its convergence and points to the centre (Kormann et al. 1994).
    """
    along, across = rotate(x, y, angle)
    convergence = einstein_radius / (2.0 * np.sqrt(axis_ratio * along**2 + across**2 / axis_ratio))
    direction = 2.0 * np.arctan2(y, x)
    shear_1 = shear * np.cos(2.0 * shear_angle) - convergence * np.cos(direction)
    shear_2 = shear * np.sin(2.0 * shear_angle) - convergence * np.sin(direction)
    return (1.0 - convergence) ** 2 - shear_1**2 - shear_2**2


def critical_curve(
    einstein_radius: float,
    axis_ratio: float,
    angle: float,
    shear: float = 0.0,
    shear_angle: float = 0.0,
    *,
    points: int = 720,
) -> tuple[np.ndarray, np.ndarray]:
    """Tangential critical curve.

    Parameters
    ----------
    einstein_radius, axis_ratio, angle, shear, shear_angle : float
        As in `source_position`.
    points : int
        Number of points, at equal steps of polar angle.

    Returns
    -------
    x, y : ndarray
        The curve, arcsec, (points,), counter-clockwise.

    Notes
    -----
    Along a ray the ellipsoid's convergence and the modulus of its shear are both `k / r`, so the determinant
    `1 - shear^2 - 2 k (1 - shear cos 2(phi - shear_angle)) / r` has one root for every shear below 1.
    """
    phi = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    along, across = rotate(np.cos(phi), np.sin(phi), angle)
    twice_convergence = einstein_radius / np.sqrt(axis_ratio * along**2 + across**2 / axis_ratio)
    radius = twice_convergence * (1.0 - shear * np.cos(2.0 * (phi - shear_angle))) / (1.0 - shear**2)
    return radius * np.cos(phi), radius * np.sin(phi)


def enclosed_area(x: np.ndarray, y: np.ndarray) -> float:
    """Area inside a closed curve.

    Parameters
    ----------
    x, y : ndarray
        Points along the curve, (points,), the last joined to the first.

    Returns
    -------
    float
        The area, positive when the points run counter-clockwise (shoelace formula).
    """
    return float(0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))

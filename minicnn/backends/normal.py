"""The normal distribution: its density φ(x), and the chance Φ(x) that a draw lies below x.

Φ(-z) = e^(-z²/2) · t · C(t) with t = 4 / (4 + z) for z ≥ 0: t runs from 1 at z = 0 to 0 far out,
and C is so smooth over it that a Chebyshev series of 28 terms is exact to 1e-17. The terms come
from the integrals that define them, evaluated with 60 digits; ``tests/backends/test_normal.py``
holds the function to Python's ``math.erfc``.
"""

from __future__ import annotations

import math
from typing import Any

from minicnn.typing import Array

FAR_OUT = 40.0  # standard deviations: beyond, φ and Φ(-z) are 0 even in float64
STRETCH = 4.0  # t is 1/2 at this many standard deviations
TERMS = (
    0.24261280114151915,
    0.18792720420989265,
    0.05554838891881276,
    0.012129438315111521,
    0.0017314801240606202,
    8.014961859953749e-05,
    -2.5136847908026697e-05,
    -4.725842254926741e-06,
    2.5258922136865774e-07,
    1.536333687349456e-07,
    -8.452550300172939e-10,
    -5.171627015435708e-09,
    -2.8206509081173767e-11,
    1.9435038070971737e-10,
    -2.485356047851177e-12,
    -7.936207374645758e-12,
    4.606201711176235e-13,
    3.2821541166777413e-13,
    -4.353840663163703e-14,
    -1.2268185079261061e-14,
    3.232846081541394e-15,
    3.0451658804315853e-16,
    -2.0130368431552333e-16,
    7.151235360654053e-18,
    1.0142661060838386e-17,
    -1.751600193203649e-18,
    -3.3491885075400896e-19,
    1.5239387274147804e-19,
)


def normal_cdf(xp: Any, x: Array) -> Array:
    """Φ(x) = ½ erfc(-x/√2), element by element, in the dtype of ``x``.

    Small values keep all their digits: nothing is taken from 1 on the left.
    """
    z = xp.minimum(xp.abs(x), FAR_OUT)  # whose square does not overflow
    t = STRETCH / (STRETCH + z)
    tail = xp.exp(-z * z / 2) * t * _chebyshev(2 * t - 1)
    return xp.where(x < 0, tail, 1 - tail)


def normal_density(xp: Any, x: Array) -> Array:
    """φ(x) = e^(-x²/2) / √(2π), the slope of Φ."""
    z = xp.minimum(xp.abs(x), FAR_OUT)
    return xp.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _chebyshev(u: Array) -> Array:
    """Σ TERMS[k] · T_k(u) by Clenshaw's recurrence, from the last term to the first."""
    ahead, beyond = 0 * u, 0 * u
    for term in reversed(TERMS[1:]):
        ahead, beyond = 2 * u * ahead - beyond + term, ahead
    return u * ahead - beyond + TERMS[0]

"""One step of each optimizer, number by number, in the conventions of Keras 3.

Every function returns the new parameter and its new slots and leaves its inputs alone.
p: parameter, g: gradient, m: momentum (first moment), v: velocity (second moment).
"""

import math

import numpy as np

from minicnn.typing import Array


def sgd(
    p: Array, g: Array, m: Array, lr: float, momentum: float, nesterov: bool
) -> tuple[Array, Array]:
    """``m = momentum·m - lr·g``; then p moves by m, or by the m of one step ahead (nesterov)."""
    new_p, new_m = np.zeros(p.shape), np.zeros(p.shape)
    for i in np.ndindex(*p.shape):
        m_i = momentum * float(m[i]) - lr * float(g[i])
        move = momentum * m_i - lr * float(g[i]) if nesterov else m_i
        new_p[i] = float(p[i]) + move
        new_m[i] = m_i
    return new_p.astype(p.dtype), new_m.astype(p.dtype)


def rmsprop(
    p: Array,
    g: Array,
    v: Array,
    lr: float,
    rho: float,
    epsilon: float,
    *,
    momentum: float = 0.0,
    m: Array | None = None,
    mean_g: Array | None = None,
) -> tuple[Array, ...]:
    """``v = rho·v + (1-rho)·g²``; ``p -= lr·g / sqrt(v + epsilon)``: returns ``(p, v)``.

    Giving the slot ``m`` turns momentum on: p moves by ``m = momentum·m + lr·g / sqrt(...)``.
    Giving the slot ``mean_g`` is Keras's ``centered=True``: ``v - mean_g²`` takes v's place.
    (With a small rho and a large constant gradient, slots rounded to float32 can make that
    difference fall below -epsilon: then there is no root, and ``math.sqrt`` raises.)
    The slots that were given come back new, in this order: ``(p, v, m, mean_g)``.
    """
    new_p, new_v = np.zeros(p.shape), np.zeros(p.shape)
    new_m, new_mean_g = np.zeros(p.shape), np.zeros(p.shape)
    for i in np.ndindex(*p.shape):
        g_i = float(g[i])
        v_i = rho * float(v[i]) + (1 - rho) * g_i**2
        spread = v_i
        if mean_g is not None:
            mean_g_i = rho * float(mean_g[i]) + (1 - rho) * g_i
            spread = v_i - mean_g_i**2
            new_mean_g[i] = mean_g_i
        move = lr * g_i / math.sqrt(spread + epsilon)
        if m is not None:
            move = momentum * float(m[i]) + move
            new_m[i] = move
        new_p[i] = float(p[i]) - move
        new_v[i] = v_i
    given = [new_p, new_v]
    if m is not None:
        given.append(new_m)
    if mean_g is not None:
        given.append(new_mean_g)
    return tuple(array.astype(p.dtype) for array in given)


def adam(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    lr: float,
    b1: float,
    b2: float,
    epsilon: float,
) -> tuple[Array, Array, Array]:
    """``p -= alpha·m / (sqrt(v) + epsilon)``, ``alpha = lr·sqrt(1 - b2^t) / (1 - b1^t)``.

    m and v are the running means of g and g²; t counts steps and is 1 at the first.
    """
    alpha = lr * math.sqrt(1 - b2**t) / (1 - b1**t)
    new_p, new_m, new_v = np.zeros(p.shape), np.zeros(p.shape), np.zeros(p.shape)
    for i in np.ndindex(*p.shape):
        m_i = b1 * float(m[i]) + (1 - b1) * float(g[i])
        v_i = b2 * float(v[i]) + (1 - b2) * float(g[i]) ** 2
        new_p[i] = float(p[i]) - alpha * m_i / (math.sqrt(v_i) + epsilon)
        new_m[i] = m_i
        new_v[i] = v_i
    return new_p.astype(p.dtype), new_m.astype(p.dtype), new_v.astype(p.dtype)


def adamw(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    lr: float,
    b1: float,
    b2: float,
    epsilon: float,
    weight_decay: float,
) -> tuple[Array, Array, Array]:
    """First ``p -= p·weight_decay·lr``, then a step of ``adam``."""
    decayed = np.zeros(p.shape)
    for i in np.ndindex(*p.shape):
        decayed[i] = float(p[i]) - float(p[i]) * weight_decay * lr
    new_p, new_m, new_v = adam(decayed, g, m, v, t, lr, b1, b2, epsilon)
    return new_p.astype(p.dtype), new_m.astype(p.dtype), new_v.astype(p.dtype)

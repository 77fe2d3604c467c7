"""Batch normalisation in loops: each channel (last axis) by its own mean and variance."""

import math

import numpy as np

from minicnn.typing import Array


def batchnorm_training(
    x: Array, gamma: Array, beta: Array, epsilon: float
) -> tuple[Array, Array, Array]:
    """Normalise x by its own figures: ``(y, mean, var)``, shaped as x, (C,) and (C,).

    The variance is the population's: divided by the count M, not by M - 1.
    """
    C = x.shape[-1]
    mean, var = np.zeros(C), np.zeros(C)
    for c in range(C):
        values = [float(x[(*i, c)]) for i in np.ndindex(*x.shape[:-1])]
        mean[c] = sum(values) / len(values)
        var[c] = sum((value - float(mean[c])) ** 2 for value in values) / len(values)
    # mean and var are rounded to x's dtype only after y has been made from them
    y = batchnorm_inference(x, gamma, beta, mean, var, epsilon)
    return y, mean.astype(x.dtype), var.astype(x.dtype)


def batchnorm_inference(
    x: Array, gamma: Array, beta: Array, mean: Array, var: Array, epsilon: float
) -> Array:
    """``gamma · (x - mean) / sqrt(var + epsilon) + beta``, by figures given beforehand."""
    y = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        c = i[-1]
        scale = float(gamma[c]) / math.sqrt(float(var[c]) + epsilon)
        y[i] = scale * (float(x[i]) - float(mean[c])) + float(beta[c])
    return y.astype(x.dtype)


def moving_average(old: Array, new: Array, momentum: float) -> Array:
    """The running figure after one more batch: ``momentum·old + (1 - momentum)·new``."""
    out = np.zeros(old.shape)
    for i in np.ndindex(*old.shape):
        out[i] = momentum * float(old[i]) + (1 - momentum) * float(new[i])
    return out.astype(old.dtype)

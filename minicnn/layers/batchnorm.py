"""BatchNorm: every channel with mean 0 and variance 1, then learnt back.

Derivation: docs/derivations/batchnorm.md. Fast version: engine/parts/batchnorm.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import fraction, positive
from minicnn.backends import ops_for
from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params, Shape


class BatchNorm(Layer):
    """x̂ = (x - mean) / σ with σ = √(var + ε), y = γ · x̂ + β, for each channel (the last axis).

    While training, mean and var are the batch's own; afterwards they are the running figures
    in ``state``, which the training loop moves by ``next_state`` after each step.

        x, y (N, ..., C)   gamma, beta, mean, var (C,)

    >>> layer = BatchNorm()
    >>> _ = layer.build((1,), np.random.default_rng(0))
    >>> y, cache = layer.forward(np.array([[1.0], [3.0]]), training=True)
    >>> y.round(3)
    array([[-1.],
           [ 1.]])
    >>> layer.next_state(cache)["mean"]          # 0.99 · 0 + 0.01 · 2
    array([0.02], dtype=float32)
    """

    per_sample = False  # while training, every sample's output depends on the whole batch

    def __init__(
        self, momentum: float = 0.99, epsilon: float = 1e-3, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.momentum = fraction(momentum, "momentum", self.where)
        self.epsilon = positive(epsilon, "epsilon", self.where)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Begin with plain normalisation: γ = 1, β = 0; running mean 0, running variance 1."""
        C = (self.features(input_shape),)
        self.params = {
            "gamma": self.new_param(C, "ones", rng),
            "beta": self.new_param(C, "zeros", rng),
        }
        self.state = {
            "mean": self.new_param(C, "zeros", rng),
            "var": self.new_param(C, "ones", rng),
        }
        return self.built(input_shape, input_shape)

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Normalise, then scale by γ and shift by β."""
        ops = self.check(x)
        if training:
            mean, var = ops.moments(x)
        else:
            mean, var = self.state["mean"].astype(x.dtype), self.state["var"].astype(x.dtype)
        inv_std = 1 / ops.xp.sqrt(var + x.dtype.type(self.epsilon))
        gamma, beta = self.param("gamma", x), self.param("beta", x)
        x_hat, y = ops.normalize(x, mean, inv_std, gamma, beta)
        batch = {"mean": mean, "var": var} if training else None
        return y, {"x_hat": x_hat, "inv_std": inv_std, "batch": batch}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """dγ = Σ dy x̂, dβ = Σ dy, dx = γ/σ · (dy - mean(dy) - x̂ · mean(dy x̂)).

        The two means are there because each x also moves the batch's mean and variance.
        Running figures do not move with x: with them, the two means fall away.
        """
        ops = self.check_dy(dy, like=cache["x_hat"])
        x_hat, inv_std = cache["x_hat"], cache["inv_std"]
        grads = {"gamma": ops.channel_dots(dy, x_hat), "beta": ops.channel_sums(dy)}
        scale = self.param("gamma", dy) * inv_std
        if cache["batch"] is None:
            return scale * dy, grads
        M = dy.dtype.type(dy.size // dy.shape[-1])  # numbers a channel
        mean_dy, mean_dot = grads["beta"] / M, grads["gamma"] / M
        return ops.normalize_backward(dy, x_hat, scale, mean_dy, mean_dot), grads

    def next_state(self, cache: Cache) -> Params:
        """Each running figure moves a little towards the batch's: m · old + (1 - m) · new."""
        if cache["batch"] is None:
            return {}
        ops, batch, m = ops_for(*self.state.values()), cache["batch"], self.momentum
        return {key: ops.move_towards(old, batch[key], m) for key, old in self.state.items()}

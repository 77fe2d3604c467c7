"""A layer of your own: write it, check it, break it, and let the check find the mistake.

python examples/own_layer.py
"""

import numpy as np

import minicnn as mc
from minicnn.testing import check_layer


class Swish(mc.Layer):
    """y = x · sigmoid(s · x), with a slope s to learn for each channel."""

    def build(self, input_shape, rng):
        self.params = {"s": self.new_param((input_shape[-1],), "ones", rng)}
        return self.built(input_shape, input_shape)

    def forward(self, x, training=False):
        self.check(x)
        s = self.param("s", x)
        gate = 1 / (1 + np.exp(-s * x))
        return x * gate, {"x": x, "gate": gate}

    def backward(self, dy, cache):
        x, gate = cache["x"], cache["gate"]
        slope = gate * (1 - gate)  # the sigmoid's derivative
        dx = dy * (gate + x * slope * self.param("s", x))  # product rule: two terms
        ds = dy * x * slope * x
        return dx, {"s": ds.sum(axis=tuple(range(dy.ndim - 1)))}


class ForgetfulSwish(Swish):
    """The same, with the product rule's second term forgotten."""

    def backward(self, dy, cache):
        _, grads = super().backward(dy, cache)
        return dy * cache["gate"], grads


def main() -> None:
    x = np.random.default_rng(0).standard_normal((2, 5, 5, 3))
    print(mc.gradcheck(Swish(), x), "\n")
    print(check_layer(Swish, input_shape=(5, 5, 3)), "\n")
    try:
        mc.gradcheck(ForgetfulSwish(), x)
    except mc.GradientError as error:
        print("Caught:", error)


if __name__ == "__main__":
    main()

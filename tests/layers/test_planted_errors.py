"""The gradient check catches mistakes: four kinds planted in the backward pass of every layer.

A wrong sign, a missing factor, a transposed axis, and a dropped term, in dx and in the gradient
of every parameter, wherever the kind of mistake changes the gradient at all.
"""

import numpy as np
import pytest

import minicnn as mc
from minicnn.testing.layer_table import CASES


def wrong_sign(g):
    return -g


def missing_factor(g):
    return g * 1.01


def transposed_axis(g):
    """Two axes of equal length swapped: the batch is as long as some other axis, or two are."""
    for a in range(g.ndim):
        for b in range(a + 1, g.ndim):
            if g.shape[a] == g.shape[b] > 1:
                return np.swapaxes(g, a, b).copy()
    return g


def dropped_term(g):
    """One entry was forgotten."""
    g = g.copy()
    g.reshape(-1)[np.abs(g).argmax()] = 0
    return g


PLANTS = [wrong_sign, missing_factor, transposed_axis, dropped_term]


def mutant(make, plant, tensor):
    """The layer, with ``plant`` applied to one of the gradients that its backward returns."""
    layer = make()
    kind = type(layer)

    class Mutant(kind):
        def backward(self, dy, cache):
            dx, grads = super().backward(dy, cache)
            if tensor == "x":
                return plant(dx), grads
            return dx, {**grads, tensor: plant(grads[tensor])}

    layer.__class__ = Mutant
    return layer


def right_gradients(make, x, training):
    """The right gradients, at some dy, to see whether a plant changes them."""
    layer = make()
    layer.build(x.shape[1:], np.random.default_rng(0))
    layer.astype(np.float64)
    y, cache = layer.forward(x, training)
    dx, grads = layer.backward(np.random.default_rng(1).standard_normal(y.shape), cache)
    return {"x": dx, **grads}


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("name", CASES)
def test_the_check_catches_it(name, plant):
    make, shape = CASES[name]
    # A batch as long as the first axis, so that every dx has two axes to be mixed up.
    x = np.random.default_rng(3).standard_normal((shape[0], *shape))
    training = name.startswith(("batchnorm", "dropout"))
    caught = 0
    for tensor, gradient in right_gradients(make, x, training).items():
        if np.array_equal(plant(gradient), gradient):
            continue
        for full in (False, True):
            with pytest.raises(mc.GradientError) as error:
                mc.gradcheck(mutant(make, plant, tensor), x, training, full=full)
            assert f"gradient of {tensor} is wrong" in str(error.value)
            assert f"{tensor}[" in str(error.value)
            caught += 1
    assert caught >= 2


class SoftmaxWithoutItsSum(mc.Softmax):
    def backward(self, dy, cache):
        return cache["y"] * dy, {}


class BatchNormThatForgetsTheMean(mc.BatchNorm):
    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        M = dy.size / dy.shape[-1]
        return dx + self.params["gamma"] * cache["inv_std"] * grads["beta"] / M, grads


class BatchNormThatForgetsTheVariance(mc.BatchNorm):
    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        M = dy.size / dy.shape[-1]
        back = self.params["gamma"] * cache["inv_std"] * cache["x_hat"] * grads["gamma"] / M
        return dx + back, grads


class BatchNormWithoutGamma(mc.BatchNorm):
    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        return dx / self.params["gamma"], grads


class ResidualWithoutItsShortcut(mc.Residual):
    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        return dx - dy, grads


class ConcatThatDropsABranch(mc.Concat):
    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        return dx - dy[..., : dx.shape[-1]], grads


class ConvThatForgetsTheLastSample(mc.Conv2D):
    def backward(self, dy, cache):
        dx = super().backward(dy, cache)[0]
        less = dy.copy()
        less[-1] = 0
        return dx, super().backward(less, cache)[1]


class ConvWithTheKernelUnflipped(mc.Conv2D):
    def backward(self, dy, cache):
        kept = self.params["W"]
        self.params["W"] = kept[::-1, ::-1]
        dx = super().backward(dy, cache)[0]
        self.params["W"] = kept
        return dx, super().backward(dy, cache)[1]


class DenseWithItsKernelTransposed(mc.Dense):
    def backward(self, dy, cache):
        grads = super().backward(dy, cache)[1]
        return dy @ self.params["W"], grads


class PoolThatPaysEveryWindowsFirstCell(mc.MaxPool2D):
    def backward(self, dy, cache):
        return super().backward(dy, {"code": cache["code"] * 0})


class AveragePoolThatCountsPadding(mc.AvgPool2D):
    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        dx[:, -1] *= 0.75
        return dx, grads


class DropoutThatForgetsToScale(mc.Dropout):
    def backward(self, dy, cache):
        return dy * (cache["scale"] > 0), {}


class ReLUWithoutItsMask(mc.ReLU):
    def backward(self, dy, cache):
        return dy.copy(), {}


class SigmoidWithHalfItsSlope(mc.Sigmoid):
    def backward(self, dy, cache):
        return dy * cache["y"], {}


@pytest.mark.parametrize(
    ("layer", "shape", "training"),
    [
        (SoftmaxWithoutItsSum(), (4,), False),
        (BatchNormThatForgetsTheMean(), (3, 3, 2), True),
        (BatchNormThatForgetsTheVariance(), (3, 3, 2), True),
        (BatchNormWithoutGamma(), (3, 3, 2), True),
        (BatchNormWithoutGamma(), (3, 3, 2), False),
        (ResidualWithoutItsShortcut(mc.Dense(3)), (3,), False),
        (ConcatThatDropsABranch(mc.Chain(), mc.Dense(2)), (3,), False),
        (ConvThatForgetsTheLastSample(2, 3), (4, 4, 2), False),
        (ConvWithTheKernelUnflipped(2, 3), (5, 5, 2), False),
        (DenseWithItsKernelTransposed(4), (4,), False),
        (PoolThatPaysEveryWindowsFirstCell(2), (4, 4, 2), False),
        (AveragePoolThatCountsPadding(2, padding="same"), (3, 3, 2), False),
        (DropoutThatForgetsToScale(0.5), (4, 4), True),
        (ReLUWithoutItsMask(), (4,), False),
        (SigmoidWithHalfItsSlope(), (4,), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, mc.Layer) else "",
)
def test_it_catches_the_mistakes_that_people_make(layer, shape, training):
    x = np.random.default_rng(0).standard_normal((3, *shape))
    with pytest.raises(mc.GradientError):
        mc.gradcheck(layer, x, training)

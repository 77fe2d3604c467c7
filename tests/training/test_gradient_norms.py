"""GradientNorms writes down the lengths that there are, and leaves the run as it was."""

import numpy as np
import pytest

import minicnn as mc


def trained(*steps):
    model = mc.Sequential(
        [mc.Dense(5, activation="tanh"), mc.Residual(mc.Dense(5)), mc.Dense(1)],
        input_shape=(3,),
        seed=2,
    )
    rng = np.random.default_rng(0)
    model.compile("sgd", "mse", gradients=steps)
    model.fit(rng.standard_normal((12, 3)), rng.standard_normal(12), 4, epochs=2, verbose=0)
    return model


def test_the_lengths_are_those_of_each_layer_s_gradient():
    norms, seen = mc.GradientNorms(), []
    trained(norms, lambda grads, params: seen.append({k: g.copy() for k, g in grads.items()})
            or grads)  # fmt: skip
    assert list(norms.norms) == ["dense_1", "residual_1/dense_1", "dense_2"]
    assert len(seen) == 6
    for layer, lengths in norms.norms.items():
        expected = [np.hypot(*(np.linalg.norm(g[f"{layer}/{k}"]) for k in "Wb")) for g in seen]
        assert lengths == pytest.approx(expected, rel=1e-6)


def test_training_goes_as_if_nobody_looked():
    watched, alone = trained(mc.GradientNorms()), trained(lambda grads, params: grads)
    for a, b in zip(watched.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)

import math

import numpy as np
import pytest

import minicnn as mc
from minicnn import initializers
from minicnn.initializers import fans

SHAPES = [(300, 200), (3, 3, 40, 60), (5, 1, 30, 90)]
VARIANCE = {
    "glorot_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "glorot_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "lecun_normal": lambda fan_in, fan_out: 1 / fan_in,
}
CUT = 0.87962566103423978  # the deviation of a normal that is cut at two deviations


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", VARIANCE)
def test_mean_variance_and_bounds(name, shape):
    draws = initializers.get(name)(shape, np.random.default_rng(1))
    variance = VARIANCE[name](*fans(shape))
    deviation = math.sqrt(variance)
    # The sampling error of a variance is at most √(2/n) of it, that of a mean σ/√n: five of each.
    assert draws.shape == shape
    assert abs(draws.var() / variance - 1) < 5 * math.sqrt(2 / draws.size)
    assert abs(draws.mean()) < 5 * deviation / math.sqrt(draws.size)
    bound = deviation * (math.sqrt(3) if name.endswith("uniform") else 2 / CUT)
    assert 0.99 * bound < np.abs(draws).max() <= bound


@pytest.mark.parametrize(
    ("name", "within_one"), [("he_uniform", 0.5773503), ("he_normal", 0.71525)]
)
def test_the_kind_of_distribution(name, within_one):
    """How much lies within one deviation: of a uniform 1/√3, of a cut normal 0.6827/0.9545."""
    draws = initializers.get(name)((500, 400), np.random.default_rng(2))
    unit = math.sqrt(2 / 500) / (1 if name == "he_uniform" else CUT)
    assert np.mean(np.abs(draws) < unit) == pytest.approx(within_one, abs=0.006)


def test_zeros_and_ones():
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(initializers.get("zeros")((2, 3), rng), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.get("ones")((2, 3), rng), np.ones((2, 3)))


@pytest.mark.parametrize("name", VARIANCE)
def test_the_draws_come_from_the_generator_alone(name):
    initialize = initializers.get(name)
    one, same, other = (initialize((20, 30), np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).all()


def test_a_function_of_one_s_own():
    layer = mc.Dense(2, kernel_initializer=lambda shape, rng: np.full(shape, 7.0))
    layer.build((3,), np.random.default_rng(0))
    np.testing.assert_array_equal(layer.params["W"], np.full((3, 2), 7.0, np.float32))


@pytest.mark.parametrize("groups", [1, 4])
def test_a_kernel_s_fan_counts_what_a_unit_really_sees(groups):
    layer = mc.Conv2D(400, 3, groups=groups, kernel_initializer="he_uniform")
    layer.build((5, 5, 40), np.random.default_rng(0))
    limit = math.sqrt(6 / (3 * 3 * 40 / groups))
    assert 0.99 * limit < np.abs(layer.params["W"]).max() <= limit


@pytest.mark.parametrize("name", VARIANCE)
def test_a_shape_with_one_axis_counts_as_in_and_out(name):
    assert fans((40,)) == (40, 40)
    assert fans(()) == (1, 1)
    assert initializers.get(name)((40,), np.random.default_rng(0)).shape == (40,)


@pytest.mark.parametrize("layer", [lambda **k: mc.Dense(2, **k), lambda **k: mc.Conv2D(2, 3, **k)])
def test_an_unknown_initializer_is_noticed_when_the_layer_is_made(layer):
    with pytest.raises(mc.ConfigError, match=r"expected an initializer.*got 'he'"):
        layer(kernel_initializer="he")

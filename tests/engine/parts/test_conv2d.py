"""Every way in which a convolution goes about its strips is the plain loop's convolution."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine, PlainEngine, engine_options
from minicnn.engine.parts.conv2d import ConvPart
from minicnn.engine.planner.planner import plan_for
from minicnn.engine.planner.purpose import Purpose
from tests.engine.test_equality import close

# C, F, height and width of the maps, kernel, strides, pool: wide enough that kernels are cut into
# parts, that a product for each of the kernel's rows is quicker, or one for all windows.
WIDE = [
    (48, 64, (20, 21), 3, 1, None),
    (64, 48, (20, 19), 3, 1, None),
    (64, 32, (24, 24), 3, 1, 2),
    (32, 64, (36, 36), 3, 1, 2),
    (64, 64, (10, 11), 3, 1, 2),
    (32, 128, (9, 9), 3, 2, None),
    (16, 128, (15, 16), (5, 3), (1, 2), (1, 3)),
    (3, 16, (30, 31), 3, 1, 2),
    (1, 6, (28, 28), 5, 1, 2),
    (8, 16, (31, 34), 5, 2, None),
]


def network(C, F, size, kernel, strides, pool, dtype="float64"):
    """A convolution that stands between others, so that maps of both layouts reach it."""
    layers = [mc.Conv2D(C, 2, activation="relu")]
    layers += [mc.Conv2D(F, kernel, strides, "same", activation="relu")]
    layers += [mc.MaxPool2D(pool)] if pool else []
    layers += [mc.Conv2D(C, 2)]
    chain = mc.Chain(*layers)
    chain.build((*size, 3), np.random.default_rng(1))
    return chain.astype(dtype)


def agrees(chain, n=3, **options):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((n, *chain.input_shape))
    plain, engine = PlainEngine(chain), Engine(chain)
    expected, plain_cache = plain.forward(x, True)
    with engine_options(**options):
        for _ in range(2):
            y, cache = engine.forward(x, True)
            close(y, expected)
            close(engine.infer(x), expected)
            dy = rng.standard_normal(y.shape)
            grads, expected_grads = engine.backward(dy, cache), plain.backward(dy, plain_cache)
            for path, gradient in grads.items():
                close(gradient, expected_grads[path], 1e-11)


@pytest.mark.parametrize("options", [{}, {"strips": False}, {"small_products": False}], ids=repr)
@pytest.mark.parametrize("shape", WIDE, ids=repr)
def test_wide_convolutions(shape, options):
    agrees(network(*shape), **options)


@pytest.fixture
def soiled(monkeypatch):
    """Memory that is used again has the worst in it."""
    from minicnn.engine.memory.buffers import Buffers

    take = Buffers.take

    def soil(self, name, shape, dtype):
        array = take(self, name, shape, dtype)
        array.fill(True if array.dtype == np.bool_ else np.nan)
        return array

    monkeypatch.setattr(Buffers, "take", soil)


@pytest.mark.parametrize("shape", WIDE, ids=repr)
def test_nothing_is_read_that_was_not_written(shape, soiled):
    agrees(network(*shape))


def convolutions_of(chain):
    purpose = Purpose(training=True, backward=True, dtype=np.dtype("float32"), convert=False)
    return [part for part in plan_for(chain, purpose).parts() if isinstance(part, ConvPart)]


def test_the_wide_ones_take_every_way():
    parts = [part for shape in WIDE for part in convolutions_of(network(*shape))]
    products = [pair for part in parts for pair in part.along.values()]
    found = [strips for strips, _ in products] + [back.back for _, back in products if back.back]
    assert any(strips.shared and strips.apart > 1 for strips in found)
    assert any(strips.shared and strips.step > 1 for strips in found)
    assert any(not strips.shared for strips in found)
    assert {strips.parts for strips in found} >= {1, 2}
    assert {strips._sizes(3).gradient.chunks == 1 for strips in found} == {True, False}
    assert any(back.back for _, back in products)
    assert {back.lines.parts for _, back in products if back.lines} >= {1}
    assert any(back.lines is None and back.back is None for _, back in products)  # scattered
    assert {part.lends for part in parts} == {True, False}


def test_what_no_window_sees_reaches_nothing():
    chain = mc.Chain(mc.Conv2D(4, 3, strides=2))
    chain.build((26, 26, 3), np.random.default_rng(0))
    x = np.random.default_rng(1).random((2, 26, 26, 3), np.float32)
    x[:, 25], x[:, :, 25] = np.nan, np.nan
    y, cache = Engine(chain).forward(x, training=True)
    grads = Engine(chain).backward(np.ones_like(y), cache)
    assert np.isfinite(y).all()
    assert all(np.isfinite(gradient).all() for gradient in grads.values())


def test_switches_may_be_set_between_the_ways():
    chain = network(64, 32, (20, 20), 3, 1, None)
    x = np.random.default_rng(0).random((2, 20, 20, 3))
    engine = Engine(chain)
    y, cache = engine.forward(x, training=True)
    expected = engine.backward(np.ones_like(y), cache)
    y, cache = engine.forward(x, training=True)
    with engine_options(small_products=False, strips=False):
        grads = engine.backward(np.ones_like(y), cache)
    for path, gradient in grads.items():
        close(gradient, expected[path])

"""Pictures varied on the device are those that NumPy and Pillow make, under the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.data.augment import (
    Augmentation,
    Brightness,
    Contrast,
    Flip,
    RandomCrop,
    Rotation,
    Zoom,
    classic,
)
from minicnn.randomness import generator
from tests.backends.gpu.test_training import assert_same_weights
from tests.strategies import seeds

MOVES = st.sampled_from([(), (Flip(p=1),), (Rotation(180),), (Rotation(20), Zoom(0.5), Flip())])
LIGHTS = st.sampled_from([(), (Brightness(0.5),), (Contrast(0.9), Brightness(0.3), Contrast(0.5))])
FILLS = st.sampled_from(["nearest", "reflect", (200, 3, 77)])


CROPS = Augmentation(RandomCrop(0.4), size=8)


def pictures(x, augment, seed=0):
    return mc.data.Pictures(x, np.arange(len(x)) % 2, 4, True, seed, augment, threads=0)


@given(size=st.tuples(st.integers(1, 17), st.integers(1, 17)), moves=MOVES, lights=LIGHTS,
       fill=FILLS, new_size=st.none() | st.tuples(st.integers(1, 17), st.integers(1, 17)),
       seed=seeds)  # fmt: skip
def test_a_picture_is_varied_as_on_the_cpu(cupy_ops, size, moves, lights, fill, new_size, seed):
    x = generator(seed, "pictures").integers(0, 256, (3, *size, 3), dtype=np.uint8)
    data = pictures(x, Augmentation(*moves, *lights, fill=fill, size=new_size), seed)
    places = np.array([2, 0])
    draws = data.draws(1, places)
    expected = data._batch(1, places).x.astype(int)
    found = cupy_ops.vary(
        cupy_ops.asarray(x), cupy_ops.asarray(places.astype(np.int32)),
        cupy_ops.asarray(draws.matrices), cupy_ops.asarray(draws.factors), draws.lights,
        draws.beyond, draws.size,
    ).get()  # fmt: skip
    assert found.dtype == np.uint8
    off = abs(found.astype(int) - expected)
    # A level that is rounded the other way is stretched by a change of contrast behind it.
    assert (off <= 1 + 2 * len(lights)).mean() > 0.98
    if not lights and fill in ("nearest", "reflect"):
        assert off.max() <= 1


def test_an_identity_changes_no_byte(cupy_ops):
    x = generator(0, "pictures").integers(0, 256, (5, 9, 8, 3), dtype=np.uint8)
    draws = pictures(x, Augmentation()).draws(0, np.arange(5))
    order = cupy_ops.asarray(np.arange(5, dtype=np.int32))
    matrices, factors = cupy_ops.asarray(draws.matrices), cupy_ops.asarray(draws.factors)
    found = cupy_ops.vary(cupy_ops.asarray(x), order, matrices, factors, (), (0, 0), (9, 8))
    np.testing.assert_array_equal(found.get(), x)


@pytest.mark.parametrize("recipe", ["classic", Augmentation(Flip(), Brightness(0.2)), CROPS])
def test_a_run_on_varied_pictures(cupy_ops, recipe):
    x = generator(0, "pictures").integers(0, 256, (22, 10, 9, 3), dtype=np.uint8)
    size = (8, 8, 3) if recipe is CROPS else (10, 9, 3)
    weights = []
    for backend in ("cupy", "numpy"):
        with mc.use_backend(backend):
            layers = [mc.Conv2D(3, 3), mc.Flatten(), mc.Dense(1, "sigmoid")]
            model = mc.Sequential(layers, size)
            model.compile(mc.SGD(0.01), "binary_crossentropy", metrics=["accuracy"])
            model.fit(pictures(x, recipe), epochs=2, verbose=0)
            weights.append(model)
    assert_same_weights(*weights, rtol=5e-3, atol=2e-4)


def test_what_only_a_function_knows_is_done_on_the_cpu():
    x = np.zeros((4, 8, 8, 3), np.uint8)
    assert pictures(x, None).bytes() == pictures(x, classic()).bytes() == x.nbytes
    assert pictures(x, lambda picture, rng: picture).bytes() is None
    assert pictures(x, Augmentation(lambda picture, rng: picture)).bytes() is None

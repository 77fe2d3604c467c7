"""Kernels that do several steps in one give what the steps give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.backends import cupy_training
from minicnn.backends.numpy_ops import NumpyOps
from minicnn.metrics import confusion_matrix
from tests.strategies import dtypes, seeds

KINDS = {"sigmoid": mc.BinaryCrossentropy, "softmax": mc.CategoricalCrossentropy}


def loosely(dtype):
    return 3e-5 if dtype == np.float32 else 1e-11


@pytest.mark.parametrize("kind", KINDS)
@given(
    leading=st.sampled_from([(1,), (7,), (130,), (3, 4, 5)]),
    K=st.sampled_from([1, 2, 5, 129]),
    dtype=dtypes, seed=seeds, size=st.sampled_from([1.0, 100.0]),
)  # fmt: skip
def test_a_loss_in_one_stroke_is_the_loss(cupy_ops, kind, leading, K, dtype, seed, size):
    rng = np.random.default_rng(seed)
    z = (rng.standard_normal((*leading, K)) * size).astype(dtype)
    y = rng.random(z.shape)
    y = (y > 0.5 if kind == "sigmoid" else y / y.sum(axis=-1, keepdims=True)).astype(dtype)
    weight = rng.random(leading[0])
    loss = KINDS[kind](from_logits=True)
    value, cache = loss.forward(z.astype(float), y.astype(float), weight)
    there, theirs = loss.forward(cupy_ops.asarray(z), cupy_ops.asarray(y), weight)
    assert "slope" in theirs
    assert there.dtype == dtype
    loose = loosely(dtype)
    np.testing.assert_allclose(float(there), value, rtol=loose, atol=loose)
    slope = loss.backward(theirs).get()
    np.testing.assert_allclose(slope, loss.backward(cache), rtol=loose, atol=loose)
    p = getattr(NumpyOps(), kind)(z.astype(float))
    np.testing.assert_allclose(theirs["probabilities"].get(), p, rtol=loose, atol=loose)


@pytest.mark.parametrize("kind", KINDS)
def test_a_logit_that_is_no_number_makes_a_loss_that_is_none(cupy_ops, kind):
    z, y = cupy_ops.xp.zeros((200, 3)), cupy_ops.xp.zeros((200, 3))
    z[150, 1] = np.nan
    share = cupy_ops.xp.ones(200)
    assert np.isnan(float(cupy_ops.crossentropy(kind, z, y, share)[0]))


@given(
    sizes=st.lists(st.sampled_from([0, 1, 5, 4096, 4097, 9000]), min_size=1, max_size=5),
    many=st.integers(0, 40), dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_all_parameters_in_one_launch(cupy_ops, sizes, many, dtype, seed):
    rng = np.random.default_rng(seed)
    sizes += [3] * many
    params = {str(i): rng.standard_normal(n).astype(dtype) for i, n in enumerate(sizes)}
    grads = {k: rng.standard_normal(p.shape).astype(dtype) for k, p in params.items()}
    there = {k: cupy_ops.asarray(p) for k, p in params.items()}
    here, other = mc.AdamW(0.1), mc.AdamW(0.1)
    for _ in range(2):
        here.apply(params, grads)
        other.apply(there, {k: cupy_ops.asarray(g) for k, g in grads.items()})
    for k, p in params.items():
        np.testing.assert_allclose(
            there[k].get(), p, rtol=loosely(dtype), atol=loosely(dtype), err_msg=k
        )


def test_the_table_is_the_structs_size():
    text = (mc.backends.kernels.FOLDER / "optimizers.cu").read_text("utf-8")
    assert f"MOST = {cupy_training.MOST}, CHUNK = {cupy_training.CHUNK};" in text
    assert cupy_training.TABLE.itemsize < 4096  # what a launch may carry


@given(rows=st.integers(1, 700), C=st.sampled_from([1, 3, 32, 40]), dtype=dtypes, seed=seeds)
def test_an_activation_and_a_bias_on_the_way_back(cupy_ops, rows, C, dtype, seed):
    rng = np.random.default_rng(seed)
    dy, y = (rng.standard_normal((rows, C)).astype(dtype) for _ in range(2))
    slopes = {"relu": y > 0, "sigmoid": y * (1 - y), "tanh": 1 - y * y}
    for activation, slope in slopes.items():
        up = cupy_ops.asarray
        dz, db = cupy_ops.slope_and_sums(activation, up(dy), up(y))
        # A GPU takes 1 - y y in one go, rounded once: where y is near 1, that shows.
        np.testing.assert_allclose(dz.get(), dy * slope, rtol=1e-6, atol=1e-6)
        expected = (dy * slope).astype(float).sum(axis=0)
        np.testing.assert_allclose(db.get(), expected, rtol=1e-4, atol=1e-4)
    assert cupy_ops.slope_and_sums("softmax", cupy_ops.asarray(dy), cupy_ops.asarray(y)) is None


@given(
    n=st.integers(1, 300), K=st.sampled_from([1, 2, 3, 7]), threshold=st.floats(0.1, 0.9),
    dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_answers_are_counted_as_in_the_confusion_matrix(cupy_ops, n, K, threshold, dtype, seed):
    rng = np.random.default_rng(seed)
    said = rng.integers(0, 5, (n, K)).astype(dtype) / 4  # with ties, and at times on the threshold
    true = rng.integers(0, max(K, 2), n).astype(np.int32)
    figures = cupy_ops.xp.zeros(6 + max(K, 2) ** 2, np.float64)
    figures[3] = -1
    with cupy_ops.counting_into(figures):
        cupy_ops.count_answers(cupy_ops.asarray(said), cupy_ops.asarray(true), 6, threshold)
    expected = confusion_matrix(true, said, threshold)
    np.testing.assert_array_equal(figures.get()[6:].reshape(expected.shape), expected)


def test_a_bad_step_stops_the_figures_and_the_weights(cupy_ops):
    xp = cupy_ops.xp
    figures, p, g = xp.zeros(10, np.float64), xp.ones(5), xp.ones(5)
    figures[3] = -1
    with cupy_ops.counting_into(figures):
        for loss in (1.0, np.nan, 2.0):
            cupy_ops.tally(xp.full((), loss, np.float32), 4)
            mc.SGD(0.5).apply({"p": p}, {"p": g})
            state = cupy_ops.move_towards(xp.ones(2), xp.zeros(2), 0.5)
            cupy_ops.count_answers(xp.ones((1, 1)), xp.zeros(1, np.int32), 6, 0.5)
    total, samples, steps, bad, value, infinite, *table = figures.get().tolist()
    assert (total, samples, steps, bad, infinite, sum(table)) == (4, 4, 3, 1, 0, 1)
    assert np.isnan(value)
    assert p.tolist() == [0.5] * 5
    assert state.tolist() == [1, 1]


def test_an_input_that_is_infinite_is_a_bad_step(cupy_ops):
    figures = cupy_ops.xp.zeros(6, np.float64)
    figures[3] = -1
    x = np.zeros(3000, np.float32)
    x[2999] = -np.inf
    with cupy_ops.counting_into(figures):
        cupy_ops.look_finite(cupy_ops.asarray(x))
        cupy_ops.tally(cupy_ops.xp.ones((), np.float32), 1)
    assert figures.get()[[3, 5]].tolist() == [0, 1]


@given(dtype=dtypes, seed=seeds)
def test_samples_are_gathered_and_scaled_at_once(cupy_ops, dtype, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (6, 5, 7, 3)).astype(np.uint8)
    order = rng.integers(0, 6, 4).astype(np.int32)
    found = cupy_ops.gather(cupy_ops.asarray(x), cupy_ops.asarray(order), dtype)
    np.testing.assert_array_equal(found.get(), NumpyOps().floats(x[order], dtype))
    floats = cupy_ops.gather(cupy_ops.asarray(x.astype(dtype)), cupy_ops.asarray(order), dtype)
    np.testing.assert_array_equal(floats.get(), x[order])


@pytest.mark.parametrize("leading", [(3,), (2, 5), (2, 3, 4)])
def test_a_product_over_any_number_of_axes_is_one_launch(cupy_ops, leading):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((*leading, 6)), rng.standard_normal((4, 6)).T
    found = cupy_ops.product(cupy_ops.asarray(a), cupy_ops.asarray(np.ascontiguousarray(b.T)).T)
    np.testing.assert_allclose(found.get(), a @ b, rtol=1e-12)

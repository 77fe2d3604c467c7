"""What every loss promises: its slope, its weights, its shapes, its dtypes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn import losses
from tests.strategies import dtypes, seeds, untouched

LOSSES = {
    "binary": mc.BinaryCrossentropy(),
    "binary from logits": mc.BinaryCrossentropy(from_logits=True),
    "categorical": mc.CategoricalCrossentropy(),
    "categorical from logits": mc.CategoricalCrossentropy(from_logits=True),
    "sparse": mc.SparseCategoricalCrossentropy(),
    "sparse from logits": mc.SparseCategoricalCrossentropy(from_logits=True),
    "squares": mc.MeanSquaredError(),
    "huber": mc.Huber(0.7),
    "dice": mc.Dice(),
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
leading = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)


def predictions_and_labels(loss, shape, K, seed, dtype=np.float64):
    """Random predictions (N, ..., K) that the loss takes, and labels that fit it."""
    rng = np.random.default_rng(seed)
    y_pred = rng.standard_normal((*shape, K))
    if not loss.from_logits and loss.activation:
        y_pred = rng.uniform(0.05, 0.95, (*shape, K))
    if isinstance(loss, mc.SparseCategoricalCrossentropy):
        y_true = rng.integers(0, K, shape)
    else:
        y_true = rng.uniform(0, 1, (*shape, K))  # they needn't add up to one
    return y_pred.astype(dtype), y_true


@every_loss
@given(shape=leading, K=st.integers(2, 4), seed=seeds)
def test_backward_is_the_slope_of_forward(loss, shape, K, seed):
    y_pred, y_true = predictions_and_labels(loss, shape, K, seed)
    weight = np.random.default_rng(seed).uniform(0, 2, shape[0])
    slope = loss.backward(loss.forward(y_pred, y_true, weight)[1])
    assert slope.shape == y_pred.shape
    for index in np.ndindex(*y_pred.shape):
        nudge = np.zeros(y_pred.shape)
        nudge[index] = 1e-6
        up, down = (loss.forward(y_pred + s * nudge, y_true, weight)[0] for s in (1, -1))
        assert slope[index] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-8)


@every_loss
@given(shape=leading, K=st.integers(2, 4), seed=seeds, dtype=dtypes)
def test_inputs_stay_as_they_were_and_the_slope_keeps_the_dtype(loss, shape, K, seed, dtype):
    y_pred, y_true = predictions_and_labels(loss, shape, K, seed, dtype)
    with untouched(y_pred, y_true):
        value, cache = loss.forward(y_pred, y_true)
        slope = loss.backward(cache)
    assert np.ndim(value) == 0
    assert slope.dtype == y_pred.dtype == np.asarray(value).dtype


@pytest.mark.parametrize("loss", [loss for loss in LOSSES.values() if loss.per_place], ids=str)
@given(shape=leading, K=st.integers(2, 4), seed=seeds)
def test_any_leading_shape_is_a_longer_batch(loss, shape, K, seed):
    """A label for every pixel: the mean over all places."""
    y_pred, y_true = predictions_and_labels(loss, shape, K, seed)
    flat_true = y_true.reshape(-1, *y_true.shape[len(shape) :])
    value, cache = loss.forward(y_pred, y_true)
    flat_value, flat_cache = loss.forward(y_pred.reshape(-1, K), flat_true)
    assert value == pytest.approx(flat_value)
    slopes = loss.backward(cache).reshape(-1, K)
    np.testing.assert_allclose(slopes, loss.backward(flat_cache), rtol=1e-12)


@every_loss
@given(N=st.integers(1, 5), seed=seeds)
def test_a_weight_counts_a_sample_so_many_times_but_the_mean_is_over_the_samples(loss, N, seed):
    y_pred, y_true = predictions_and_labels(loss, (N,), 3, seed)
    weight = np.random.default_rng(seed).uniform(0, 2, N)
    alone = [float(loss.forward(y_pred[n : n + 1], y_true[n : n + 1])[0]) for n in range(N)]
    value, cache = loss.forward(y_pred, y_true, weight)
    assert value == pytest.approx(np.dot(weight, alone) / N)  # Keras's "sum over batch size"
    plain = loss.backward(loss.forward(y_pred, y_true)[1])
    np.testing.assert_allclose(loss.backward(cache), weight[:, None] * plain, rtol=1e-12)


@pytest.mark.parametrize("loss", [mc.BinaryCrossentropy(), mc.MeanSquaredError()], ids=repr)
def test_a_plain_list_of_labels_for_a_single_output(loss):
    y_pred = np.array([[0.2], [0.7]])
    one, two = (loss.forward(y_pred, labels)[0] for labels in ([0, 1], [[0], [1]]))
    assert one == two


def test_losses_by_name():
    for name, kind in losses.BY_NAME.items():
        assert type(losses.get(name)) is kind
    loss = mc.BinaryCrossentropy(from_logits=True)
    assert losses.get(loss) is loss
    assert repr(loss) == "BinaryCrossentropy(from_logits=True)"


def test_on_logits_is_another_loss():
    loss = mc.BinaryCrossentropy()
    assert loss.on_logits().from_logits
    assert not loss.from_logits


def test_weights_that_do_not_fit():
    with pytest.raises(mc.ShapeError, match=r"one weight for each of the 2 samples.*\(3,\)"):
        mc.MeanSquaredError().forward(np.ones((2, 1)), [0, 1], np.ones(3))


class Absolute(mc.Loss):
    """A loss of a user's own, with nothing but what it must have."""

    def __init__(self):  # and without super().__init__()
        pass

    def each(self, y_pred, y_true, ops):
        return abs(y_pred - y_true).mean(axis=-1)

    def slope(self, y_pred, y_true, ops):
        return ops.xp.sign(y_pred - y_true) / y_pred.shape[-1]


def test_a_loss_of_one_s_own_needs_two_methods():
    model = mc.Sequential([mc.Dense(2)], input_shape=(3,))
    model.compile("sgd", Absolute())
    x = np.random.default_rng(0).standard_normal((8, 3))
    losses_ = model.fit(x, x[:, :2], epochs=5, verbose=0).history["loss"]
    assert losses_[-1] < losses_[0]
    assert Absolute.name == "Absolute"


class KeepsTheAxis(Absolute):
    def each(self, y_pred, y_true, ops):
        return abs(y_pred - y_true)


class LosesTheAxis(Absolute):
    def slope(self, y_pred, y_true, ops):
        return ops.xp.sign(y_pred - y_true).mean(axis=-1)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (KeepsTheAxis, r"KeepsTheAxis.each: .*\(4,\), got \(4, 2\)"),
        (LosesTheAxis, r"LosesTheAxis.slope: .*\(4, 2\), got \(4,\)"),
    ],
)
def test_a_loss_of_one_s_own_that_gives_the_wrong_shape_is_blamed(loss, says):
    model = mc.Sequential([mc.Dense(2)], input_shape=(3,))
    model.compile("sgd", loss())
    with pytest.raises(mc.ConfigError, match=says):
        model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)


P = np.array([[0.2, 0.8], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: mc.BinaryCrossentropy("yes"), "from_logits True or False, got 'yes'"),
        (lambda: mc.MeanSquaredError().forward(np.array([[1], [0]]), [1, 0]), "got int.* of"),
        (lambda: mc.MeanSquaredError().forward([0.5], [1]), "floats, got list"),
        (lambda: mc.MeanSquaredError().forward(P, P, [-1, 1]), "at least 0, got -1"),
        (lambda: mc.BinaryCrossentropy().forward(P[:, :1], np.eye(2)), r"one-hot rows, y\[:, 1\]"),
        (lambda: mc.CategoricalCrossentropy().forward(P, np.ones((2, 2))), "single 1, got.* 2;"),
        (lambda: mc.CategoricalCrossentropy().forward(P, np.zeros((2, 2))), "single 1, got.* 0;"),
    ],
)
def test_what_a_loss_cannot_take(make, says):
    with pytest.raises(mc.MinicnnError, match=says):
        make()


@pytest.mark.parametrize("loss", [mc.BinaryCrossentropy(True), mc.MeanSquaredError()], ids=repr)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("places", [(), (3, 2)])
def test_shares_of_a_batch_add_up_to_it(loss, weighted, places):
    """With ``of`` each share knows the number of all samples: values are summed, slopes joined."""
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((7, *places, 1)), rng.integers(0, 2, (7, *places, 1))
    weight = rng.random(7) if weighted else None
    value, cache = loss.forward(z, y, weight)
    shares = [
        loss.forward(z[rows], y[rows], None if weight is None else weight[rows], of=7)
        for rows in (slice(0, 2), slice(2, 3), slice(3, 7))
    ]
    np.testing.assert_allclose(sum(share for share, _ in shares), value, rtol=1e-12)
    slopes = [loss.backward(its_cache) for _, its_cache in shares]
    np.testing.assert_allclose(np.concatenate(slopes), loss.backward(cache), rtol=1e-12)


def test_a_backend_knows_no_lines_that_were_written_anew():
    class Shifted(mc.BinaryCrossentropy):
        def each(self, y_pred, y_true, ops):
            return super().each(y_pred, y_true, ops) + 1

    class Sparse(mc.SparseCategoricalCrossentropy):
        pass

    assert mc.BinaryCrossentropy.known
    assert Sparse.known
    assert not Shifted.known
    assert not mc.MeanSquaredError.known

"""The engine is invisible: it computes what the plain loop over the layers computes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.engine import Engine, PlainEngine, engine_options
from minicnn.layers.inputs import floats
from tests.effort import examples
from tests.engine.networks import networks


@pytest.fixture(autouse=True)
def threads_again():
    yield
    mc.set_threads(None)


SWITCHES = [
    "pool_first",
    "strips",
    "small_products",
    "fast_norm",
    "fast_conv",
    "threads",
    "hold_blas",
    "split_dense",
    "reuse",
    "record",
    "fused_update",
    "split_update",
]


@st.composite
def situations(draw):
    """A network, a batch for it, and how the engine is to go about it."""
    network = draw(networks())
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    n = draw(st.integers(1, 9))
    if draw(st.booleans()):
        x = rng.integers(0, 256, (n, *network.input_shape), dtype=np.uint8)
    else:
        x = rng.standard_normal((n, *network.input_shape))
    options = {"block": draw(st.sampled_from([None, 1, 2, 3, 100]))}
    options |= dict.fromkeys(draw(st.sets(st.sampled_from(SWITCHES), max_size=2)), False)
    return network, x, draw(st.integers(1, 4)), options


def close(a, b, rtol=1e-12, at_least=1e-3, shaken=None):
    """Equal within ``rtol`` of the largest number, or of ``at_least`` if all are tiny.

    With ``shaken``, what b is for an input with a little rounding, ten times that is allowed too.
    """
    scale = max(float(np.abs(b).max(initial=0)), at_least)
    rounding = 0 if shaken is None else 10 * float(np.abs(shaken - b).max(initial=0))
    np.testing.assert_allclose(a, b, rtol=0, atol=rtol * scale + rounding)


def gradients_of(plain, x, training, dy):
    _, cache = plain.forward(x, training)
    return plain.backward(dy, cache)


@given(situations(), st.sampled_from([False, True, mc.Moment(3, 1, 4)]))
def test_training_is_that_of_the_plain_loop(situation, training):
    network, x, threads, options = situation
    mc.set_threads(threads)
    engine, plain = Engine(network), PlainEngine(network)
    rng = np.random.default_rng(0)
    for _ in range(4):  # then in memory that is used again, and then from recordings
        x = np.ascontiguousarray(x[::-1])  # elsewhere, and other pictures
        for p in network.params.values():
            p *= rng.uniform(0.9, 1.1)
        expected, plain_cache = plain.forward(floats(x, network), training)
        with engine_options(**options):
            y, cache = engine.forward(x, training)
            close(y, expected)
            assert y.dtype == expected.dtype
            dy = rng.standard_normal(y.shape)
            grads = engine.backward(dy.copy(), cache)
        expected_grads = plain.backward(dy, plain_cache)
        nearly = floats(x, network) * (1 + 1e-15 * rng.standard_normal(x.shape))
        shaken = gradients_of(plain, nearly, training, dy)  # a BatchNorm may make much of little
        assert list(grads) == list(expected_grads)
        # A bias before a BatchNorm has a gradient of zero: only rounding is left to compare.
        usual = 0.1 * max((float(np.abs(g).max()) for g in expected_grads.values()), default=1)
        for path, gradient in grads.items():
            close(gradient, expected_grads[path], 1e-11, usual, shaken[path])
            assert gradient.dtype == np.float64
        state, expected_state = engine.next_state(cache), network.next_state(plain_cache)
        assert set(state) == set(expected_state)
        for path, value in state.items():
            close(value, expected_state[path])


@given(situations())
def test_prediction_is_that_of_the_plain_loop(situation):
    network, x, threads, options = situation
    mc.set_threads(threads)
    before = x.copy()
    expected = network.infer(floats(x, network))
    engine = Engine(network)
    with engine_options(**options):
        for _ in range(2):
            close(engine.infer(x), expected)
            close(engine.infer(x[::-1]), expected[::-1])
            close(engine.infer(x[:1]), expected[:1])
    np.testing.assert_array_equal(x, before)


@examples(15)
@given(situations())
def test_the_number_of_threads_changes_no_bit(situation):
    network, x, _, options = situation
    results = []
    for threads in (1, 2, 3, 4):
        mc.set_threads(threads)
        engine = Engine(network)
        with engine_options(**options):
            y, cache = engine.forward(x, training=True)
            grads = engine.backward(np.ones_like(y), cache)
            results.append((y, engine.infer(x), *grads.values()))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@examples(15)
@given(situations())
def test_float32_agrees_within_rounding(situation):
    network, x, threads, options = situation
    mc.set_threads(threads)
    network.astype("float32")
    expected = network.infer(floats(x, network))
    with engine_options(**options):
        y = Engine(network).infer(x)
    assert y.dtype == np.float32
    close(y, expected, 1e-4)


def ready_model(dtype="float64"):
    """A network with everything that has a fast way of its own, the large Dense included."""
    model = mc.Sequential(
        [
            mc.Conv2D(8, 3, activation="relu"),
            mc.MaxPool2D(2),
            mc.Conv2D(16, 3),
            mc.ReLU(),
            mc.MaxPool2D(3),
            mc.BatchNorm(),
            mc.Residual(mc.Chain(mc.Conv2D(16, 3, padding="same"), mc.BatchNorm(), mc.ReLU())),
            mc.Flatten(),
            mc.Dense(700, activation="relu"),
            mc.Dropout(0.3),
            mc.Dense(200, activation="tanh"),
            mc.Dense(1, activation="sigmoid"),
        ],
        input_shape=(34, 35, 3),
        seed=3,
    )
    return model.astype(dtype)


# Adam's epsilon is large here: its own 1e-7 stands beside the root, so that a gradient which is
# nothing but rounding would be divided by its own size and come out as a whole step.
OPTIMIZERS = [
    mc.RMSprop(1e-3, momentum=0.9, centered=True),
    mc.Adam(1e-3, epsilon=1e-3),
    mc.AdamW(1e-3, epsilon=1e-3),
    mc.SGD(1e-2, momentum=0.9, nesterov=True),
    mc.SGD(1e-2),
]


def trained(optimizer, threads=2, gradients=(), dtype="float64", **options):
    """What three steps of training make of the parameters."""
    mc.set_threads(threads)
    model = ready_model(dtype)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (23, 34, 35, 3), dtype=np.uint8)
    y = rng.integers(0, 2, 23)
    model.compile(type(optimizer)(**optimizer.config()), "binary_crossentropy", gradients=gradients)
    with engine_options(**options):
        model.fit(x, y, batch_size=9, epochs=1, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_trained_network_is_that_of_the_plain_loop(optimizer):
    expected = trained(optimizer, plain=True)
    for weights in (trained(optimizer), trained(optimizer, gradients=[mc.ClipNorm(1e9)])):
        for a, b in zip(weights, expected, strict=True):
            # A bias before a BatchNorm has no slope, only rounding, which Adam makes larger.
            close(a, b, 1e-9, at_least=1e-2)


def test_a_trained_network_depends_on_no_thread_count():
    results = [trained(mc.RMSprop(1e-3), threads, dtype="float32") for threads in (1, 2, 4)]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_frozen_layers_stay_as_they_are():
    rng = np.random.default_rng(0)
    model = ready_model()
    for name in ("conv2d_1", "dense_1"):
        model[name].trainable = False
    before = {path: p.copy() for path, p in model.params.items()}
    model.compile(mc.Adam(1e-2), "binary_crossentropy")
    model.train_on_batch(rng.random((4, 34, 35, 3)), [0, 1, 1, 0])
    for path, p in model.params.items():
        frozen = path.startswith(("conv2d_1/", "dense_1/"))
        assert np.array_equal(p, before[path]) == frozen, path


class Longest(mc.SGD):
    """A rule that is not element by element: it looks at the whole gradient."""

    elementwise = False

    def update(self, p, g, slots, lr, step, ops):
        p -= lr * g / (1 + abs(g).max())


def test_a_rule_that_needs_the_whole_array_gets_it():
    for a, b in zip(trained(Longest(0.1)), trained(Longest(0.1), plain=True), strict=True):
        close(a, b, 1e-9)


def test_layers_changed_under_the_engine_are_noticed():
    model = ready_model()
    engine = Engine(model)
    x = np.random.default_rng(0).random((3, 34, 35, 3))
    engine.infer(x)
    model.layers[3] = mc.Tanh(name="relu_1")
    model.layers[3].build(model.layers[2].output_shape, np.random.default_rng(0))
    close(engine.infer(x), model.infer(x))
    model["conv2d_1"].params["W"] = model["conv2d_1"].params["W"] * 2
    close(engine.infer(x), model.infer(x))


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (np.zeros((2, 3, 3, 3)), mc.ShapeError),
        (np.zeros((34, 35, 3)), mc.ShapeError),
        (np.zeros((2, 34, 35, 3), np.int64), mc.DtypeError),
        (np.zeros((2, 34, 35, 1), np.uint8), mc.ShapeError),
    ],
)
def test_what_does_not_fit_is_refused_with_the_layers_own_words(x, error):
    engine = Engine(ready_model())
    with pytest.raises(error, match="expected"):
        engine.infer(x)
    with pytest.raises(error, match="expected"):
        engine.forward(x, training=True)


def test_gradients_too_small_to_move_anything_are_zero():
    chain = mc.Chain(mc.Conv2D(4, 3, activation="relu"), mc.Flatten(), mc.Dense(2))
    chain.build((8, 8, 3), np.random.default_rng(0))
    x = np.random.default_rng(1).random((3, 8, 8, 3), np.float32)
    engine = Engine(chain)
    y, cache = engine.forward(x, training=True)
    dy = np.zeros_like(y)
    dy[0], dy[1] = 1e-39, -1e-30
    assert not any(gradient.any() for gradient in engine.backward(dy, cache).values())
    y, cache = engine.forward(x, training=True)
    dy[2] = 1e-20
    assert all(gradient.any() for gradient in engine.backward(dy, cache).values())

"""How the last layer and the loss belong together."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.errors import ConfigError
from minicnn.objective import objective_for

SHAPE = (3,)


def chain(*layers):
    network = mc.Chain(*layers)
    network.build(SHAPE, np.random.default_rng(0))
    return network.astype(np.float64)


X = np.random.default_rng(1).standard_normal((5, *SHAPE))
ENDINGS = {
    "an argument": lambda kind, units: chain(mc.Dense(units, activation=kind.__name__.lower())),
    "a layer": lambda kind, units: chain(mc.Dense(units), kind()),
    "a layer in a chain": lambda kind, units: chain(mc.Chain(mc.Dense(units), kind())),
    "an argument in a model": lambda kind, units: chain(
        mc.Sequential([mc.Chain(mc.Dense(units, activation=kind.__name__.lower()))])
    ),
}
PAIRS = [
    (mc.Sigmoid, 1, mc.BinaryCrossentropy, np.array([0, 1, 1, 0, 1])),
    (mc.Softmax, 3, mc.SparseCategoricalCrossentropy, np.array([0, 1, 2, 0, 1])),
    (mc.Softmax, 3, mc.CategoricalCrossentropy, np.eye(3)[[0, 1, 2, 0, 1]]),
]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("kind", "units", "loss", "y"), PAIRS)
def test_training_sees_logits_and_metrics_see_probabilities(ending, kind, units, loss, y):
    network = ENDINGS[ending](kind, units)
    linked = objective_for(network, loss())
    logits, caches = linked.body.forward(X)
    probabilities, whole_caches = network.forward(X)
    np.testing.assert_allclose(linked.predictions(logits), probabilities, rtol=1e-12)
    assert linked.loss.from_logits

    # The whole taken in two pieces is the same function, where it can be taken so.
    value, cache = linked.loss.forward(logits, y)
    expected, whole_cache = loss().forward(probabilities, y)
    assert value == pytest.approx(expected, rel=1e-9)
    dx, grads = linked.body.backward(linked.loss.backward(cache), caches)
    whole_dx, whole_grads = network.backward(loss().backward(whole_cache), whole_caches)
    np.testing.assert_allclose(dx, whole_dx, rtol=1e-6, atol=1e-12)
    assert grads.keys() == whole_grads.keys() == network.params.keys()
    for path, g in grads.items():
        np.testing.assert_allclose(g, whole_grads[path], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_network_itself_is_left_as_it_was_and_shares_its_parameters(ending):
    network = ENDINGS[ending](mc.Sigmoid, 1)
    before = repr(network)
    body = objective_for(network, mc.BinaryCrossentropy()).body
    assert repr(network) == before
    assert network(X).min() > 0
    assert network(X).max() < 1
    for path, p in body.params.items():
        assert p is network.params[path]


def test_logits_up_to_ten_thousand_are_exact():
    network = chain(mc.Dense(1, activation="sigmoid"))
    network.params["dense_1/W"][...] = [[1e4], [0], [0]]
    linked = objective_for(network, mc.BinaryCrossentropy())
    x = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    logits, _ = linked.body.forward(x)
    value, cache = linked.loss.forward(logits, [0, 1])
    assert value == 1e4
    np.testing.assert_array_equal(linked.loss.backward(cache), [[0.5], [-0.5]])


def test_a_loss_from_logits_takes_the_network_as_it_is():
    network = chain(mc.Dense(1))
    linked = objective_for(network, mc.BinaryCrossentropy(from_logits=True))
    assert linked.body is network
    np.testing.assert_allclose(linked.predictions(network(X)), 1 / (1 + np.exp(-network(X))))


def test_squares_take_any_ending():
    network = chain(mc.Dense(2, activation="sigmoid"))
    linked = objective_for(network, mc.MeanSquaredError())
    assert linked.body is network
    assert linked.predictions(network(X)) is not None
    np.testing.assert_array_equal(linked.predictions(X), X)


class Probabilities(mc.Layer):
    """A last layer of the user's own: nobody knows what it gives."""

    def forward(self, x, training=False):
        return 0.5 + 0 * x, None

    def backward(self, dy, cache):
        return 0 * dy, {}


def test_a_last_layer_of_one_s_own_is_trusted():
    network = chain(mc.Dense(1), Probabilities())
    linked = objective_for(network, mc.BinaryCrossentropy())
    assert linked.body is network
    assert not linked.loss.from_logits


@pytest.mark.parametrize(
    ("last", "remedy"),
    [
        (lambda: mc.Dense(2), 'activation="softmax"'),
        (lambda: mc.Dense(2, activation="relu"), 'activation="softmax"'),
        (lambda: mc.Dense(2, activation="sigmoid"), 'activation="softmax"'),
        (mc.ReLU, r"put Softmax\(\) behind it"),
        (mc.Flatten, r"put Softmax\(\) behind it"),
        (lambda: mc.Residual(mc.Dense(3)), r"put Softmax\(\) behind it"),
        (lambda: mc.Concat(mc.Dense(3), mc.Dense(1)), r"put Softmax\(\) behind it"),
        (lambda: mc.Concat(mc.Softmax(), mc.Softmax()), r"put Softmax\(\) behind it"),
    ],
)
def test_endings_that_give_no_probabilities(last, remedy):
    with pytest.raises(ConfigError, match=rf"layer 1 of 1\): .*{remedy}.*from_logits"):
        objective_for(chain(last()), mc.CategoricalCrossentropy())


def sigmoid(units=1):
    return mc.Dense(units, activation="sigmoid")


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [sigmoid(), mc.Flatten()],
        lambda: [sigmoid(), mc.Dropout(0.2)],
        lambda: [mc.Chain(mc.Dense(2), mc.Sigmoid()), mc.Dropout(0.2), mc.Flatten()],
        lambda: [mc.Concat(sigmoid(), mc.Chain(mc.Dense(2), mc.Sigmoid()))],
        lambda: [Probabilities(), mc.Flatten()],
    ],
)
def test_what_only_moves_probabilities_may_stand_last(layers):
    network = chain(*layers())
    linked = objective_for(network, mc.BinaryCrossentropy())
    assert linked.body is network
    assert not linked.loss.from_logits  # so they are clipped, as Keras does


@pytest.mark.parametrize("last", [mc.UpSample2D, mc.MaxPool2D, mc.AvgPool2D, mc.GlobalAvgPool2D])
def test_a_map_of_probabilities_may_change_its_size(last):
    network = mc.Sequential([mc.Conv2D(1, 1, activation="sigmoid"), last()], input_shape=(4, 4, 1))
    network.compile("sgd", "binary_crossentropy")
    x = np.random.default_rng(0).random((2, 4, 4, 1))
    y = np.ones((2, *network.output_shape))
    losses = network.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_a_branch_without_a_sigmoid_is_found():
    with pytest.raises(ConfigError, match=r"put Sigmoid\(\) behind it"):
        objective_for(chain(mc.Concat(sigmoid(), mc.Dense(1))), mc.BinaryCrossentropy())

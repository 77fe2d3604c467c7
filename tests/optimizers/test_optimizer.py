"""What every optimizer is given, and what one of a user's own is told when it is wrong."""

import copy

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine.update.gradients import PIECE

RNG = np.random.default_rng(0)
X = RNG.standard_normal((8, 300)).astype(np.float32)
Y = RNG.standard_normal(8)
UNITS = PIECE // X.shape[1] + 1  # so that the first kernel is more than one piece


class Normalised(mc.Optimizer):
    """A rule that asks for the length of the whole gradient."""

    def update(self, p, g, slots, lr, step, ops):
        p -= lr * g / ops.xp.sqrt((g * g).sum())


def train(optimizer, gradients=()):
    model = mc.Sequential([mc.Dense(UNITS), mc.Dense(1)], input_shape=(300,))
    model.compile(optimizer, "mse", gradients=gradients)
    before = model.get_weights()
    model.train_on_batch(X, Y)
    return [after - b for after, b in zip(model.get_weights(), before, strict=True)]


@pytest.mark.parametrize("gradients", [(), (lambda grads, params: grads,)])
def test_a_rule_of_one_s_own_sees_each_parameter_as_a_whole(gradients):
    assert X.shape[1] * UNITS > PIECE  # cut up, each piece would be normalised by itself
    for step in train(Normalised(0.5), gradients):
        assert np.linalg.norm(step) == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("ours", [mc.SGD, mc.RMSprop, mc.Adam, mc.AdamW])
def test_our_own_rules_promise_to_go_element_by_element_and_nobody_inherits_the_promise(ours):
    class Another(ours):
        def update(self, p, g, slots, lr, step, ops):
            super().update(p, g, slots, lr, step, ops)

    class Renamed(ours):
        pass

    assert ours.elementwise
    assert Renamed.elementwise
    assert not Another.elementwise
    assert not mc.Optimizer.elementwise


def slots_as_text():
    class Bad(mc.Optimizer):
        slots = "m"


class Returns(mc.Optimizer):
    def update(self, p, g, slots, lr, step, ops):
        return p - lr * g


class Unbegun(mc.Optimizer):
    def __init__(self):
        self.rate = 0.1

    def update(self, p, g, slots, lr, step, ops):
        p -= self.rate * g


MISTAKES = {
    "slots as a text": (slots_as_text, r"Bad: expected slots as a tuple.*got 'm'; .*\"m\",\)"),
    "update returns": (lambda: train(Returns(0.1)), r"Returns.update: .*in place.*p -= "),
    "no super().__init__": (lambda: train(Unbegun()), r"Unbegun: .*super\(\).__init__"),
    "a schedule without arguments": (lambda: mc.SGD(lambda: 0.1), "SGD: .*step.*lambda step"),
    "a schedule gives None": (lambda: train(mc.SGD(lambda s: None)), "SGD: .*step 0, got None"),
    "a schedule below 0": (lambda: train(mc.Adam(lambda s: -1.0)), "Adam: .*step 0, got -1.0"),
    "a schedule gives NaN": (lambda: train(mc.SGD(lambda s: float("nan"))), "SGD: .*got nan"),
    "an infinite rate": (lambda: mc.SGD(float("inf")), "SGD: .*learning_rate above 0, got inf"),
    "a gradient too many": (
        lambda: train("sgd", [lambda g, p: {**g, "a/W": np.ones(3)}]),
        "each parameter.*one more for 'a/W'.*trainable = False",
    ),
    "no gradients": (lambda: train("sgd", [lambda g, p: {}]), "got none for 'dense_1/W'"),
    "gradients from one argument": (lambda: train("sgd", [lambda g: g]), r"\(grads, params\)"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_one_clear_error(mistake):
    make, says = MISTAKES[mistake]
    with pytest.raises(mc.ConfigError, match=says):
        make()


def test_an_optimizer_goes_with_its_model_through_another_compile_and_a_copy():
    model = mc.Sequential([mc.Dense(1)], input_shape=(300,))
    optimizer = mc.Adam()
    for _ in range(2):
        model.compile(optimizer, "mse")
        model.fit(X, Y, verbose=0)
    twin = copy.deepcopy(model)
    twin.fit(X, Y, verbose=0)
    assert (optimizer.step_count, twin.optimizer.step_count) == (2, 3)
    other = mc.Sequential([mc.Dense(1)], input_shape=(300,))
    other.compile(optimizer, "mse")
    other.evaluate(X, Y)  # nothing moves
    for use in (other.fit, other.train_on_batch):
        with pytest.raises(mc.ConfigError, match="served another model"):
            use(X, Y)

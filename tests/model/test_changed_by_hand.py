"""What is done to a layer after the first fit counts in the next one."""

import numpy as np
import pytest

import minicnn as mc

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((8, 4)), np.arange(8) % 2
ENDINGS = {
    "an argument": lambda: [mc.Dense(3), mc.Dense(1, activation="sigmoid")],
    "a layer": lambda: [mc.Dense(3), mc.Dense(1), mc.Sigmoid()],
    "in a chain": lambda: [mc.Dense(3), mc.Chain(mc.Dense(1, activation="sigmoid"))],
}
every_ending = pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)


def fitted(ending):
    model = mc.Sequential(ending(), input_shape=(4,))
    model.compile("sgd", "binary_crossentropy")
    model.fit(X, Y, verbose=0)
    return model


def last_dense(model):
    return [layer for layer in model.walk() if isinstance(layer, mc.Dense)][-1]


def moved(model, before):
    return [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]


@every_ending
@pytest.mark.parametrize("use", ["fit", "train_on_batch"])
def test_a_last_layer_frozen_late_is_frozen(ending, use):
    model = fitted(ending)
    last_dense(model).trainable = False
    before = model.get_weights()
    getattr(model, use)(X, Y, **({"verbose": 0} if use == "fit" else {}))
    assert moved(model, before) == [True, True, False, False]
    last_dense(model).trainable = True
    model.train_on_batch(X, Y)
    assert moved(model, before) == [True] * 4


@every_ending
def test_a_callback_may_freeze_in_the_middle(ending):
    class Freeze(mc.Callback):
        def on_epoch_end(self, epoch, logs):
            if epoch == 0:
                last_dense(self.model).trainable = False
                self.before = self.model.get_weights()

    model, freeze = fitted(ending), Freeze()
    model.fit(X, Y, epochs=2, callbacks=[freeze], verbose=0)
    assert moved(model, freeze.before) == [True, True, False, False]


@every_ending
def test_arrays_put_in_by_hand_are_those_that_are_evaluated_and_trained(ending):
    model = fitted(ending)
    layer = last_dense(model)
    layer.params = {"W": np.zeros((3, 1), np.float32), "b": np.full(1, 2, np.float32)}
    p = 1 / (1 + np.exp(-2.0))
    expected = -np.mean(np.where(Y == 1, np.log(p), np.log(1 - p)))
    assert model.evaluate(X, Y)["loss"] == pytest.approx(expected, rel=1e-5)
    model.fit(X, Y, verbose=0)
    assert layer.params["b"][0] != 2


@every_ending
def test_when_nothing_changed_the_engine_keeps_its_plans(ending):
    model = fitted(ending)
    model.train_on_batch(X, Y)
    plans = dict(model.trainer.engine._plans)
    model.train_on_batch(X, Y)
    model.fit(X, Y, verbose=0)
    assert plans
    assert all(model.trainer.engine._plans[key] is plan for key, plan in plans.items())

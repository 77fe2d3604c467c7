"""A model that is being trained refuses to be trained a second time, and nobody waits."""

import copy
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import numpy as np
import pytest

import minicnn as mc
from tests.patience import PATIENCE

X = np.random.default_rng(0).standard_normal((12, 3))
Y = (X[:, 0] > 0).astype(int)


def network():
    layers = [mc.Dense(4, activation="relu"), mc.Dense(1, activation="sigmoid")]
    model = mc.Sequential(layers, input_shape=(3,), seed=1)
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    return model


def fit(model, *callbacks, epochs=1):
    return model.fit(X, Y, batch_size=6, epochs=epochs, callbacks=list(callbacks), verbose=0)


class Does(mc.Callback):
    """Something, once, in the middle of the first epoch."""

    def __init__(self, what):
        self.what, self.done = what, False

    def on_batch_end(self, step, logs):
        if not self.done:
            self.done = True
            self.what()


SECOND = {
    "fit": lambda model: fit(model),
    "compile": lambda model: model.compile("sgd", "mean_squared_error"),
    "add": lambda model: model.add(mc.Dense(1)),
    "astype": lambda model: model.astype(np.float64),
    "build": lambda model: model.build((3,)),
}


@pytest.mark.parametrize("which", SECOND)
def test_a_callback_cannot_begin_anew(which):
    model, other = network(), network()
    refused = []

    def again():
        with pytest.raises(mc.BusyError, match=f"{which}: expected a model that is not being"):
            SECOND[which](model)
        refused.append(which)

    fit(model, Does(again))
    assert refused == [which]
    fit(other)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # nothing of it has happened
    SECOND[which](model)  # afterwards it is a matter of course


IN_ANOTHER_THREAD = {
    "fit": fit,
    "train_on_batch": lambda model: model.train_on_batch(X, Y),
    "LearningRateFinder": lambda model: mc.LearningRateFinder().search(model, X, Y),
}


@pytest.mark.parametrize("which", IN_ANOTHER_THREAD)
def test_another_thread_is_refused_at_once(which):
    model, other = network(), network()
    with ThreadPoolExecutor(1) as thread:

        def again():
            with pytest.raises(mc.BusyError, match=f"{which}: .* in another thread"):
                thread.submit(IN_ANOTHER_THREAD[which], model).result(60)

        fit(model, Does(again))
        fit(other)
        for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        thread.submit(IN_ANOTHER_THREAD[which], model).result(60)


def test_a_callback_may_take_a_step_and_search_for_a_rate():
    model = network()
    fit(model, Does(lambda: model.train_on_batch(X, Y)))
    assert model.optimizer.step_count == 3
    fit(model, Does(lambda: mc.LearningRateFinder(steps=5).search(model, X, Y)))
    assert model.optimizer.step_count == 5


def test_two_steps_at_a_time_are_refused_too():
    entered, leave = Event(), Event()

    def wait(grads, params):
        entered.set()
        assert leave.wait(PATIENCE)
        return grads

    model = network()
    model.compile("adam", "binary_crossentropy", gradients=[wait])
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(model.train_on_batch, X, Y)
        try:
            assert entered.wait(PATIENCE)
            with pytest.raises(mc.BusyError, match=r"fit: .* in another thread"):
                fit(model)
        finally:
            leave.set()
        first.result(60)
    fit(model)


def test_a_model_that_failed_can_be_trained_again():
    def fails():
        raise RuntimeError("no")

    model = network()
    with pytest.raises(RuntimeError, match="no"):
        fit(model, Does(fails))
    with pytest.raises(KeyboardInterrupt):
        fit(model, Does(lambda: (_ for _ in ()).throw(KeyboardInterrupt)))
    fit(model)
    model.compile("sgd", "mean_squared_error")


def test_a_copy_is_another_model():
    model, copies = network(), []
    fit(model, Does(lambda: copies.append(copy.deepcopy(model))))
    (copied,) = copies
    assert fit(copied).epochs == [0]
    copied.compile("sgd", "mean_squared_error")


# ---- evaluation beside it ----------------------------------------------------------------------


class Counts(mc.Metric):
    """Of somebody who empties its list in place."""

    name = "counts"

    def __init__(self):
        self.seen = []

    def reset(self):
        self.seen.clear()

    def update(self, y_true, y_pred):
        self.seen.append(len(y_true))

    def result(self):
        return sum(self.seen)


@pytest.mark.parametrize("threads", [0, 1])
def test_an_evaluation_leaves_the_figures_of_the_epoch_alone(threads):
    def run(looks):
        model = network()
        model.compile("adam", "binary_crossentropy", ["accuracy", "auc", Counts()])

        def evaluate():
            figures = model.evaluate(X[:5], Y[:5])
            assert figures["counts"] == 5
            model.predict(X)

        class Looks(mc.Callback):
            def on_batch_end(self, step, logs):
                if threads:
                    thread.submit(evaluate).result(60)
                else:
                    evaluate()

        with ThreadPoolExecutor(1) as thread:
            history = fit(model, *[Looks()] * looks, epochs=3)
        return history.history

    assert run(looks=True) == run(looks=False)


def test_a_step_by_itself_leaves_them_alone_too():
    model = network()
    model.compile(mc.SGD(1e-30), "binary_crossentropy", ["accuracy", Counts()])
    history = fit(model, Does(lambda: model.train_on_batch(X[:1], Y[:1])))
    assert history.history["counts"] == [12]
    assert history.history["accuracy"] == [model.evaluate(X, Y)["accuracy"]]


def test_a_metric_that_cannot_be_copied_is_one_clear_error():
    class Locked(Counts):
        def __init__(self):
            super().__init__()
            self.lock = Lock()

    class Fresh(Locked):
        def fresh(self):
            return Fresh()

    model = network()
    model.compile("adam", "binary_crossentropy", [Locked()])
    with pytest.raises(mc.ConfigError, match=r"metric counts: .* can be copied.* write fresh"):
        model.evaluate(X, Y)
    model.compile("adam", "binary_crossentropy", [Fresh()])
    assert model.evaluate(X, Y)["counts"] == 12

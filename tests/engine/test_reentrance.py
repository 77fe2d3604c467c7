"""Many at once: several users' threads, a network inside a layer, a child process."""

import copy
import multiprocessing
import pickle
import threading

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine
from tests.engine.test_equality import close, ready_model
from tests.systems import needs_fork


def test_predictions_from_several_threads_at_once_are_right():
    model = ready_model()
    rng = np.random.default_rng(0)
    batches = [rng.random((n, 34, 35, 3)) for n in (1, 5, 8, 3)]
    expected = [model.infer(x) for x in batches]
    wrong = []

    def user(i):
        for _ in range(4):
            y = model.predict(batches[i])
            if not np.allclose(y, expected[i], rtol=1e-10, atol=0):
                wrong.append(i)

    users = [threading.Thread(target=user, args=(i,)) for i in range(len(batches))]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join()
    assert wrong == []


def test_two_batches_may_be_under_way_at_once():
    model = ready_model()
    engine = Engine(model)
    rng = np.random.default_rng(1)
    first, second = rng.random((4, 34, 35, 3)), rng.random((6, 34, 35, 3))
    y1, cache1 = engine.forward(first, training=True)
    y2, cache2 = engine.forward(second, training=True)
    engine.infer(second)
    for x, y, cache in ((first, y1, cache1), (second, y2, cache2)):
        expected, plain_cache = model.forward(x, training=True)
        close(y, expected)
        grads = engine.backward(np.ones_like(y), cache)
        for path, gradient in model.backward(np.ones_like(y), plain_cache)[1].items():
            close(grads[path], gradient, 1e-11)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, copy.copy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_model_can_be_copied_after_use(copied):
    model = ready_model("float32")
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy")
    rng = np.random.default_rng(0)
    x, y = rng.random((6, 34, 35, 3), np.float32), rng.integers(0, 2, 6)
    for _ in range(3):
        model.train_on_batch(x, y)
        model.predict(x)
    other = copied(model)
    np.testing.assert_array_equal(other.predict(x), model.predict(x))
    if copied is not copy.copy:  # which has the same weights
        for _ in range(3):
            assert other.train_on_batch(x, y) == model.train_on_batch(x, y)


class Ensemble(mc.Layer):
    """A layer that asks another network, through that network's own engine."""

    def __init__(self, inner, name=None):
        super().__init__(name)
        self.inner = inner

    def build(self, input_shape, rng):
        self.model = mc.Sequential(
            [mc.Conv2D(4, 3, padding="same", activation="relu")], input_shape=input_shape
        ).astype("float64")
        return self.built(input_shape, self.model.output_shape)

    def forward(self, x, training=False):
        return self.model.predict(x) if self.inner == "engine" else self.model.infer(x), {}

    def backward(self, dy, cache):
        raise NotImplementedError


@pytest.mark.parametrize("threads", [1, 3])
def test_a_network_inside_a_layer_has_memory_of_its_own(threads):
    mc.set_threads(threads)
    ys = []
    for inner in ("engine", "plain"):
        model = mc.Sequential(
            [mc.Conv2D(4, 3, activation="relu"), Ensemble(inner), mc.Conv2D(2, 3)],
            input_shape=(30, 30, 3),
        ).astype("float64")
        ys.append(model.predict(np.random.default_rng(0).random((6, 30, 30, 3))))
    mc.set_threads(None)
    close(ys[0], ys[1])


def predict_in_child(model, x, answers):
    answers.put(model.predict(x))


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_starts_threads_of_its_own():
    mc.set_threads(3)
    model = ready_model()
    x = np.random.default_rng(0).random((8, 34, 35, 3))
    expected = model.predict(x)
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    child = fork.Process(target=predict_in_child, args=(model, x, answers))
    child.start()
    np.testing.assert_array_equal(answers.get(), expected)
    child.join()
    mc.set_threads(None)

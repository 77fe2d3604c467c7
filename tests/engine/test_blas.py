"""BLAS is held while the engine works, and as it was before and after."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import minicnn as mc
from minicnn.engine.blas import one_blas_thread
from tests.engine.test_equality import ready_model


def blas_threads():
    return [
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    ]


class Watching(mc.Layer):
    """Notes how many threads BLAS has while the engine works."""

    def __init__(self, fail=False, name=None):
        super().__init__(name)
        self.fail = fail
        self.seen = []

    def forward(self, x, training=False):
        self.seen += blas_threads()
        if self.fail:
            raise RuntimeError("a layer broke")
        return x, {}

    def backward(self, dy, cache):
        self.seen += blas_threads()
        return dy, {}


@pytest.mark.parametrize("n", [1, 2, 3])
def test_blas_is_held_and_put_back(n):
    watching = Watching()
    model = mc.Sequential([mc.Conv2D(2, 3), watching, mc.Flatten(), mc.Dense(1)], (20, 20, 3))
    model.compile("sgd", "mean_squared_error")
    with threadpool_limits(n, user_api="blas"):
        model.fit(np.ones((4, 20, 20, 3), np.float32), np.ones(4), epochs=1, verbose=0)
        model.predict(np.ones((4, 20, 20, 3), np.float32))
        assert blas_threads() == [n] * len(blas_threads())
    assert set(watching.seen) == {1}


def test_blas_is_put_back_after_an_error():
    model = mc.Sequential([mc.Conv2D(2, 3), Watching(fail=True)], (20, 20, 3))
    with threadpool_limits(2, user_api="blas"):
        for _ in range(2):
            with pytest.raises(RuntimeError, match="a layer broke"):
                model.predict(np.ones((4, 20, 20, 3), np.float32))
        assert blas_threads() == [2] * len(blas_threads())


def test_the_last_of_several_users_puts_it_back():
    with threadpool_limits(2, user_api="blas"):
        with one_blas_thread():
            with one_blas_thread():
                assert set(blas_threads()) == {1}
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {2}


def test_the_process_is_as_it_was():
    before = blas_threads(), np.geterr()
    ready_model("float32").predict(np.ones((4, 34, 35, 3), np.float32))
    assert (blas_threads(), np.geterr()) == before

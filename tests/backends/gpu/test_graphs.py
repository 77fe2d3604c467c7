"""Steps by a captured graph give the bits of steps one by one, and whatever can't be is plain."""

import logging
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest

import minicnn as mc
from minicnn.backends import cublas, graph
from minicnn.data.dataset import Batch
from minicnn.training import replay
from tests import cupy_standin
from tests.backends.gpu.test_training import X, Y, assert_same_weights, network
from tests.cupy_standin.cublas import Library
from tests.cupy_standin.machine import counted

GRADIENTS = [mc.ClipNorm(0.5), mc.WeightDecay(1e-3), mc.ClipValue(0.3)]


NOTHING = {"rtol": 0, "atol": 0}  # the stand-in's cuBLAS adds up as its cupy.dot does


def trained(monkeypatch, graphs, make=network, x=X, epochs=3, callbacks=(), **options):
    monkeypatch.setenv("MINICNN_CUDA_GRAPHS", str(int(graphs)))
    model = make()
    history = model.fit(
        x, Y, batch_size=5, epochs=epochs, verbose=0, callbacks=list(callbacks), **options
    )
    return model, history.history


def compiled(optimizer, loss="binary_crossentropy", **options):
    def make():
        model = network()
        model.compile(optimizer(), loss, metrics=["accuracy", "auc"], **options)
        return model

    return make


class Lower(mc.Callback):
    """Another learning rate after every epoch, by hand."""

    def on_epoch_end(self, epoch, logs):
        self.model.optimizer.learning_rate *= 0.5


MODELS = {
    "rmsprop": compiled(lambda: mc.RMSprop(1e-3)),
    "schedule": compiled(lambda: mc.Adam(mc.ExponentialDecay(1e-2, 3, 0.5))),
    "adamw": compiled(lambda: mc.AdamW(1e-3)),
    "momentum": compiled(lambda: mc.SGD(1e-2, 0.9, nesterov=True), gradients=GRADIENTS),
    "squares": compiled(lambda: mc.SGD(1e-2), "mean_squared_error"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_graph_gives_the_bits_of_plain_steps(cupy_ops, monkeypatch, name):
    """Dropout's masks, the learning rate, the batch, and a last batch of another size change."""
    callbacks = [] if name == "schedule" else [Lower()]
    plain, expected = trained(monkeypatch, False, MODELS[name], callbacks=callbacks)
    captured, found = trained(monkeypatch, True, MODELS[name], callbacks=callbacks)
    loose = loose_on_a_gpu(cupy_ops)
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, err_msg=key, **loose)
    assert_same_weights(captured, plain, **loose)
    assert captured.optimizer.step_count == plain.optimizer.step_count


def loose_on_a_gpu(ops):
    return NOTHING if ops.xp is cupy_standin else {"rtol": 1e-3, "atol": 1e-3}


def only_on_the_standin(ops):
    if ops.xp is not cupy_standin:
        pytest.skip("only the stand-in counts")


def test_a_step_is_a_handful_of_launches(cupy_ops, monkeypatch):
    only_on_the_standin(cupy_ops)
    monkeypatch.setenv("MINICNN_CUDA_GRAPHS", "1")
    model = network()
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", metrics=["accuracy"])
    for _ in range(3):
        model.train_on_batch(X, Y)
    with counted() as cost:
        model.train_on_batch(X, Y)
    assert cost.graphs == 1
    assert cost.launches <= 8


def test_weights_put_there_by_hand_make_a_new_graph(cupy_ops, monkeypatch):
    only_on_the_standin(cupy_ops)
    results = []
    for graphs in ("0", "1"):
        monkeypatch.setenv("MINICNN_CUDA_GRAPHS", graphs)
        model = network()
        for step in range(9):
            if step == 5:
                layer = model.layers[0]
                layer.params["W"] = layer.params["W"] * 0.5
            if step == 7:
                model.layers[3].trainable = False
            model.train_on_batch(X, Y)
        results.append(model)
    assert_same_weights(*results, **NOTHING)


@pytest.mark.parametrize(
    "broken",
    [
        lambda patch: patch.setattr(graph, "loaded_library", lambda cupy: None),
        lambda patch: patch.setattr(graph.Words, "of_key", lambda *a: _no()),
        lambda patch: patch.setattr(graph.Words, "of_rule", lambda *a: _no()),
        lambda patch: patch.setattr(graph.Capture, "rehearse", lambda *a: _full()),
        lambda patch: patch.setattr(graph.Capture, "capture", lambda *a: _full()),
    ],
    ids=["no cuBLAS", "a strange draw", "a rule", "no room", "no room any more"],
)
def test_what_cannot_be_captured_is_done_plainly(cupy_ops, monkeypatch, broken, caplog):
    plain, expected = trained(monkeypatch, False)
    broken(monkeypatch)
    with caplog.at_level(logging.DEBUG, "minicnn.graphs"):
        other, found = trained(monkeypatch, True)
    loose = loose_on_a_gpu(cupy_ops)  # what was rehearsed before was done by another handle
    assert_same_weights(other, plain, **loose)
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, err_msg=key, **loose)
    said = [record for record in caplog.records if "done plainly" in record.message]
    assert len(said) == 2  # once for each size of batch


def _no():
    raise graph.CaptureError("not this")


def _full():
    raise MemoryError("a graph's own memory is full")


def test_an_update_that_is_not_one_pass_is_not_captured(cupy_ops, monkeypatch):
    """Its numbers would stand still: the learning rate of the third step for ever."""
    p, g = cupy_ops.xp.ones((3, 2)), cupy_ops.xp.ones((2, 3)).T
    assert not cupy_ops.all_in_one_pass("sgd", [(p, g, p)], (0.1, 0.0, 0.0))
    monkeypatch.setattr(cupy_ops.step, "words", object())
    with pytest.raises(graph.CaptureError, match="one pass"):
        cupy_ops.all_in_one_pass("sgd", [(p, g, p)], (0.1, 0.0, 0.0))


def test_the_cublas_is_chosen_that_cupy_uses(monkeypatch):
    """PyTorch may have loaded another one; a file that appears twice is one library."""

    class Loaded(SimpleNamespace):
        def cublasGetProperty(self, part, to):  # noqa: N802 - cuBLAS's name
            to._obj.value = self.version[part.value]

    files = {"/a/libcublas.so.12": (12, 6, 4), "/b/libcublas.so.13": (13, 0, 1)}
    lines = [
        f"7f-8f r-xp 0 00:1 42   {file}\n" for file in (*files, *files, "/c/libcublasLt.so.12")
    ]
    cupy = SimpleNamespace(
        ones=lambda *a: None, dot=lambda *a: None,
        cuda=SimpleNamespace(
            device=SimpleNamespace(get_cublas_handle=lambda: 1),
            cublas=SimpleNamespace(getVersion=lambda handle: 130001),
        ),
    )  # fmt: skip
    monkeypatch.setattr(cublas, "open", lambda *a, **k: StringIO("".join(lines)), raising=False)
    monkeypatch.setattr(cublas.ctypes, "CDLL", lambda path: Loaded(path=path, version=files[path]))
    assert cublas.loaded_library(cupy).path == "/b/libcublas.so.13"
    cupy.cuda.cublas.getVersion = lambda handle: 120900
    assert cublas.loaded_library(cupy) is None
    del lines[1], lines[2]
    assert cublas.loaded_library(cupy).path == "/a/libcublas.so.12", "there is only one"


def test_a_handle_goes_with_the_graph_that_needed_it(cupy_ops):
    only_on_the_standin(cupy_ops)
    library = Library()
    made = cublas.Cublas(cupy_ops.xp, library)
    assert library.handles == 1
    del made
    assert library.handles == 0


def test_a_layer_of_the_users_is_never_captured(cupy_ops, monkeypatch):
    class Later(mc.ReLU):
        """Changes its mind at the fourth step: a graph would not notice."""

        def forward(self, x, training=False):
            y, cache = super().forward(x, training)
            return y * (2.0 if training and training.step > 3 else 1.0), cache

    def make():
        model = mc.Sequential([mc.Flatten(), mc.Dense(4), Later(), mc.Dense(1)], (10, 10, 3))
        model.compile(mc.SGD(1e-3), mc.BinaryCrossentropy(from_logits=True))
        return model

    plain, _ = trained(monkeypatch, False, make)
    other, _ = trained(monkeypatch, True, make)
    assert_same_weights(other, plain, rtol=0)


def test_a_graph_stops_at_a_loss_that_is_no_number(cupy_ops, monkeypatch):
    x = np.random.default_rng(0).standard_normal(X.shape).astype(np.float32)
    x[19] = np.nan  # in the fourth step, which the third has captured

    def run(graphs):
        stop = mc.TerminateOnNaN()
        with pytest.warns(RuntimeWarning, match="step 4"):
            model, _ = trained(monkeypatch, graphs, x=x, epochs=1, shuffle=False, callbacks=[stop])
        return model

    assert_same_weights(run(True), run(False), rtol=1e-4, atol=1e-5)


def test_memory_that_a_graph_may_not_touch_is_noticed():
    import tests.cupy_standin as cupy

    stream = cupy.cuda.Stream(non_blocking=True)
    a = cupy.zeros(3)
    with stream:
        stream.begin_capture()
        with pytest.raises(NotImplementedError, match="cuBLAS"):
            cupy.dot(a, a)
        with pytest.raises(RuntimeError, match="Unsupported"):
            float(a[0])
        with pytest.raises(RuntimeError, match="Unsupported"):
            cupy.asarray(np.ones(3))
        a += 1
        b = a + 1
        graph = stream.end_capture()
    graph.launch()
    assert a.tolist() == [1, 1, 1]
    assert b.tolist() == [2, 2, 2]
    graph.launch()
    assert b.tolist() == [3, 3, 3]
    del b  # its memory goes back to the pool that everybody takes from
    with pytest.raises(AssertionError, match="given back"):
        graph.launch()


class Changes(mc.Callback):
    """Other settings after every epoch, by hand: a graph has the old ones in it."""

    def on_epoch_end(self, epoch, logs):
        model = self.model
        (dropout,) = (layer for layer in model.layers if isinstance(layer, mc.Dropout))
        dropout.rate = (0.1, 0.6)[epoch % 2]
        if model.trainer.gradients:
            model.trainer.gradients[0] = mc.ClipNorm(0.05 * (epoch + 1))


@pytest.mark.parametrize("name", ["rmsprop", "momentum"])
def test_a_setting_that_a_callback_changes_makes_a_new_graph(cupy_ops, monkeypatch, name):
    def make():
        model = MODELS[name]()
        model.compile(model.optimizer, "binary_crossentropy", gradients=list(GRADIENTS)
                      if name == "momentum" else [])  # fmt: skip
        return model

    plain, _ = trained(monkeypatch, False, make, epochs=4, callbacks=[Changes()])
    captured, _ = trained(monkeypatch, True, make, epochs=4, callbacks=[Changes()])
    unchanged, _ = trained(monkeypatch, False, make, epochs=4)
    assert_same_weights(captured, plain, **loose_on_a_gpu(cupy_ops))
    with pytest.raises(AssertionError):
        assert_same_weights(unchanged, plain, rtol=1e-3)


def test_a_gradient_step_of_the_users_that_comes_later_is_never_captured(cupy_ops, monkeypatch):
    seen = []

    class Adds(mc.Callback):
        def on_epoch_end(self, epoch, logs):
            self.model.trainer.gradients[:] = [lambda grads, params: seen.append(1) or grads]

    make = compiled(lambda: mc.SGD(1e-2), gradients=list(GRADIENTS))
    trained(monkeypatch, True, make, callbacks=[Adds()])
    assert len(seen) == 10  # two epochs of five steps


@pytest.mark.parametrize("where", ["before the update", "after the update", "after the launch"])
def test_a_step_that_has_moved_weights_is_never_done_twice(cupy_ops, monkeypatch, where):
    only_on_the_standin(cupy_ops)
    monkeypatch.setenv("MINICNN_CUDA_GRAPHS", "1")
    model, expected = network(), network()
    trainer, other = model.trainer, expected.trainer
    batch, done = Batch(X, Y), 2 if where == "after the launch" else 1  # the second is rehearsed
    for step in range(done):
        for it in (trainer, other):
            it.single_step(batch, mc.Moment(0, step=step))
    moment, before = mc.Moment(0, step=done), model.get_weights()

    def fails(*_):
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        if where == "after the launch":
            patch.setattr(replay, "_copied", fails)
        elif where == "after the update":
            patch.setattr(type(model), "set_state", fails)
        else:
            patch.setattr(graph.Capture, "rehearse", fails)
        if where == "before the update":
            trainer.single_step(batch, moment)
        else:
            with pytest.raises(mc.BackendError, match="smaller batch_size"):
                trainer.single_step(batch, moment)
    monkeypatch.setenv("MINICNN_CUDA_GRAPHS", "0")
    other.single_step(batch, moment)
    for path, p in model.params.items():  # running figures may be those from before
        np.testing.assert_array_equal(p.get(), expected.params[path].get(), err_msg=path)
    assert model.optimizer.step_count == expected.optimizer.step_count
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))

"""What crosses the bus, and who waits for whom: counted on the stand-in, whose streams may lag."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minicnn as mc
from minicnn.training.feeding import Feeder
from minicnn.training.progress import ProgressBar
from tests.backends.gpu.test_augment import pictures
from tests.backends.gpu.test_training import X, Y, assert_same_weights, network
from tests.cupy_standin import cuda
from tests.cupy_standin.machine import Counts, counted, counts, lazy
from tests.devices import cupy_called, needs_compiler

pytestmark = needs_compiler


@pytest.fixture(scope="module")
def ops():
    with cupy_called("stand-in") as ops:
        yield ops


class Meter(mc.Callback):
    """Writes down what each step cost, and looks at nothing."""

    def __init__(self):
        self.steps = []

    def wants_figures(self, step):
        return False

    def on_epoch_begin(self, epoch):
        self.before = Counts(**vars(counts))

    def on_batch_end(self, step, logs):
        now = Counts(**vars(counts))
        self.steps.append({k: vars(now)[k] - v for k, v in vars(self.before).items()})
        self.before = now

    def of_all(self, what):
        return [step[what] for step in self.steps]


class Streamed:
    """A data set of the user's, whose batches come one by one."""

    def __len__(self):
        return 5

    def epoch(self, epoch):
        for at in range(0, 24, 5):
            yield mc.data.Batch(X[at : at + 5], Y[at : at + 5])


def fitted(data, **options):
    model, meter = network(), Meter()
    model.fit(*data, epochs=2, verbose=0, callbacks=[meter], **options)
    return model, meter


def test_a_step_on_resident_data_crosses_the_bus_in_no_direction(ops):
    _, meter = fitted((X, Y), batch_size=5)
    for what in ("fetches", "uploads", "waits", "held"):
        # An epoch begins with the order of its samples and with figures that are zero.
        assert all(n == 0 for i, n in enumerate(meter.of_all(what)) if i % 5), what
    assert all(n == 0 for i, n in enumerate(meter.of_all("streamed")) if i % 5)


def test_a_streamed_batch_goes_up_in_one_piece_and_nothing_comes_down(ops):
    _, meter = fitted((Streamed(),))
    assert all(n == 0 for i, n in enumerate(meter.of_all("uploads")) if i % 5)
    assert set(meter.of_all("fetches")) | set(meter.of_all("waits")) == {0}
    assert [sum(meter.of_all("streamed")[e : e + 5]) for e in (0, 5)] == [5, 5]


def test_a_step_of_the_missions_network(ops, monkeypatch):
    """The figures of docs/gpu.md; smaller ones make the same launches."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (20, 100, 100, 3), dtype=np.uint8), np.arange(20) % 2

    def cost(graphs):
        monkeypatch.setenv("MINICNN_CUDA_GRAPHS", graphs)
        layers = []
        for _ in range(4):
            layers += [mc.Conv2D(2, 3, activation="relu"), mc.MaxPool2D(2)]
        layers += [mc.Flatten(), mc.Dense(4, activation="relu"), mc.Dense(1, activation="sigmoid")]
        model, meter = mc.Sequential(layers, (100, 100, 3)), Meter()
        model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, batch_size=5, verbose=0, callbacks=[meter])
        return meter.steps[-1]

    nothing = {"fetches": 0, "uploads": 0, "streamed": 0, "waits": 0, "held": 0}
    assert cost("0") == {"launches": 58, "graphs": 0, **nothing}
    assert cost("1") == {"launches": 7, "graphs": 1, **nothing}


def test_an_epoch_is_looked_at_once(ops):
    model = network()
    with counted() as short:
        model.fit(X, Y, batch_size=8, epochs=1, verbose=0)
    with counted() as long:
        model.fit(X, Y, batch_size=2, epochs=1, verbose=0)
    assert short.fetches == long.fetches  # the figures, and the scores of the auc


def test_a_long_epoch_is_looked_at_now_and_then(ops, monkeypatch):
    monkeypatch.setattr("minicnn.training.loop.LOOK_EVERY", 2)
    model, meter = network(), Meter()
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, batch_size=4, verbose=0, callbacks=[meter])
    assert meter.of_all("fetches") == [0, 1, 0, 1, 0, 1]


def test_a_callback_that_looks_gets_figures_that_are_new(ops):
    seen = []

    class Looks(mc.Callback):
        def on_batch_end(self, step, logs):
            seen.append(logs["loss"])

    model = network()
    with counted() as cost:
        history = model.fit(X, Y, batch_size=5, verbose=0, callbacks=[Looks()])
    assert cost.fetches >= 5
    assert len(set(seen)) == 5
    assert seen[-1] == history.history["loss"][-1]


def test_what_does_not_fit_on_the_device_is_brought_batch_by_batch(ops, monkeypatch):
    monkeypatch.setattr(cuda.runtime, "memGetInfo", lambda: (X.nbytes, 1 << 31))
    streamed, meter = fitted((X, Y), batch_size=5)
    assert sum(meter.of_all("streamed")) == 10
    monkeypatch.undo()
    resident, _ = fitted((X, Y), batch_size=5)
    assert_same_weights(streamed, resident, rtol=0)


@pytest.mark.parametrize("which", ["others", "default", "all"])
@pytest.mark.parametrize("data", [(X, Y), (Streamed(),)], ids=["resident", "streamed"])
def test_nothing_depends_on_which_stream_is_late(ops, which, data):
    options = {"batch_size": 5} if len(data) == 2 else {}
    expected, _ = fitted(data, **options)
    with lazy(which):
        found, _ = fitted(data, **options)
        assert_same_weights(found, expected, rtol=0)


@pytest.mark.parametrize("forgotten", ["arrived", "free", "synchronize"])
def test_a_wait_that_is_forgotten_shows(ops, forgotten, monkeypatch):
    from minicnn.backends.uploads import Slot

    expected, _ = fitted((Streamed(),))
    if forgotten == "arrived":
        real = Slot.take
        monkeypatch.setattr(
            Slot, "take",
            lambda self, stream: real(self, type("S", (), {"wait_event": lambda s, e: None})()),
        )  # fmt: skip
    elif forgotten == "free":
        monkeypatch.setattr(Slot, "give_back", lambda self, stream: setattr(self, "in_use", False))
    else:
        monkeypatch.setattr(cuda.Event, "synchronize", lambda self: None)
    found = []
    for which in ("others", "default", "all"):
        with lazy(which):
            try:
                model, _ = fitted((Streamed(),))
            except mc.MinicnnError:  # NaN, where nothing had arrived
                found.append(False)
                continue
            found.append(all(
                np.array_equal(a, b)
                for a, b in zip(model.get_weights(), expected.get_weights(), strict=True)
            ))  # fmt: skip
    assert not all(found)


def test_predict_and_train_on_batch_wait_once(ops):
    model = network()
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", metrics=["accuracy"])
    with counted() as cost:
        model.predict(X)
    assert cost.fetches == 1
    with counted() as cost:
        one_by_one = model.predict(X, batch_size=2)
    assert cost.fetches == 2  # of twelve batches: of eight, and of four
    np.testing.assert_allclose(one_by_one, model.predict(X), rtol=1e-5)
    with counted() as cost:
        model.train_on_batch(X, Y)
    assert (cost.fetches, cost.waits) == (1, 0)


def test_a_prediction_that_is_no_number_is_found_among_those_fetched_with_it(ops):
    model, x = network(), X.astype(np.float32)
    x[13] = np.nan
    with pytest.raises(mc.NotFiniteError, match=r"predict: .* NaN"):
        model.predict(x, batch_size=2)


def test_clipping_asks_for_no_length(ops):
    model = network()
    model.compile(mc.SGD(0.1), "binary_crossentropy", gradients=[mc.ClipNorm(0.01)])
    meter = Meter()
    model.fit(X, Y, batch_size=5, verbose=0, callbacks=[meter])
    assert sum(meter.of_all("fetches")) == 0
    with mc.use_backend("numpy"):
        other = network()
        other.compile(mc.SGD(0.1), "binary_crossentropy", gradients=[mc.ClipNorm(0.01)])
        other.fit(X, Y, batch_size=5, verbose=0)
    assert_same_weights(model, other, rtol=1e-4, atol=1e-6)


# ---- a loss that is no number ------------------------------------------------------------------


def with_nan(at):
    x = np.random.default_rng(0).standard_normal((24, 10, 10, 3)).astype(np.float32)
    x[at] = np.inf
    return x


def test_a_step_that_goes_wrong_leaves_the_weights_of_the_step_before(ops):
    """Found at the epoch's end only, and yet everything stands as if found at once."""
    runs = []
    for backend in ("cupy", "numpy"):
        with mc.use_backend(backend):
            model = network()
            stop = mc.TerminateOnNaN()
            with pytest.warns(RuntimeWarning, match="epoch 1, step 3: expected a finite"):
                model.fit(
                    with_nan(12), Y, batch_size=5, shuffle=False, epochs=2, verbose=0,
                    callbacks=[stop],
                )  # fmt: skip
            runs.append((model, str(stop.error)))
    (there, said), (here, expected) = runs
    assert said == expected
    assert_same_weights(there, here, rtol=1e-3, atol=1e-5)
    assert there.optimizer.step_count > here.optimizer.step_count  # steps that moved nothing


def test_an_evaluation_that_goes_wrong_says_where(ops):
    with pytest.raises(mc.NotFiniteError, match=r"evaluation: expected a finite .*has NaN"):
        network().evaluate(with_nan(3), Y)


def test_a_progress_line_looks_a_few_times_a_second(monkeypatch):
    bar = ProgressBar()
    bar.steps, bar.updated = 100, -np.inf
    now = [0.0]
    monkeypatch.setattr("minicnn.training.progress.time.perf_counter", lambda: now[0])
    looked = []
    for step in range(100):
        now[0] += 0.01
        looked.append(bar.wants_figures(step))
    assert looked[0]
    assert looked[99]
    assert 4 <= sum(looked) <= 7


@pytest.mark.parametrize("data", [(Streamed(),), "pictures"], ids=["streamed", "varied there"])
def test_batches_sent_ahead_of_an_epoch_that_ends_early_are_given_back(ops, data, monkeypatch):
    """Their memory may be somebody else's next: not before the copies into it are done."""
    feeders, begin = [], Feeder.__init__
    monkeypatch.setattr(Feeder, "__init__", lambda f, *a: feeders.append(f) or begin(f, *a))
    if data == "pictures":
        data = (pictures(X[:22], "classic"),)
    with lazy("others"):
        network().fit(*data, epochs=1, verbose=0, callbacks=[Stops()])
        slots = feeders[0].ring._slots
        assert slots
        assert not any(slot.in_use for slot in slots)
        float(ops.xp.zeros(1)[0])  # the default stream's work is done: so are the copies
        assert all(slot.arrived.done for slot in slots)


class Stops(mc.Callback):
    def on_batch_end(self, step, logs):
        self.stop = True


def test_what_is_large_goes_up_without_as_much_pinned_memory(ops, monkeypatch):
    monkeypatch.setattr("minicnn.backends.cupy_ops.LARGE", 100)
    for a in (X, X[::2, :, ::-1], np.arange(60.0).reshape(6, 10).T, np.arange(99) > 7):
        there = ops.asarray(a)
        np.testing.assert_array_equal(there.get(), a)
        assert there.flags.c_contiguous
    assert ops.asarray(np.arange(99.0), np.float32).dtype == np.float32
    there = ops.asarray(X)
    assert ops.asarray(there) is there


def test_no_pinned_memory_is_one_clear_line(ops, monkeypatch):
    def none(size):
        raise cuda.CUDARuntimeError("cudaErrorMemoryAllocation: out of memory")

    monkeypatch.setattr(cuda, "alloc_pinned_memory", none)
    with pytest.raises(mc.BackendError, match=r"bytes of pinned memory: .* smaller batch_size"):
        network().fit(X, Y, batch_size=5, verbose=0)


def test_figures_are_of_the_thread_that_counts(ops):
    """Two threads may train two networks at a time."""
    figures = ops.xp.zeros(6)
    with ops.counting_into(figures), ThreadPoolExecutor(1) as other:
        assert ops.figures is figures
        assert other.submit(lambda: ops.figures).result() is None

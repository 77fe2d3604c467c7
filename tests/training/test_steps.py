"""What a step is, kind by kind; and a third kind that stands behind the same protocol."""

import graphlib

import numpy as np
import pytest

import minicnn as mc
from minicnn.backends import ops_for
from minicnn.data.arrays import ArrayDataset
from minicnn.data.dataset import Batch
from minicnn.losses.loss import shares
from minicnn.training import Trainer
from minicnn.training.figures import Figures, Latest, Mean
from minicnn.training.steps import HostSteps, OneBatch, clear_errors

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((22, 5)), RNG.integers(0, 2, 22)


def network(**options):
    layers = [mc.Dense(6, activation="tanh"), mc.Dropout(0.3), mc.Dense(1, activation="sigmoid")]
    model = mc.Sequential(layers, input_shape=(5,), seed=3).astype(np.float64)
    model.compile(
        **{"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy", "auc"]}
        | options
    )
    return model


def assert_same(one, two, rtol=0):
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


class InParts(HostSteps):
    """Two halves of each batch, one after the other, as two processes would have them.

    The sums of loss and gradients are taken over both, and then there is one update.
    """

    def step(self, batch, moment):
        link, engine = self.learner.link, self.learner.engine
        total, predictions, loss = {}, [], 0.0
        share = shares(np.empty((len(batch.x), 1)), batch.weight, ops_for(batch.x))
        for half in np.array_split(np.arange(len(batch.x)), 2):
            if not len(half):
                continue
            outputs, cache = engine.forward(batch.x[half], moment.at_sample(int(half[0])))
            y = link.loss.check(outputs, batch.y[half], ops_for(outputs))
            value, loss_cache = link.loss.of_checked(outputs, y, share[half])
            grads = engine.backward(link.loss.backward(loss_cache), cache)
            total = {path: total.get(path, 0) + g for path, g in grads.items()}
            loss += float(value)
            predictions.append(link.predictions(outputs))
        engine.update(self.learner.optimizer, total)
        self.figures.loss.add(loss, len(batch.x))
        return np.concatenate(predictions)


@pytest.mark.parametrize("size", [4, 7, 22])
def test_a_third_kind_of_steps_needs_no_other_loop(monkeypatch, tmp_path, size):
    """Cut in the middle of an epoch and resumed, it is still the run in whole batches."""

    def fit(model, epochs, **options):
        return model.fit(
            X, Y, batch_size=size, epochs=epochs, validation_data=(X[:9], Y[:9]),
            class_weight={1: 2.0}, verbose=0, **options,
        )  # fmt: skip

    class Cut(mc.Callback):
        turn = 3

        def on_batch_end(self, step, logs):
            if self.model.trainer.run.epoch == 1:
                raise RuntimeError("cut")

    whole = network()
    expected = fit(whole, 3).history
    monkeypatch.setattr(Trainer, "kind_of_steps", lambda self: InParts)
    file = tmp_path / "run.ckpt"
    with pytest.raises(RuntimeError, match="cut"):
        fit(network(), 3, callbacks=[mc.ModelCheckpoint(file, every_steps=1), Cut()])
    parts = network()
    found = fit(parts, 3, resume=file).history
    assert_same(parts, whole, rtol=1e-10)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-10, err_msg=name)
    assert parts.evaluate(X, Y)["loss"] == pytest.approx(whole.evaluate(X, Y)["loss"])
    figures = parts.train_on_batch(X, Y)
    assert figures["loss"] == pytest.approx(whole.train_on_batch(X, Y)["loss"])


def steps_of(model, figures):
    steps = HostSteps(model.trainer)
    steps.begin(figures)
    return steps


def test_a_training_step_and_an_evaluation_step_count_the_same():
    model = network()
    model.layers[1].rate = 0.0
    trained, evaluated = model.trainer.fresh_figures(), model.trainer.fresh_figures()
    before = model.get_weights()
    steps_of(model, evaluated).evaluate(Batch(X, Y))
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    steps = steps_of(model, trained)
    assert not steps.behind
    steps.train(Batch(X, Y), mc.Moment(3))
    assert steps.behind
    assert steps.look() == pytest.approx(evaluated.results(), rel=1e-12)
    assert not steps.behind
    assert any((a != b).any() for a, b in zip(model.get_weights(), before, strict=True))


@pytest.mark.parametrize("bad", ["x", "y"])
def test_a_loss_that_is_no_number_moves_and_counts_nothing(bad):
    x, y = X.copy(), Y.astype(float)
    x[3, 1], y[3] = (np.inf, y[3]) if bad == "x" else (x[3, 1], np.nan)
    model = network(loss="mean_squared_error")
    before, figures = model.get_weights(), model.trainer.fresh_figures()
    steps = steps_of(model, figures)
    message = "epoch 1, step 5: expected a finite"
    with pytest.raises(mc.NotFiniteError, match=message), clear_errors():
        steps.train(Batch(x, y), mc.Moment(3, 0, 4))
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert figures.loss == Mean()
    assert not model.optimizer.memory


def test_gradients_that_somebody_sees_move_the_weights_alike():
    """With a function between gradients and optimizer they are made first, and used then."""
    at_once, seen = network(), network(gradients=[lambda grads, params: grads])
    for model in (at_once, seen):
        model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    assert_same(at_once, seen, rtol=1e-12)


def test_batches_carry_the_weights_of_their_classes_in_training_only():
    steps, data = HostSteps(network().trainer), ArrayDataset(X, Y, 6, shuffle=False)
    for batch in steps.batches(data, class_weight={1: 3.0}):
        np.testing.assert_array_equal(batch.weight, np.where(batch.y == 1, 3.0, 1.0))
    assert [batch.weight for batch in steps.batches(data, 0, 2)] == [None, None]
    (batch,) = steps.batches(OneBatch(Batch(X, Y)))
    assert batch.x is X


def test_the_loss_of_one_batch_is_its_loss_to_the_last_bit():
    value = 0.1 + 2**-54
    for count in range(1, 60):
        latest = Latest()
        latest.add(0.7, 3)
        latest.add(value, count)
        assert latest.value == value


def test_figures_are_means_over_samples():
    figures = Figures([mc.metrics.get("accuracy")])
    assert np.isnan(figures.results()["loss"])
    for loss, y, p in ((1.0, [0, 1], [[0.2], [0.9]]), (4.0, [1], [[0.1]])):
        figures.loss.add(loss, len(y))
        figures.update(np.array(y), np.array(p))
    assert figures.results() == {"loss": 2.0, "accuracy": 2 / 3}
    assert figures.names == list(figures.results())
    figures.reset()
    assert np.isnan(list(figures.results().values())).all()


def test_training_imports_in_one_direction():
    """No circle: whoever reads a file can have read all that it imports."""
    grimp = pytest.importorskip("grimp", reason="import-linter brings it; a browser has none")
    graph = grimp.build_graph("minicnn")
    ours = {name for name in graph.modules if name.startswith("minicnn.training")}
    imports = {name: graph.find_modules_directly_imported_by(name) & ours for name in ours}
    tuple(graphlib.TopologicalSorter(imports).static_order())

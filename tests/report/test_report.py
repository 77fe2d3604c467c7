"""When the page is written, what it says of how a run goes and ends, and that it harms nothing."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest

import minicnn as mc
from minicnn.report.budget import Budget
from minicnn.report.story import Pictures
from minicnn.training.timekeeper import Timekeeper
from tests.report.conftest import PETS, ROWS, of_pictures, of_rows
from tests.report.reading import check

X, Y = PETS


def read(path):
    return check(Path(path).read_text(encoding="utf-8"))


def has_refresh(run):
    return [e["content"] for e in run.all("meta") if e.attributes.get("http-equiv") == "refresh"]


class Peek(mc.Callback):
    """Reads the page while training goes on."""

    turn = 3

    def __init__(self, path):
        self.path, self.pages = path, []

    def on_epoch_end(self, epoch, logs):
        self.pages.append(read(self.path))


class Press(mc.Callback):
    """Ctrl-C, in the second epoch."""

    def on_batch_end(self, step, logs):
        if self.model.trainer.run.epoch == 1 and step == 1:
            signal.raise_signal(signal.SIGINT)


DUE = Budget.due


@pytest.fixture(autouse=True)
def at_once(monkeypatch, no_plots):
    """Pages are written whenever they may be, and pictures at the end only."""
    monkeypatch.setattr(
        Budget, "due", lambda budget, at_least=0.0: budget.cost < 1 and not at_least
    )


def test_while_it_runs_it_says_how_far_it_is(tmp_path):
    path = tmp_path / "run.html"
    peek = Peek(path)
    of_rows().fit(ROWS, ROWS[:, 0], batch_size=10, epochs=3, verbose=0,
                  callbacks=[peek, mc.Report(path, refresh=7)])  # fmt: skip
    assert [run.status for run in peek.pages] == [
        f"● running: {k} of 3 epochs done" for k in (1, 2, 3)
    ]
    assert [has_refresh(run) for run in peek.pages] == [["7"]] * 3
    assert "every 7 seconds" in peek.pages[0].one("header").text
    assert "They come at the end" in peek.pages[0].by_id("answers").text
    assert [len(run.rows("Every epoch in numbers")) - 1 for run in peek.pages] == [1, 2, 3]
    done = read(path)
    assert done.status.startswith("✓ finished: 3 epochs in ")
    assert has_refresh(done) == []
    assert done.title == "✓ sequential: training report"


def test_within_a_long_epoch_the_step_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(Budget, "due", lambda budget, at_least=0.0: budget.cost < 1)
    path, seen = tmp_path / "run.html", []

    class Look(mc.Callback):
        def on_batch_end(self, step, logs):
            seen.append(read(path).status)

    of_rows().fit(ROWS, ROWS[:, 0], batch_size=10, epochs=2, verbose=0,
                  callbacks=[mc.Report(path, refresh=0), Look()])  # fmt: skip
    assert seen[1] == "● running: epoch 1 of 2, step 2 of 3"
    assert "There will be curves" in read(path).by_id("curves").text or seen[5].endswith("3 of 3")


def test_refresh_can_be_left_out(tmp_path):
    path = tmp_path / "run.html"
    peek = Peek(path)
    of_rows().fit(ROWS, ROWS[:, 0], verbose=0, callbacks=[mc.Report(path, refresh=0), peek])
    assert has_refresh(peek.pages[0]) == []
    with pytest.raises(mc.ConfigError, match="Report: expected refresh"):
        mc.Report(path, refresh=-1)


def test_a_run_that_was_interrupted_says_so(tmp_path):
    path = tmp_path / "run.html"
    with pytest.raises(KeyboardInterrupt):
        of_rows().fit(ROWS, ROWS[:, 0], batch_size=10, epochs=3, verbose=0,
                      callbacks=[mc.Report(path), Press()])  # fmt: skip
    run = read(path)
    assert run.status == "‖ interrupted: Ctrl-C in epoch 2, after step 2 of 3"
    assert has_refresh(run) == []
    assert "did not come to its end" in run.by_id("answers").text


@pytest.mark.filterwarnings("ignore:training ended:RuntimeWarning")
@pytest.mark.parametrize("quietly", [True, False])
def test_a_run_that_failed_says_why(tmp_path, quietly):
    path, bad = tmp_path / "run.html", ROWS.copy()
    bad[25] = np.nan
    data = mc.data.Batch(bad, ROWS[:, 0])
    callbacks = [mc.Report(path), *[mc.TerminateOnNaN()] * quietly]
    model = of_rows()

    def fit():
        model.fit(data.x, data.y, batch_size=10, shuffle=False, verbose=0, callbacks=callbacks)

    if quietly:
        fit()
    else:
        with pytest.raises(mc.NotFiniteError):
            fit()
    run = read(path)
    assert run.status.startswith(
        "✕ failed: in epoch 1, after step 2 of 3: NotFiniteError: epoch 1,"
    )
    assert "the input has NaN" in run.status
    assert model.trainer.run.ended_by is None  # its traceback would keep the batch


def test_a_callback_that_fails_is_told_too(tmp_path):
    class Broken(mc.Callback):
        def on_epoch_end(self, epoch, logs):
            raise RuntimeError("<no disk>")

    path = tmp_path / "run.html"
    with pytest.raises(RuntimeError):
        of_rows().fit(ROWS, ROWS[:, 0], verbose=0, callbacks=[mc.Report(path), Broken()])
    assert read(path).status.endswith("RuntimeError: <no disk>")


def test_early_stopping_is_named_and_the_best_weights_are_drawn(tmp_path):
    path = tmp_path / "run.html"
    stop = mc.EarlyStopping(patience=1)
    model = of_pictures(optimizer=mc.SGD(5.0))  # so long steps that it gets worse
    history = model.fit(
        X[:24], Y[:24], batch_size=4, epochs=30, verbose=0, validation_data=(X[24:], Y[24:]),
        callbacks=[stop, mc.Report(path)],
    )  # fmt: skip
    run, n = read(path), len(history.epochs)
    assert n < 30
    assert run.status.startswith(f"■ stopped: by EarlyStopping after {n} of 30 epochs")
    table = mc.metrics.confusion_matrix(Y[24:], model.predict(X[24:]))  # of the weights put back
    shown = [
        [int(cell.split()[0]) for cell in row[1:3]] for row in run.rows("Confusion matrix")[1:]
    ]
    assert shown == table.tolist()
    assert run.cards()["Best epoch"].startswith(str(stop.best_epoch + 1))


def test_a_run_that_goes_on_shows_the_whole_history(tmp_path):
    path, file = tmp_path / "run.html", tmp_path / "run.ckpt"

    def fit(epochs, **options):
        of_rows().fit(ROWS, ROWS[:, 0], batch_size=10, epochs=epochs, verbose=0,
                      callbacks=[mc.Report(path), mc.ModelCheckpoint(file)], **options)  # fmt: skip
        return read(path)

    first = fit(2)
    whole = fit(4, resume=file)
    assert [row[0] for row in whole.rows("Every epoch in numbers")[1:]] == ["1", "2", "3", "4"]
    assert whole.rows("Every epoch in numbers")[:3] == first.rows("Every epoch in numbers")
    assert whole.rows("The time of every epoch")[1] == first.rows("The time of every epoch")[1]
    assert len(whole.rows("The time of every epoch")) == 5
    # another run's page, or a damaged one, tells nothing about this run
    for epochs, spoil in (
        (5, lambda text: text.replace("loss&quot;: &quot;", "loss&quot;: &quot;9")),
        (6, lambda text: "no page"),
        (7, lambda text: text.replace("&quot;epochs&quot;: [", "&quot;epochs&quot;: [null, ")),
        (8, lambda text: text.replace("&quot;steps&quot;: ", "&quot;steps&quot;: {}, ")),
    ):
        text = path.read_text(encoding="utf-8")
        path.write_text(spoil(text), encoding="utf-8")
        assert path.read_text(encoding="utf-8") != text
        run = fit(epochs, resume=file)
        assert len(run.rows("Every epoch in numbers")) == 1 + epochs
        assert [row[0] for row in run.rows("The time of every epoch")[1:]] == [str(epochs)]


def test_training_is_not_changed_by_its_report(tmp_path):
    def weights(*callbacks):
        model = of_pictures()
        model.fit(mc.data.Pictures(X, Y, 6, augment="classic"), epochs=2, verbose=0,
                  validation_data=(X, Y), callbacks=callbacks)  # fmt: skip
        return model.get_weights()

    for with_it, without in zip(weights(mc.Report(tmp_path / "a.html")), weights(), strict=True):
        np.testing.assert_array_equal(with_it, without)


def test_a_page_that_cannot_be_written_is_one_warning(tmp_path):
    (tmp_path / "taken").write_text("a file")
    report = mc.Report(tmp_path / "taken" / "run.html")
    with pytest.warns(
        RuntimeWarning, match="page is not up to date, and training goes on"
    ) as heard:
        history = of_rows().fit(ROWS, ROWS[:, 0], epochs=3, verbose=0, callbacks=[report])
    assert len(heard) == 1
    assert len(history.epochs) == 3


def test_a_failure_leaves_the_page_from_before(tmp_path, monkeypatch):
    path = tmp_path / "run.html"
    path.write_text("old")
    monkeypatch.setattr("minicnn.report.callback.page", lambda story: 1 / 0)
    with pytest.warns(RuntimeWarning, match="division by zero"):
        of_rows().fit(ROWS, ROWS[:, 0], verbose=0, callbacks=[mc.Report(path)])
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["run.html"]


def test_pictures_are_drawn_when_a_fiftieth_of_the_time_allows_it(tmp_path, monkeypatch):
    now, drawn = [0.0], []
    for kind in (Budget, Timekeeper):
        monkeypatch.setattr(kind.__init__, "__defaults__", (lambda: now[0],))
    monkeypatch.setattr(Budget, "due", DUE)

    def draw(model, data, samples, names, after):
        now[0] += 4
        drawn.append(after)
        return Pictures(after)

    class Slow(mc.Callback):
        def on_epoch_begin(self, epoch):
            now[0] += 100

    class Validation:
        def __len__(self):
            return 1

        def epoch(self, epoch):
            now[0] += 1
            yield mc.data.Batch(ROWS, ROWS[:, 0])

    monkeypatch.setattr("minicnn.report.callback.draw", draw)
    report = mc.Report(tmp_path / "run.html", pictures=(ROWS, ROWS))
    of_rows().fit(ROWS, ROWS[:, 0], epochs=12, verbose=0, validation_data=Validation(),
                  callbacks=[report, Slow()])  # fmt: skip
    # guessed at ten validations of 1 s: after 500 s; then they took 4 s: after 200 s; at the end
    assert drawn == [5, 7, 9, 11, 12]


def test_the_first_page_is_there_before_the_first_step(tmp_path):
    path = tmp_path / "deep" / "run.html"

    class Look(mc.Callback):
        def on_epoch_begin(self, epoch):
            self.page = read(path)

    look = Look()
    of_rows().fit(ROWS, ROWS[:, 0], verbose=0, callbacks=[look, mc.Report(path)])
    assert look.page.status == "● running: about to begin"
    assert look.page.rows("Layers")

"""Drawn pets: deterministic, balanced, honest about colour, and no trouble to a script."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn
from minicnn.data.baseline import logistic_accuracy, mean_colour, rgb_baseline
from minicnn.data.pets import Knobs, drawn_pets
from minicnn.data.pets.exposure import draw_exposure, expose
from minicnn.data.pets.generate import WORTH_A_PROCESS
from minicnn.errors import ConfigError
from minicnn.randomness import generator
from tests.effort import examples
from tests.narrow import needs_threads, no_more_threads

SMALL = (20, 20)
ROOT = str(Path(minicnn.__file__).parent.parent)


def run_python(code, **options):
    """Run a program in a process of its own that sees this very minicnn."""
    return subprocess.run(
        [sys.executable, *options.pop("arguments", ["-c", code])],
        env={"PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=True,
        **options,
    ).stdout


def test_gives_uint8_pictures_and_a_label_for_each():
    x, y = drawn_pets(3, image_size=(40, 64))
    assert (x.shape, x.dtype) == ((3, 40, 64, 3), np.uint8)
    assert (y.shape, y.dtype) == ((3,), np.int64)


@examples(20)
@given(n=st.integers(1, 12), seed=st.integers(0, 2**40))
def test_classes_are_balanced_and_a_picture_depends_on_its_number_only(n, seed):
    x, y = drawn_pets(n, (16, 16), seed)
    assert abs(2 * y.sum() - n) == n % 2
    longer_x, longer_y = drawn_pets(n + 1, (16, 16), seed)
    np.testing.assert_array_equal(longer_x[:n], x)
    np.testing.assert_array_equal(longer_y[:n], y)


def test_the_order_of_the_labels_is_shuffled():
    _, y = drawn_pets(64, (16, 16))
    firsts = y[::2]
    assert 8 < firsts.sum() < 24  # 32 fair coins


def test_equal_seeds_draw_equal_pictures_and_others_draw_others():
    a, b, c = (drawn_pets(4, SMALL, seed)[0] for seed in (5, 5, 6))
    np.testing.assert_array_equal(a, b)
    assert all((p != q).mean() > 0.5 for p, q in zip(a, c, strict=True))


@pytest.fixture(scope="module")
def many():
    n = 2 * WORTH_A_PROCESS + 1
    return n, drawn_pets(n, SMALL, workers=1)


def test_no_picture_is_drawn_twice(many):
    n, (x, _) = many
    assert len({p.tobytes() for p in x}) == n


def test_without_threads_all_are_drawn_here(many):
    n, (x, y) = many
    with no_more_threads():
        other_x, other_y = drawn_pets(n, SMALL, workers=2)
    np.testing.assert_array_equal(other_x, x)
    np.testing.assert_array_equal(other_y, y)


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_processes_draws_the_same(many, workers):
    n, (x, y) = many
    other_x, other_y = drawn_pets(n, SMALL, workers=workers)
    np.testing.assert_array_equal(other_x, x)
    np.testing.assert_array_equal(other_y, y)


@needs_threads
def test_the_processes_really_draw(many, monkeypatch):
    from minicnn.data.pets import picture

    n, (x, _) = many
    drawn, draw = [], picture.draw_picture
    monkeypatch.setattr(picture, "draw_picture", lambda i, *rest: drawn.append(i) or draw(i, *rest))
    np.testing.assert_array_equal(drawn_pets(n, SMALL, workers=2)[0], x)
    assert drawn == list(range(n // 2))


@pytest.mark.parametrize("command", ["", "/no/such/python", "false"])
def test_where_no_process_can_be_had_the_pictures_are_drawn_here(many, monkeypatch, command):
    n, (x, _) = many
    monkeypatch.setattr(sys, "executable", command)
    np.testing.assert_array_equal(drawn_pets(n, SMALL, workers=2)[0], x)


def test_a_script_needs_no_main_guard_and_runs_once(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import sys, minicnn.data.pets as pets
        assert "PIL" not in sys.modules, "pets must load Pillow only to draw"
        print(len(pets.drawn_pets({2 * WORTH_A_PROCESS}, (16, 16), workers=2)[0]))
        """)
    )
    assert run_python("", arguments=[str(script)], cwd=tmp_path) == f"{2 * WORTH_A_PROCESS}\n"


def test_with_all_knobs_at_zero_there_is_one_cat_and_one_dog():
    x, y = drawn_pets(8, SMALL, knobs=Knobs.all(0))
    cats, dogs = x[y == 0], x[y == 1]
    assert (cats == cats[0]).all()
    assert (dogs == dogs[0]).all()
    assert (cats[0] != dogs[0]).mean() > 0.2


@pytest.mark.parametrize("name", Knobs.names())
def test_each_knob_alone_makes_pictures_of_one_class_differ(name):
    x, y = drawn_pets(24, SMALL, knobs=Knobs.only(name))
    assert len({p.tobytes() for p in x[y == 0]}) > 6
    assert len({p.tobytes() for p in x[y == 1]}) > 6


@pytest.mark.parametrize("name", sorted(set(Knobs.names()) - {"light"}))
def test_turning_one_knob_leaves_the_light_alone(name):
    """The camera meters after everything else: equal draws of light, equal mean colours."""
    before, _ = drawn_pets(12, SMALL, knobs=Knobs(**{name: 0.0}))
    after, _ = drawn_pets(12, SMALL, knobs=Knobs(**{name: 1.0}))
    np.testing.assert_allclose(mean_colour(before), mean_colour(after), atol=1.0)


@examples(50)
@given(seed=st.integers(0, 2**32), light=st.floats(0, 1), busy=st.integers(10, 60))
def test_the_camera_sets_the_mean_of_every_channel_of_any_scene(seed, light, busy):
    """A scene has a hundred tones and more; a handful of patches cannot always be metered."""
    rng = np.random.default_rng(seed)
    scene = rng.integers(0, 256, (busy, busy, 3)).repeat(3, 0).repeat(3, 1).astype(np.uint8)
    exposure = draw_exposure(generator(seed, "test"), light)
    taken = expose(scene, exposure)
    # Where this contrast around this mean hardly fits into 0..255, no curve meets both exactly.
    room = np.minimum(exposure.mean, 255 - exposure.mean) / exposure.contrast
    off = np.abs(taken.mean(axis=(0, 1)) - exposure.mean)
    assert (off < np.where(room > 1.6, 2.0, 8.0)).all()


@pytest.fixture(scope="module")
def default_pets():
    return drawn_pets(2000, (40, 40))


FOUR_SIGMA = 4 * 0.5 / 1000**0.5  # of the accuracy of a coin on 1000 pictures


def test_mean_colours_tell_nothing(default_pets):
    x, y = default_pets
    assert abs(rgb_baseline(x[:1000], y[:1000], x[1000:], y[1000:]) - 0.5) < FOUR_SIGMA


@pytest.mark.parametrize("figures", ["means and deviations", "histograms of the channels"])
def test_nor_do_contrasts_and_histograms(default_pets, figures):
    x, y = default_pets
    if figures == "means and deviations":
        told = np.concatenate([mean_colour(x), x.std(axis=(1, 2))], axis=1)
    else:
        told = np.array([[np.bincount(c >> 5, minlength=8) for c in p.reshape(-1, 3).T] for p in x])
        told = told.reshape(len(x), -1).astype(float)
    assert abs(logistic_accuracy(told[:1000], y[:1000], told[1000:], y[1000:]) - 0.5) < FOUR_SIGMA


def test_even_single_colours_tell_next_to_nothing(default_pets):
    """64 colours counted: a tongue or an eye could betray its owner here, were it not for clutter
    in the same colours."""
    x, y = default_pets
    colour = ((x >> 6) * np.array([16, 4, 1], np.uint8)).sum(axis=3, dtype=np.intp)
    counts = np.array([np.bincount(c.ravel(), minlength=64) for c in colour]).astype(float)
    assert logistic_accuracy(counts[:1000], y[:1000], counts[1000:], y[1000:]) < 0.6


def test_shape_tells_what_colour_does_not():
    """With nothing but the light changing, pixels give the class away and mean colours do not."""
    x, y = drawn_pets(400, (16, 16), knobs=Knobs.only("light"))
    pixels = x.mean(axis=3)
    pixels = (pixels - pixels.mean(axis=(1, 2), keepdims=True)).reshape(len(x), -1)
    assert logistic_accuracy(pixels[:300], y[:300], pixels[300:], y[300:]) > 0.95
    assert rgb_baseline(x[:300], y[:300], x[300:], y[300:]) < 0.65


def test_numbers_of_numpy_are_numbers():
    x, _ = drawn_pets(np.int64(2), SMALL, np.int32(3), knobs=Knobs(light=np.float32(0.5)))
    np.testing.assert_array_equal(x, drawn_pets(2, SMALL, 3, knobs=Knobs(light=0.5))[0])


@pytest.mark.parametrize("n", [0, -3, 2.0, True, "10", None])
def test_a_bad_number_of_pictures_is_explained(n):
    with pytest.raises(ConfigError, match=r"expected n to be .* at least 1, got .*; ask for"):
        drawn_pets(n)


@pytest.mark.parametrize(
    "size", [(15, 150), (150, 0), 150, (150,), (150, 150, 3), (99.5, 100), "ab"]
)
def test_a_bad_image_size_is_explained(size):
    with pytest.raises(ConfigError, match=r"expected image_size as .*16, got .*; try"):
        drawn_pets(2, size)


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), "1", None, True])
@pytest.mark.parametrize("name", Knobs.names())
def test_a_knob_out_of_range_is_explained(name, value):
    with pytest.raises(ConfigError, match=f"expected {name} to be .* from 0 to 1, got .*; give"):
        Knobs(**{name: value})


def test_other_mistakes_are_explained():
    with pytest.raises(ConfigError, match=r"one of viewpoint, .*, got 'weather'"):
        Knobs.only("weather")
    with pytest.raises(ConfigError, match=r"expected knobs to be a Knobs, got 0\.5; give"):
        drawn_pets(2, knobs=0.5)
    with pytest.raises(ConfigError, match=r"expected seed to be a whole number, got 'a'; give"):
        drawn_pets(2, seed="a")
    with pytest.raises(
        ConfigError, match=r"expected workers to be .* at least 1, .*, got 0; leave"
    ):
        drawn_pets(2, workers=0)


# ---- the same animal again -----------------------------------------------------------------------


def fixed(**knobs):
    """Every draw that matters, with all knobs up but those given."""
    return Knobs(**{**dict.fromkeys(Knobs.names(), 0.5), **knobs})


@pytest.mark.parametrize("name", Knobs.names())
def test_redrawing_a_nuisance_changes_that_one_and_no_other(name):
    x, y = drawn_pets(6, (32, 32), knobs=fixed())
    again, labels = drawn_pets(6, (32, 32), knobs=fixed(), redrawn={name: 9})
    np.testing.assert_array_equal(labels, y)
    assert (again != x).any(axis=(1, 2, 3)).sum() >= 4  # nothing may stand in front in both
    without = fixed(**{name: 0.0})  # with that knob at 0 nothing of the redraw is seen
    if name != "scale":  # whose draws also say how far a picture wanders
        np.testing.assert_array_equal(
            drawn_pets(6, (32, 32), knobs=without, redrawn={name: 9})[0],
            drawn_pets(6, (32, 32), knobs=without)[0],
        )


def test_redrawing_everything_is_another_seed_with_these_labels():
    redrawn = dict.fromkeys(Knobs.names(), 5)
    x, y = drawn_pets(12, SMALL, seed=4, redrawn=redrawn)
    other_x, other_y = drawn_pets(12, SMALL, seed=5)
    np.testing.assert_array_equal(x[y == other_y], other_x[y == other_y])
    assert 0 < (y == other_y).sum() < 12


def test_processes_are_told_of_it_too():
    n = 2 * WORTH_A_PROCESS
    options = {"redrawn": {"light": np.int64(3)}, "colour_tells": True}
    here, there = (drawn_pets(n, (16, 16), workers=w, **options)[0] for w in (1, 2))
    np.testing.assert_array_equal(here, there)
    assert (here != drawn_pets(n, (16, 16), workers=1)[0]).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("redrawn", [{"weather": 1}, {"light": 1.5}, {"light": True}, ["light"]])
def test_a_bad_redraw_is_explained(redrawn):
    with pytest.raises(
        ConfigError, match=r"expected redrawn to name nuisances \(viewpoint, .*, got .*; give"
    ):
        drawn_pets(2, redrawn=redrawn)


# ---- a careless data set -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def telling():
    """Calm pictures, to train on and to test with, and the same under one nuisance."""

    def draw(**knobs):
        calm = {**dict.fromkeys(Knobs.names(), 0.1), **knobs}
        return drawn_pets(300, (24, 24), knobs=Knobs(**calm), colour_tells=True)

    return draw


def told(x, y):
    return rgb_baseline(x[:200], y[:200], x[200:], y[200:])


def test_where_colour_tells_the_average_colour_does_well(telling):
    assert told(*telling()) > 0.8
    assert told(*telling(variation=0.0)) > 0.9  # a few wear another coat, unless none varies


@pytest.mark.parametrize("name", ["light", "clutter", "variation"])
def test_until_a_nuisance_is_turned_up(telling, name):
    assert told(*telling(**{name: 1.0})) < 0.78


def test_a_careless_camera_treats_all_scenes_alike(telling):
    """The brighter scene stays the brighter picture; a camera that meters makes them equal."""
    rng = np.random.default_rng(0)
    dim = rng.integers(60, 120, (30, 30, 3)).astype(np.uint8)
    exposure = draw_exposure(generator(1, "test"), 0.0)
    careless = [expose(scene, exposure, metered=False).mean() for scene in (dim, dim + 60)]
    careful = [expose(scene, exposure).mean() for scene in (dim, dim + 60)]
    assert careless[1] - careless[0] == pytest.approx(60, abs=2)
    assert careful[1] == pytest.approx(careful[0], abs=1)

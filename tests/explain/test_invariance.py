"""How far answers move: the changes are exact, and networks of known invariance show theirs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.explain import invariance
from minicnn.explain.nuisances import NUISANCES, lit, occluded, rotated, scaled, shifted
from tests.effort import examples
from tests.strategies import seeds


def noise(seed=0, count=3, size=(12, 12), C=3):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, *size, C), dtype=np.uint8)


def brightness_network(C=3, bias=0.0):
    """The score is the mean of all pixels, less a bias: it cannot see where anything is."""
    model = mc.Sequential([mc.GlobalAvgPool2D(), mc.Dense(1)], input_shape=(12, 12, C))
    model.set_weights([np.full((C, 1), 1 / C), np.array([bias])])
    return model


def corner_network(classes):
    """Scores are weighted sums of all pixels; every place counts differently."""
    return mc.Sequential([mc.Flatten(), mc.Dense(classes)], input_shape=(12, 12, 3), seed=1).astype(
        "float64"
    )


# ---- the changes ---------------------------------------------------------------------------------


@given(seeds, st.sampled_from(sorted(NUISANCES)), st.integers(2, 20), st.integers(2, 20))
def test_none_of_it_changes_nothing(seed, name, height, width):
    (picture,) = noise(seed, 1, (height, width))
    before = picture.copy()
    changed = NUISANCES[name].change(picture, NUISANCES[name].none)
    np.testing.assert_array_equal(changed, before)
    np.testing.assert_array_equal(picture, before)


@given(seeds, st.integers(-9, 9))
def test_a_shift_moves_right_and_fills_what_was_beyond_the_border(seed, pixels):
    (picture,) = noise(seed, 1, (8, 10))
    came_from = np.arange(10) - pixels
    inside = (came_from >= 0) & (came_from < 10)
    drawn_out = picture[:, np.clip(came_from, 0, 9)]
    np.testing.assert_array_equal(shifted(picture, pixels / 10, "nearest"), drawn_out)
    filled = np.where(inside[:, None], drawn_out, (1, 2, 3))
    np.testing.assert_array_equal(shifted(picture, pixels / 10, (1, 2, 3)), filled)
    plain = np.where(inside[:, None], drawn_out, np.rint(picture.mean((0, 1))))
    np.testing.assert_array_equal(shifted(picture, pixels / 10), plain)


@given(seeds, st.integers(-4, 4))
def test_quarter_turns_are_exact_and_clockwise(seed, quarters):
    (picture,) = noise(seed, 1, (9, 9))
    np.testing.assert_array_equal(
        rotated(picture, 90 * quarters), np.rot90(picture, -quarters, axes=(0, 1))
    )


def test_twice_as_near_shows_the_middle_half_and_twice_as_far_gives_it_back():
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[6:10, 6:10] = 200
    near = scaled(picture, 2.0)
    assert (near[5:11, 5:11] == 200).all()
    assert near.astype(int).sum() == pytest.approx(4 * picture.astype(int).sum(), rel=0.1)
    far = scaled(picture, 0.5, "nearest")
    assert (far[7:9, 7:9] == 200).all()
    assert not far[:6].any()


@given(seeds, st.floats(0, 5))
def test_light_multiplies_and_white_stays_white(seed, factor):
    (picture,) = noise(seed, 1)
    np.testing.assert_allclose(
        lit(picture, factor), np.minimum(picture * factor, 255), atol=0.5 + 1e-9
    )


@given(seeds, st.floats(0, 1))
def test_occlusion_covers_its_share_in_the_middle_and_keeps_the_mean(seed, share):
    (picture,) = noise(seed, 1, (40, 40))
    picture[..., 1] //= 2
    covered = occluded(picture, share)
    changed = (covered != picture).any(axis=-1)
    assert changed.mean() <= share + 0.03
    side = 40 * share**0.5
    rows = np.flatnonzero(changed.any(axis=1))
    if side > 3:
        assert len(rows) == pytest.approx(side, abs=1.5)
        assert abs(rows[0] + rows[-1] - 39) <= 1
        inside = covered[rows[0] + 1 : rows[-1], rows[0] + 1 : rows[-1]].reshape(-1, 3)
        np.testing.assert_allclose(
            inside, np.broadcast_to(picture.mean((0, 1)), inside.shape), atol=0.5
        )


# ---- what a network makes of them ------------------------------------------------------------


@examples(10)
@given(seeds)
def test_who_sees_no_places_is_not_moved_by_turns(seed):
    model, x = brightness_network(bias=-0.5), noise(seed)
    turned = invariance(model, x, {"rotation": [-90, 0, 90, 180]})["rotation"]
    np.testing.assert_allclose(turned.leads, np.broadcast_to(turned.leads[1], (4, 3)), atol=1e-5)
    assert turned.kept.all()


@examples(10)
@given(seeds, st.floats(0, 1))
def test_who_sees_brightness_moves_with_the_light_and_with_nothing_else(seed, factor):
    model, x = brightness_network(), noise(seed)
    found = invariance(model, x, {"light": [factor, 1], "occlusion": [0.3]})
    bright, plain = found["light"].leads
    np.testing.assert_allclose(bright, factor * plain, atol=0.5 / 255 + 1e-5)
    np.testing.assert_allclose(found["occlusion"].leads[0], plain, atol=0.2)
    assert plain == pytest.approx(x.mean(axis=(1, 2, 3)) / 255, abs=1e-5)


def test_an_answer_that_turns_over_is_seen_where_it_does():
    model = brightness_network(bias=-0.3)  # class 1 above a brightness of 0.3
    x = np.full((2, 12, 12, 3), 102, np.uint8)  # 0.4
    x[1] = 51  # 0.2
    found = invariance(model, x, {"light": [0.5, 0.7, 0.8, 1, 1.4, 1.6]})["light"]
    assert found.classes.tolist() == [1, 0]
    assert found.kept.T.tolist() == [[False, False, True, True, True, True],
                                     [True, True, True, True, True, False]]  # fmt: skip
    assert (found.unit, found.none, found.amounts.tolist()[0]) == ("times", 1, 0.5)


@pytest.mark.parametrize("classes", [1, 2, 4])
@pytest.mark.parametrize("name", sorted(NUISANCES))
def test_leads_are_those_of_the_changed_pictures_one_by_one(classes, name):
    model, x = corner_network(classes), noise(5, count=7)
    found = invariance(model, x, batch_size=3)
    assert list(found) == list(NUISANCES)
    movement, nuisance = found[name], NUISANCES[name]
    assert movement.leads.shape == (len(nuisance.amounts), 7)
    plain = model.predict(x)
    answers = (plain[:, 0] > 0).astype(int) if classes == 1 else plain.argmax(axis=1)
    np.testing.assert_array_equal(movement.classes, answers)
    assert movement.kept[nuisance.amounts.index(nuisance.none)].all()
    for a, amount in enumerate(nuisance.amounts):
        for n in range(7):
            (scores,) = model.predict(nuisance.change(x[n], amount)[None])
            if classes == 1:
                expected = scores[0] if answers[n] else -scores[0]
            else:
                expected = scores[answers[n]] - np.delete(scores, answers[n]).max()
            assert movement.leads[a, n] == pytest.approx(expected, abs=1e-9)


def test_a_network_that_knows_nothing_keeps_its_answer():
    model = mc.Sequential([mc.Flatten(), mc.Dense(1, activation="sigmoid")], input_shape=(4, 4, 3))
    model.set_weights([np.zeros((48, 1)), np.zeros(1)])
    x = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    for movement in mc.explain.invariance(model, x).values():
        assert movement.kept.all()  # each score is 0, and none overtakes the other


def test_the_score_is_what_stands_before_the_sigmoid():
    x = noise()
    plain = brightness_network(bias=-0.4)
    model = mc.Sequential(
        [mc.GlobalAvgPool2D(), mc.Dense(1, activation="sigmoid")], input_shape=(12, 12, 3)
    )
    model.set_weights(plain.get_weights())
    for name, movement in invariance(model, x).items():
        np.testing.assert_allclose(movement.leads, invariance(plain, x)[name].leads, atol=1e-5)


def test_what_lies_beyond_the_border_is_as_asked():
    model, x = corner_network(1), noise()
    for fill in ("nearest", "reflect", (0, 0, 0), None):
        movement = invariance(model, x, {"scale": [0.5]}, fill)["scale"]
        scores = model.predict(np.stack([scaled(p, 0.5, fill) for p in x]))[:, 0]
        signs = np.where(movement.classes == 1, 1, -1)
        np.testing.assert_allclose(movement.leads[0], signs * scores, atol=1e-9)
        assert movement.fill == fill


def test_grey_pictures_are_pictures_too():
    x = noise(C=1)
    grey = invariance(brightness_network(C=1), x)
    colour = invariance(brightness_network(), np.repeat(x, 3, axis=-1))
    for name in NUISANCES:
        np.testing.assert_allclose(grey[name].leads, colour[name].leads, atol=1e-5)


def test_on_the_other_backend_it_is_the_same(cupy_ops):
    there = invariance(brightness_network(), noise())["rotation"].leads
    assert isinstance(there, np.ndarray)
    with mc.use_backend("numpy"):
        here = invariance(brightness_network(), noise())["rotation"].leads
    np.testing.assert_allclose(there, here, atol=1e-5)


# ---- mistakes ------------------------------------------------------------------------------------


def test_mistakes_are_explained():
    model, x = brightness_network(), noise()
    with pytest.raises(
        mc.MinicnnError, match=r"as uint8, got float64 .*; values from 0 to 1 become"
    ):
        invariance(model, x / 255)
    with pytest.raises(mc.MinicnnError, match=r"got uint8 of shape \(12, 12, 3\)"):
        invariance(model, x[0])
    with pytest.raises(mc.ConfigError, match=r"nuisances from shift, .*got 'weather'; leave"):
        invariance(model, x, {"weather": [1]})
    with pytest.raises(mc.ConfigError, match=r"fill as 'nearest', .*got 'grey'; leave it out"):
        invariance(model, x, fill="grey")
    for amounts in ([], [0.0], [[1.0]], ["much"], [float("nan")], [100]):
        with pytest.raises(mc.ConfigError, match=r"amounts of scale from 0\.1 to 10 .*; try \["):
            invariance(model, x, {"scale": amounts})

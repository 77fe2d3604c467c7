"""The truth about drawn pets: it belongs to the very pictures that ``drawn_pets`` gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from minicnn.data.pets import Knobs, drawn_pets, drawn_truth
from minicnn.data.pets.brush import darker
from minicnn.data.pets.job import Job
from minicnn.data.pets.picture import SUPERSAMPLING, paint_background, paint_pet, stream
from minicnn.errors import ConfigError
from tests.effort import examples

SIZE = (40, 56)


def empty_scene(number, job):
    """The scene before its pet, the foreground and the light come, its wall and its floor."""
    image = Image.new("RGB", (SUPERSAMPLING * SIZE[1], SUPERSAMPLING * SIZE[0]))
    return image, *paint_background(image, stream("clutter", number, job), job.knobs.clutter)


def with_pet(image, number, job, wall, floor):
    """The pixels of the scene when the pet of this number has been painted into it."""
    image = image.copy()
    paint_pet(image, number, job, 3, wall, floor)
    return np.asarray(image)


def cells(a):
    """The finely drawn pixels, grouped by the pixel of the picture that they become."""
    return a.reshape(SIZE[0], SUPERSAMPLING, SIZE[1], SUPERSAMPLING)


@examples(15)
@given(number=st.integers(0, 30), seed=st.integers(0, 9))
def test_the_mask_is_what_the_pet_hides_of_its_own_scene(number, seed):
    """What it hides, not what it changes: a sofa can have exactly the colour of the fur.

    What is hidden looks the same in front of the scene and of its negative. The shadow does not,
    for in one of them it falls on a black floor and in the other on a white one.
    """
    knobs = Knobs(occlusion=0.0)
    job = Job(seed, SIZE, knobs, {}, colour_tells=False)
    scene, wall, floor = empty_scene(number, job)
    mask = drawn_truth(number + 1, SIZE, seed, knobs=knobs).masks[number]

    positive = with_pet(scene, number, job, wall, floor=(0, 0, 0))
    negative = with_pet(ImageChops.invert(scene), number, job, wall, floor=(255, 255, 255))
    hidden = cells((positive == negative).all(axis=-1)).mean(axis=(1, 3))
    np.testing.assert_array_equal(mask, hidden >= 0.5)

    drawn = with_pet(scene, number, job, wall, floor)
    changed = cells((np.asarray(scene) != drawn).any(axis=-1)).sum(axis=(1, 3))
    in_shadow = cells((drawn == darker(floor, 0.35)).all(axis=-1)).sum(axis=(1, 3))
    assert (changed - in_shadow)[mask == 0].max() < SUPERSAMPLING**2 / 2


@examples(10)
@given(n=st.integers(1, 6), seed=st.integers(0, 2**40))
def test_it_depends_on_the_number_of_the_picture_only(n, seed):
    some, more = drawn_truth(n, SIZE, seed), drawn_truth(n + 1, SIZE, seed)
    np.testing.assert_array_equal(more.heads[:n], some.heads)
    np.testing.assert_array_equal(more.masks[:n], some.masks)


def test_occluders_only_take_away():
    free = drawn_truth(20, SIZE, knobs=Knobs(occlusion=0.0))
    hidden = drawn_truth(20, SIZE, knobs=Knobs(occlusion=1.0))
    np.testing.assert_array_equal(free.heads, hidden.heads)
    assert (hidden.masks <= free.masks).all()
    assert hidden.masks.sum() < free.masks.sum()


def test_a_nuisance_drawn_again_has_its_own_truth():
    usual, light, view = (
        drawn_truth(8, SIZE, redrawn=redrawn) for redrawn in (None, {"light": 3}, {"viewpoint": 3})
    )
    np.testing.assert_array_equal(usual.masks, light.masks)
    assert not np.array_equal(usual.masks, view.masks)
    assert not np.array_equal(usual.heads, view.heads)


def test_the_head_of_the_plain_pet_is_where_the_plan_puts_it():
    """Sitting, 5.6 radii high a picture, aimed at a point 0.2 right of the head and 0.8 below."""
    heads = drawn_truth(2, (64, 64), knobs=Knobs.all(0)).heads
    np.testing.assert_allclose(heads, [[0.5 - 0.2 / 5.6, 0.5 - 0.8 / 5.6, 1 / 5.6]] * 2, atol=1e-6)


def test_heads_do_not_depend_on_the_resolution():
    np.testing.assert_allclose(
        drawn_truth(6, (32, 32)).heads, drawn_truth(6, (64, 64)).heads, atol=1e-6
    )


def test_the_middle_of_every_head_is_pet_if_nothing_stands_in_front():
    truth = drawn_truth(40, (60, 60), seed=2, knobs=Knobs(occlusion=0.0))
    places = (truth.heads[:, :2] * 60).astype(int)
    assert all(mask[y, x] for mask, (x, y) in zip(truth.masks, places, strict=True))


def test_the_pictures_are_of_the_same_number():
    x, y = drawn_pets(3, SIZE)
    truth = drawn_truth(3, SIZE)
    assert truth.masks.shape == x.shape[:3]
    assert truth.masks.dtype == np.uint8
    assert truth.heads.dtype == np.float32
    assert len(truth.heads) == len(y)


def test_mistakes_are_explained():
    with pytest.raises(ConfigError, match="expected n to be"):
        drawn_truth(0)
    with pytest.raises(ConfigError, match="expected knobs to be"):
        drawn_truth(2, knobs=0.5)

"""Augmentation against its definition: every piece, and all of them as one matrix."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minicnn.data.augment import (
    AffinePiece,
    Augmentation,
    Brightness,
    Contrast,
    Flip,
    RandomCrop,
    RandomErase,
    Rotation,
    Shear,
    Shift,
    Zoom,
    classic,
    contact_sheet,
)
from minicnn.data.augment.warp import warp
from minicnn.errors import ConfigError, DataError
from minicnn.randomness import generator

sizes = st.tuples(st.integers(1, 24), st.integers(1, 24))
seeds = st.integers(0, 2**32)


def picture(size: tuple[int, int] = (20, 30), seed: int = 0) -> np.ndarray:
    return generator(seed, "picture").integers(0, 256, (*size, 3), dtype=np.uint8)


def sampled(image: np.ndarray, matrix: np.ndarray, fill: str) -> np.ndarray:
    """The definition, pixel by pixel: where does each come from, and what is seen there?"""
    height, width, _ = image.shape
    out = np.zeros(image.shape)

    def inside(index: int, size: int) -> int:
        if fill == "nearest":
            return min(max(index, 0), size - 1)
        index %= 2 * size  # the picture and its mirror image, for ever
        return index if index < size else 2 * size - 1 - index

    for row in range(height):
        for column in range(width):
            centred = [column + 0.5 - width / 2, row + 0.5 - height / 2, 1.0]
            x, y = (matrix @ centred)[:2] + np.array([width / 2 - 0.5, height / 2 - 0.5])
            left, top = math.floor(x), math.floor(y)
            for i, wy in ((top, 1 - (y - top)), (top + 1, y - top)):
                for j, wx in ((left, 1 - (x - left)), (left + 1, x - left)):
                    out[row, column] += wy * wx * image[inside(i, height), inside(j, width)]
    return out


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


matrices = st.builds(
    lambda a, b, c, d, e, f: np.array([[a, b, c], [d, e, f], [0, 0, 1.0]]),
    *[numbers(-1.5, 1.5), numbers(-1, 1), numbers(-9, 9)],
    *[numbers(-1, 1), numbers(-1.5, 1.5), numbers(-9, 9)],
)


# The last pixel looked at lies just beyond the reach of the corners: its neighbour counts too.
BEYOND = np.array([[0.1, 0, -6.5], [0, 0.1, 6.5], [0, 0, 1]])


@example((10, 10), BEYOND, "reflect", 0)
@given(sizes, matrices, st.sampled_from(["nearest", "reflect"]), seeds)
def test_warp_against_its_definition(
    size: tuple[int, int], matrix: np.ndarray, fill: str, seed: int
) -> None:
    """Within one level of 255: Pillow cuts off what NumPy would round."""
    image = picture(size, seed)
    warped = warp(image, matrix, fill)
    assert warped.shape == image.shape
    assert warped.dtype == np.uint8
    assert np.abs(warped - sampled(image, matrix, fill)).max() <= 1.01


@given(seeds)
def test_a_colour_beyond_the_border(seed: int) -> None:
    image = picture(seed=seed)
    shift = np.array([[1.0, 0, 10], [0, 1, 0], [0, 0, 1]])
    moved = warp(image, shift, (1, 2, 3))
    np.testing.assert_array_equal(moved[:, :20], image[:, 10:])
    assert (moved[:, 20:] == (1, 2, 3)).all()


@given(sizes, seeds, st.sampled_from(["nearest", "reflect"]))
def test_flips_are_exact_and_undo_themselves(size: tuple[int, int], seed: int, fill: str) -> None:
    image, rng = picture(size, seed), generator(seed, "rng")
    sideways = Augmentation(Flip(p=1), fill=fill)
    upside_down = Augmentation(Flip(vertical=True, p=1), fill=fill)
    np.testing.assert_array_equal(sideways(image, rng), image[:, ::-1])
    np.testing.assert_array_equal(upside_down(image, rng), image[::-1])
    np.testing.assert_array_equal(sideways(sideways(image, rng), rng), image)
    both = Augmentation(Flip(p=1), Flip(vertical=True, p=1), Flip(p=1), Flip(vertical=True, p=1))
    np.testing.assert_array_equal(both(image, rng), image)


@given(sizes, seeds)
def test_no_strength_no_change(size: tuple[int, int], seed: int) -> None:
    nothing = Augmentation(
        Flip(p=0), Rotation(0), Shift(0, 0), Shear(0), Zoom(0), RandomCrop(1, 1, 1),
        Brightness(0), Contrast(0), RandomErase(p=0),
    )  # fmt: skip
    image = picture(size, seed)
    np.testing.assert_array_equal(nothing(image, generator(seed, "rng")), image)


PIECES = [Flip(), Rotation(40), Shift(0.2, 0.3), Shear(0.3), Zoom(0.4), RandomCrop(0.4)]


@given(st.lists(st.sampled_from(PIECES), max_size=6), seeds)
def test_many_pieces_are_one_matrix(pieces: list[AffinePiece], seed: int) -> None:
    """A point followed back through the pieces one by one, last first, comes where M says."""
    matrix = Augmentation(*pieces).matrix(generator(seed, "rng"), 20, 30)
    rng = generator(seed, "rng")
    drawn = [piece.matrix(rng, 20, 30) for piece in pieces]
    point = np.array([3.0, -4.0, 1.0])
    for one in reversed(drawn):
        point = one @ point
    np.testing.assert_allclose(matrix @ [3.0, -4.0, 1.0], point, atol=1e-9)


def test_one_resampling_is_kinder_than_two() -> None:
    """Why the matrices are composed: turned there and back, nothing has been lost."""
    image = picture((40, 40))
    c, s = math.cos(0.5), math.sin(0.5)
    there = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    composed = warp(image, there @ there.T, "reflect")
    twice = warp(warp(image, there, "reflect"), there.T, "reflect")
    inner = (slice(10, 30), slice(10, 30))
    assert np.abs(composed[inner].astype(int) - image[inner]).max() <= 1
    assert np.abs(twice[inner].astype(int) - image[inner]).mean() > 10


@given(seeds)
def test_what_is_drawn_keeps_to_its_range(seed: int) -> None:
    rng = generator(seed, "rng")
    turned = Rotation(40).matrix(rng, 20, 30)
    assert abs(math.degrees(math.atan2(turned[1, 0], turned[0, 0]))) <= 40
    assert np.isclose(np.linalg.det(turned), 1)
    shifted = Shift(0.2, 0.1).matrix(rng, 20, 30)
    assert abs(shifted[0, 2]) <= 3
    assert abs(shifted[1, 2]) <= 4
    zoomed = Zoom(0.2).matrix(rng, 20, 30).diagonal()
    assert (abs(zoomed[:2] - 1) <= 0.2).all()
    same = Zoom(0.2, keep_shape=True).matrix(rng, 20, 30)
    assert same[0, 0] == same[1, 1]
    assert abs(math.atan(Shear(0.2).matrix(rng, 20, 30)[0, 1])) <= 0.2


@given(seeds, numbers(0.05, 1), numbers(1, 2))
def test_a_crop_stays_inside(seed: int, smallest: float, stretch: float) -> None:
    matrix = RandomCrop(smallest, 1.0, stretch).matrix(generator(seed, "rng"), 20, 30)
    for corner in ([15, 10, 1], [-15, 10, 1], [15, -10, 1], [-15, -10, 1]):
        x, y, _ = matrix @ corner
        assert abs(x) <= 15 + 1e-9
        assert abs(y) <= 10 + 1e-9
    assert np.linalg.det(matrix) >= smallest / stretch - 1e-9


@given(seeds)
def test_light(seed: int) -> None:
    image, rng = picture(seed=seed), generator(seed, "rng")
    factor = generator(seed, "rng").uniform(0.7, 1.3)
    expected = np.clip(np.rint(image * factor), 0, 255)
    np.testing.assert_array_equal(Brightness(0.3)(image, rng), expected)
    grey = np.full((4, 4, 3), 120, np.uint8)
    np.testing.assert_array_equal(Contrast(0.5)(grey, rng), grey)
    soft = Contrast(0.5)(image, rng)
    order = np.argsort(image.ravel(), kind="stable")
    assert (np.diff(soft.ravel()[order].astype(int)) >= 0).all()


@given(seeds)
def test_erasing_hides_one_rectangle(seed: int) -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    erased = RandomErase(p=1, smallest=0.1, largest=0.3)(image, generator(seed, "rng"))
    assert not image.any()
    rows, columns = np.nonzero(erased.any(-1))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert 0.07 <= height * width / (40 * 60) <= 0.34
    assert erased[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].mean() > 100


def test_chances_come_out() -> None:
    rng = generator(0, "rng")
    flips = [Flip().matrix(rng, 4, 4)[0, 0] for _ in range(2000)]
    assert 0.45 < np.mean(np.array(flips) == -1) < 0.55
    image = np.zeros((8, 8, 3), np.uint8)
    erased = [RandomErase(p=0.3, smallest=0.1)(image, rng) is not image for _ in range(2000)]
    assert 0.25 < np.mean(erased) < 0.35


def test_the_classic_recipe() -> None:
    pieces = {type(piece): vars(piece) for piece in classic().moves}
    assert pieces == {
        Rotation: {"degrees": 40},
        Shift: {"height": 0.2, "width": 0.2},
        Shear: {"radians": 0.2},
        Zoom: {"amount": 0.2, "keep_shape": False},
        Flip: {"vertical": False, "p": 0.5},
    }
    assert classic().fill == "nearest"


def test_inputs_are_left_alone() -> None:
    image = picture()
    image.setflags(write=False)  # a mapped cache is read-only, too
    before = image.copy()
    augment = Augmentation(*PIECES, Brightness(0.5), Contrast(0.5), RandomErase(p=1))
    for seed in range(20):
        augment(image, generator(seed, "rng"))
    np.testing.assert_array_equal(image, before)


def test_a_function_of_ones_own_is_a_piece() -> None:
    negative = Augmentation(lambda picture, rng: 255 - picture)
    np.testing.assert_array_equal(negative(picture(), generator(0, "rng")), 255 - picture())


@given(sizes, sizes, seeds, st.sampled_from(["nearest", "reflect"]))
def test_another_size_looks_at_the_same_place(
    size: tuple[int, int], new: tuple[int, int], seed: int, fill: str
) -> None:
    image = picture(size, seed)
    small = warp(image, np.eye(3), fill, new)
    assert small.shape == (*new, 3)
    stretch = np.diag([size[1] / new[1], size[0] / new[0], 1.0])
    for row, column in ((0, 0), (new[0] - 1, new[1] - 1), (new[0] // 2, new[1] // 2)):
        centred = [column + 0.5 - new[1] / 2, row + 0.5 - new[0] / 2, 1.0]
        expected = sampled_at(image, stretch @ centred, fill)
        np.testing.assert_allclose(small[row, column], expected, atol=1.01)


def sampled_at(image: np.ndarray, place: np.ndarray, fill: str) -> np.ndarray:
    """One pixel by the definition: ``sampled`` with a matrix that looks at one place."""
    height, width, _ = image.shape
    to_place = np.eye(3)
    to_place[:2, 2] = place[:2] - np.array([0.5 - width / 2, 0.5 - height / 2])
    return sampled(image, to_place, fill)[0, 0]


def test_the_size_of_an_augmentation() -> None:
    image = picture((20, 30))
    rng = generator(0, "size")
    smaller = Augmentation(Flip(), RandomCrop(0.5), Brightness(0.1), size=(8, 12))
    assert smaller(image, rng).shape == (8, 12, 3)
    assert Augmentation(size=40)(image, rng).shape == (40, 40, 3)
    assert Augmentation(size=(20, 30))(image, rng) is image
    halves = Augmentation(size=(20, 15))(image, rng)  # each pixel lies between two old ones
    means = (image[:, ::2].astype(float) + image[:, 1::2]) / 2
    np.testing.assert_allclose(halves, means, atol=1.01)
    sheet = contact_sheet(np.stack([image, image]), Augmentation(size=(40, 12)), versions=2)
    assert sheet.size == (3 * 30 + 2 * 4, 2 * 40 + 4)


def test_contact_sheet() -> None:
    images = np.stack([picture((20, 30), seed) for seed in range(3)])
    sheet = np.asarray(contact_sheet(images, "classic", versions=4, seed=6))
    assert sheet.shape == (3 * 24 - 4, 5 * 34 - 4, 3)
    for i, image in enumerate(images):
        np.testing.assert_array_equal(sheet[i * 24 : i * 24 + 20, :30], image)
        version = classic()(image, generator(6, "augment", 1, i))
        np.testing.assert_array_equal(sheet[i * 24 : i * 24 + 20, 68:98], version)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rotation(-5),
        lambda: Flip(p=1.5),
        lambda: Zoom(1),
        lambda: Shift(2, 0),
        lambda: RandomCrop(0.9, 0.5),
        lambda: RandomErase(largest=3),
        lambda: Brightness(float("nan")),
        lambda: Augmentation([Flip()]),
        lambda: Augmentation(Flip(), fill="mirror"),
    ],
)
def test_errors(make: object) -> None:
    with pytest.raises(ConfigError, match=r"expected .*, got "):
        make()


# ---- greys, and what is no picture -------------------------------------------------------------

ALL = (Rotation(40), Shift(), Shear(0.2), Zoom(0.2), Flip(), RandomCrop(0.4), Brightness(0.2))


@given(sizes, seeds, st.sampled_from(["nearest", "reflect", (10, 200, 30)]))
def test_a_grey_picture_with_one_channel_is_varied_as_with_three(
    size: tuple[int, int], seed: int, fill: str
) -> None:
    """Three equal channels show the same; a colour beyond the border becomes its grey."""
    grey = picture(size, seed)[..., :1]
    beyond = fill if isinstance(fill, str) else (round(0.299 * 10 + 0.587 * 200 + 0.114 * 30),) * 3
    pieces = (*ALL, Contrast(0.3))
    one = Augmentation(*pieces, fill=fill)(grey, np.random.default_rng(seed))
    three = Augmentation(*pieces, fill=beyond)(grey.repeat(3, axis=2), np.random.default_rng(seed))
    assert one.shape == grey.shape
    assert one.dtype == np.uint8
    for channel in np.moveaxis(three, 2, 0):  # the mean grey may round to the level beside it
        assert abs(one[..., 0].astype(int) - channel).max() <= 1


def test_a_grey_picture_is_erased_too() -> None:
    erased = RandomErase(1.0, 0.2, 0.2)(np.zeros((20, 20, 1), np.uint8), np.random.default_rng(0))
    assert erased.shape == (20, 20, 1)
    assert 0 < (erased > 0).sum() < 150


def test_a_contact_sheet_of_greys() -> None:
    sheet = contact_sheet(np.full((2, 9, 8, 1), 7, np.uint8), "mild", versions=2)
    assert sheet.size == (3 * 8 + 2 * 4, 2 * 9 + 4)


@pytest.mark.parametrize(
    "thing",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        [[1, 2]],
        "cat.jpg",
    ],
)
@pytest.mark.parametrize(
    "change",
    [classic(), Augmentation(), Brightness(0.1), Contrast(0.1), RandomErase(0.0)],
    ids=["recipe", "nothing", "brightness", "contrast", "erase"],
)
def test_what_is_no_picture_is_one_clear_error(thing: object, change: object) -> None:
    with pytest.raises(DataError, match=r"expected a picture to vary as uint8.*, got "):
        change(thing, np.random.default_rng(0))
    with pytest.raises(DataError, match="expected a picture to vary"):
        contact_sheet([thing], change)


def test_a_contact_sheet_of_nothing() -> None:
    with pytest.raises(DataError, match="got none"):
        contact_sheet(np.zeros((0, 4, 4, 3), np.uint8), "mild")


@pytest.mark.parametrize("fill", [(256, 0, 0), (-1, 0, 0), (0.5, 0, 0), (0, 0), [0, 0, 0], "none"])
def test_a_fill_that_is_no_colour(fill: object) -> None:
    with pytest.raises(ConfigError, match="expected fill"):
        Augmentation(Rotation(3), fill=fill)


def test_an_amount_that_is_no_number() -> None:
    with pytest.raises(
        ConfigError, match="Rotation: expected degrees between 0 and 180, got 'far'"
    ):
        Rotation("far")

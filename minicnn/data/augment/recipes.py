"""Augmentations known by one name."""

from __future__ import annotations

from collections.abc import Callable

from minicnn.data.augment.affine import Flip, RandomCrop, Rotation, Shear, Shift, Zoom
from minicnn.data.augment.augmentation import Augmentation, PixelPiece
from minicnn.data.augment.light import Brightness, Contrast
from minicnn.errors import ConfigError


def classic() -> Augmentation:
    """The recipe of the well-known exercise with 2000 cats and dogs.

    Rotation 40°, shifts 0.2, shear 0.2, zoom 0.2, horizontal flip, nearest pixels beyond the
    border. Its shear is meant in radians here, as when the exercise was written.
    """
    return Augmentation(Rotation(40), Shift(0.2, 0.2), Shear(0.2), Zoom(0.2), Flip())


def mild() -> Augmentation:
    """Photographs that might as well have been taken: see docs/accuracy.md, where it did better.

    Flip, rotation 12°, a window of 0.4 to 1 of the picture, brightness and contrast 0.2, the
    mirror image beyond the border.
    """
    return Augmentation(
        Flip(), Rotation(12), RandomCrop(0.4), Brightness(0.2), Contrast(0.2), fill="reflect"
    )


RECIPES: dict[str, Callable[[], Augmentation]] = {"classic": classic, "mild": mild}


def augmentation(choice: PixelPiece | str | None) -> PixelPiece | None:
    """A recipe's augmentation for its name; anything that can be called as it is.

    >>> augmentation("classic").moves[0].degrees
    40
    """
    if isinstance(choice, str):
        if choice not in RECIPES:
            raise ConfigError(
                f"expected an augmentation or a recipe's name, one of {sorted(RECIPES)}, got "
                f"{choice!r}"
            )
        return RECIPES[choice]()
    if choice is not None and not callable(choice):
        raise ConfigError(
            f"expected an augmentation as a recipe's name or a function of (picture, rng), got "
            f"{choice!r}; put pieces together with Augmentation(…)"
        )
    return choice

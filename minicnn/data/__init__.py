"""Photographs in: data sets, pictures from folders, drawn pets, augmentation.

Everything here is loaded when it is first asked for, so that ``import minicnn`` stays quick and
does without Pillow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minicnn.data.dataset import Batch, Dataset

if TYPE_CHECKING:
    from minicnn.data import augment as augment
    from minicnn.data.augment import Augmentation as Augmentation
    from minicnn.data.augment import contact_sheet as contact_sheet
    from minicnn.data.baseline import RGBClassifier as RGBClassifier
    from minicnn.data.baseline import colour_shift as colour_shift
    from minicnn.data.baseline import rgb_baseline as rgb_baseline
    from minicnn.data.decode import read_picture as read_picture
    from minicnn.data.download import cats_and_dogs as cats_and_dogs
    from minicnn.data.folder import ImageFolder as ImageFolder
    from minicnn.data.mixup import Mixup as Mixup
    from minicnn.data.pets import Knobs as Knobs
    from minicnn.data.pets import Truth as Truth
    from minicnn.data.pets import drawn_pets as drawn_pets
    from minicnn.data.pets import drawn_truth as drawn_truth
    from minicnn.data.picture_error import PictureError as PictureError
    from minicnn.data.pictures import Pictures as Pictures
    from minicnn.data.report import PictureReport as PictureReport

# Where each public name lives.
HOME = {
    "Augmentation": "minicnn.data.augment",
    "ImageFolder": "minicnn.data.folder",
    "Knobs": "minicnn.data.pets",
    "Mixup": "minicnn.data.mixup",
    "PictureError": "minicnn.data.picture_error",
    "PictureReport": "minicnn.data.report",
    "Pictures": "minicnn.data.pictures",
    "RGBClassifier": "minicnn.data.baseline",
    "Truth": "minicnn.data.pets",
    "cats_and_dogs": "minicnn.data.download",
    "colour_shift": "minicnn.data.baseline",
    "contact_sheet": "minicnn.data.augment",
    "drawn_pets": "minicnn.data.pets",
    "drawn_truth": "minicnn.data.pets",
    "read_picture": "minicnn.data.decode",
    "rgb_baseline": "minicnn.data.baseline",
}

__all__ = [
    "Augmentation",
    "Batch",
    "Dataset",
    "ImageFolder",
    "Knobs",
    "Mixup",
    "PictureError",
    "PictureReport",
    "Pictures",
    "RGBClassifier",
    "Truth",
    "augment",
    "cats_and_dogs",
    "colour_shift",
    "contact_sheet",
    "drawn_pets",
    "drawn_truth",
    "read_picture",
    "rgb_baseline",
]


def __getattr__(name: str) -> Any:
    if name == "augment":  # the subpackage itself
        return import_module("minicnn.data.augment")
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

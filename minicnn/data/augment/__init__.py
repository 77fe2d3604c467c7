"""Augmentation: pictures as they might have been taken, too.

>>> from minicnn.data import augment
>>> mine = augment.Augmentation(augment.Flip(), augment.RandomCrop(0.6), augment.Brightness(0.2))
"""

from minicnn.data.augment.affine import (
    AffinePiece,
    Flip,
    RandomCrop,
    Rotation,
    Shear,
    Shift,
    Zoom,
)
from minicnn.data.augment.augmentation import Augmentation
from minicnn.data.augment.erase import RandomErase
from minicnn.data.augment.light import Brightness, Contrast, LightPiece
from minicnn.data.augment.recipes import RECIPES, augmentation, classic, mild
from minicnn.data.augment.sheet import contact_sheet

__all__ = [
    "RECIPES",
    "AffinePiece",
    "Augmentation",
    "Brightness",
    "Contrast",
    "Flip",
    "LightPiece",
    "RandomCrop",
    "RandomErase",
    "Rotation",
    "Shear",
    "Shift",
    "Zoom",
    "augmentation",
    "classic",
    "contact_sheet",
    "mild",
]

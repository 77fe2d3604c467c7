"""Cats and dogs drawn with Pillow: a data set that nobody has to download."""

from minicnn.data.pets.generate import drawn_pets
from minicnn.data.pets.knobs import Knobs
from minicnn.data.pets.truth import Truth, drawn_truth

__all__ = ["Knobs", "Truth", "drawn_pets", "drawn_truth"]

"""What batches are made by, as texts that are equal in every process."""

from __future__ import annotations

import functools

import numpy as np

from minicnn.data import augment
from minicnn.data.settings import digest_of, lasting_text, settings_of


class Piece:
    def __init__(self, amount: float, inner: object = None) -> None:
        self.amount, self.inner, self._counter = amount, inner, object()

    def __call__(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return picture


def test_equal_augmentations_have_equal_texts_and_others_others() -> None:
    recipes = [
        augment.classic,
        augment.mild,
        lambda: augment.Augmentation(augment.Rotation(12)),
        lambda: augment.Augmentation(augment.Rotation(13)),
        lambda: augment.Augmentation(augment.Rotation(13), fill="reflect"),
        lambda: augment.Augmentation(augment.Rotation(13), Piece(1)),
        lambda: augment.Augmentation(augment.Rotation(13), Piece(2)),
    ]
    texts = [lasting_text(make()) for make in recipes]
    assert texts == [lasting_text(make()) for make in recipes]
    assert len(set(texts)) == len(recipes)


def test_no_addresses() -> None:
    partial = functools.partial(np.clip, a_min=Piece(2))
    for thing in (Piece(1, Piece(2)), [Piece(1), lambda: 0], object(), np.clip, partial):
        assert " at 0x" not in lasting_text(thing)


def test_a_thing_that_holds_itself_has_a_text_too() -> None:
    piece = Piece(1)
    piece.inner = piece
    assert lasting_text(piece).startswith("Piece(amount=1, inner=Piece(")


def test_a_data_set_that_says_nothing() -> None:
    assert settings_of(object()) == {}


def test_labels_in_another_order_have_another_digest() -> None:
    assert digest_of(np.array([0, 1])) != digest_of(np.array([1, 0]))
    assert digest_of(np.array([0, 1]), ["a"]) != digest_of(np.array([0, 1]), ["b"])

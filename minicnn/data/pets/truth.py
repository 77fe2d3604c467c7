"""What the drawn pets show, known because they were drawn: where the head is, which pixels are pet.

Labels for networks that do more than say cat or dog.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from minicnn.data.pets.generate import DEFAULT, checked, other_seeds
from minicnn.data.pets.job import Job
from minicnn.data.pets.knobs import Knobs
from minicnn.typing import Array, Pair

LIGHT, WALL = 10, (128, 128, 128)  # any will do, as long as they are the same on both grounds


class Truth(NamedTuple):
    """What is known about ``n`` drawn pets."""

    heads: Array  # (n, 3) float32: x, y of the head's middle and its radius, see drawn_truth
    masks: Array  # (n, H, W) uint8: 1 where a pixel shows the animal, 0 elsewhere


def drawn_truth(
    n: int,
    image_size: Pair = (150, 150),
    seed: int = 0,
    *,
    knobs: Knobs = DEFAULT,
    redrawn: Mapping[str, int] | None = None,
) -> Truth:
    """The truth about the pictures that ``drawn_pets`` gives for the same arguments.

    A head's x is a share of the picture's width, its y of the height, and its radius of the
    shorter side. What stands in front of the animal is no pet in the mask, and neither is its
    shadow on the ground.

    >>> truth = drawn_truth(4, image_size=(32, 48))
    >>> truth.heads.shape, truth.masks.shape, truth.masks.max()
    ((4, 3), (4, 32, 48), np.uint8(1))
    """
    size = checked(n, image_size, seed, knobs, None)
    job = Job(int(seed), size, knobs, other_seeds(redrawn), colour_tells=False)
    heads = np.empty((n, 3), np.float32)
    masks = np.empty((n, *size), np.uint8)
    for number in range(n):
        heads[number], masks[number] = _truth(number, job)
    return Truth(heads, masks)


def _truth(number: int, job: Job) -> tuple[Array, Array]:
    from minicnn.data.pets import picture, scene  # Pillow loads when a picture is wanted

    height, width = (picture.SUPERSAMPLING * side for side in job.size)
    pets = []

    def pet(image: Any, ground: Any) -> None:
        pets.append(picture.paint_pet(image, number, job, LIGHT, WALL, floor=ground))

    def foreground(image: Any, _: Any) -> None:
        draws = picture.stream("occlusion", number, job)
        scene.paint_foreground(image, draws, job.knobs.occlusion)

    shown = _covered(pet, (width, height)) & ~_covered(foreground, (width, height))
    share = shown.reshape(job.size[0], picture.SUPERSAMPLING, job.size[1], -1).mean((1, 3))
    pose, camera = pets[0].pose, pets[0].brush.camera
    x, y = camera.project(np.array([[pose.head.x, pose.head.y]]))[0] / (width, height)
    return np.array([x, y, camera.unit / min(width, height)]), share >= 0.5


def _covered(paint: Callable[[Any, Any], None], size: Pair) -> Array:
    """(H, W) bool: where ``paint`` lets nothing of the ground through.

    It paints once on black and once on white. Where both pictures agree, the ground is covered.
    """
    from minicnn.data.pillow import Image

    pictures = []
    for ground in ((0, 0, 0), (255, 255, 255)):
        image = Image.new("RGB", size, ground)
        paint(image, ground)
        pictures.append(np.asarray(image))
    black, white = pictures
    return np.asarray((black == white).all(axis=-1))

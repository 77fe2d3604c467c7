"""One picture of a pet, from its number.

Every nuisance draws from a stream of its own, named ``(seed, "pets", number, nuisance)``. So a
picture is the same whatever else is drawn, turning one knob leaves the other draws alone, and a
nuisance drawn from another seed makes it the same animal in another light, say.
"""

from __future__ import annotations

from math import cos, exp, sin

import numpy as np

from minicnn.data.pets.body import paint_body
from minicnn.data.pets.brush import Brush, Colour, darker
from minicnn.data.pets.build import CAT, DOG, vary
from minicnn.data.pets.camera import Camera
from minicnn.data.pets.cat import paint_cat_head
from minicnn.data.pets.coat import TELLING_FURS, USUAL_FUR, draw_coat
from minicnn.data.pets.dog import paint_dog_head
from minicnn.data.pets.exposure import draw_exposure, expose
from minicnn.data.pets.job import Job
from minicnn.data.pets.knobs import Knobs
from minicnn.data.pets.pet import Pet
from minicnn.data.pets.pose import Pose, draw_pose
from minicnn.data.pets.scene import paint_background, paint_foreground
from minicnn.data.pillow import Image
from minicnn.randomness import generator
from minicnn.typing import Array, Pair

CAT_LABEL, DOG_LABEL = 0, 1
SUPERSAMPLING = 2  # drawn twice as large and averaged down: smooth edges
WHOLE_PET = 5.6  # how many head radii high the picture is with the scale knob at 0


def label_of(number: int, seed: int) -> int:
    """Pictures 2k and 2k + 1 are a cat and a dog in an order of their own: balanced for every n."""
    first = int(generator(seed, "pets", "order", number // 2).integers(2))
    return first if number % 2 == 0 else 1 - first


def draw_picture(number: int, job: Job) -> Array:
    """Picture ``number`` of the data set: (H, W, 3), uint8."""
    height, width = (SUPERSAMPLING * side for side in job.size)
    image = Image.new("RGB", (width, height))
    exposure = draw_exposure(stream("light", number, job), job.knobs.light)
    behind = paint_background(image, stream("clutter", number, job), job.knobs.clutter)
    paint_pet(image, number, job, exposure.eighth, *behind)
    paint_foreground(image, stream("occlusion", number, job), job.knobs.occlusion)
    return expose(np.asarray(image.reduce(SUPERSAMPLING)), exposure, not job.colour_tells)


def stream(name: str, number: int, job: Job) -> np.random.Generator:
    """The draws of one nuisance in picture ``number``."""
    nuisance = "deformation" if name == "bend" else name
    return generator(job.redrawn.get(nuisance, job.seed), "pets", number, name)


def paint_pet(
    image: Image.Image, number: int, job: Job, light: int, wall: Colour, floor: Colour
) -> Pet:
    """Paint the animal of picture ``number`` on what is there already; returns it."""
    knobs, label = job.knobs, label_of(number, job.seed)
    view, bends, variation, scale, bend = (
        stream(name, number, job)
        for name in ("viewpoint", "deformation", "variation", "scale", "bend")
    )
    pose = draw_pose(view, bends, knobs.viewpoint, knobs.deformation)
    camera = _camera(image.size, pose, knobs, view, scale, bend)
    brush = Brush(image, camera, light, behind=wall, ground=darker(floor, 0.35))
    usual_fur = TELLING_FURS[label] if job.colour_tells else USUAL_FUR
    coat = draw_coat(variation, knobs.variation, usual_fur)
    build = vary(CAT if label == CAT_LABEL else DOG, variation, knobs.variation)
    folded_ears = variation.random() < 0.7 * knobs.variation
    pet = Pet(brush, build, pose, coat)
    paint_body(pet)
    if label == CAT_LABEL:
        paint_cat_head(pet)
    else:
        paint_dog_head(pet, folded_ears)
    return pet


def _camera(
    size: Pair,
    pose: Pose,
    knobs: Knobs,
    view: np.random.Generator,
    scale: np.random.Generator,
    bend: np.random.Generator,
) -> Camera:
    """Near or far, tilted or level, aimed at the whole animal or, from near, at its head."""
    zoom = exp(knobs.scale * scale.uniform(-0.45, 0.9))
    unit = zoom * min(size) / WHOLE_PET
    near = min(1.0, max(0.0, 1.4 * (zoom - 1)))
    aim = np.array(pose.centre) * (1 - near) + np.array([pose.head.x, pose.head.y + 0.1]) * near
    wander = scale.uniform(-1, 1, 2) * knobs.scale * (0.16 if near < 0.5 else 0.1)
    roll, squeeze, side = view.uniform(-1, 1, 3).tolist()
    roll *= 0.5 * knobs.viewpoint
    mirror = -1.0 if abs(side) < 0.5 and knobs.viewpoint > 0 else 1.0
    turn = np.array([[cos(roll), -sin(roll)], [sin(roll), cos(roll)]])
    squash = 1 + 0.2 * knobs.viewpoint * squeeze
    matrix = unit * turn @ np.diag([mirror * squash, 1 / squash])
    middle = (0.5 + wander) * np.array(size)
    phase = bend.uniform(0, 6.28, 2).tolist()
    amount = 0.14 * knobs.deformation * float(bend.random())
    return Camera(matrix, middle - matrix @ aim, amount, (phase[0], phase[1]))

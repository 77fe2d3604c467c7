"""The seven nuisances that make photographs hard, a knob for each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from numbers import Real

from minicnn.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """How strongly each nuisance acts: 0 is not at all, 1 is as hard as it gets.

    The defaults make a data set on which the network of the mission climbs for some epochs
    before it passes 95 %. ``Knobs.only("light")`` turns up one nuisance and leaves out the rest.

    >>> Knobs(occlusion=0.0).clutter == Knobs().clutter
    True
    >>> Knobs.only("light", 0.8).light, Knobs.only("light", 0.8).scale
    (0.8, 0.0)
    """

    viewpoint: float = 0.6
    """Where the camera stands: the head turns and nods, the picture tilts and is mirrored."""
    light: float = 0.6
    """Exposure, contrast, tint, where the light comes from, a shadow over the scene, grain."""
    scale: float = 0.6
    """How near the camera is, from a small whole animal to a head that fills the picture."""
    deformation: float = 0.6
    """Sitting, standing or lying; bent limbs, ears and tails; a body that is no rigid thing."""
    occlusion: float = 0.35
    """What stands in front: fences, leaves, curtains, balls."""
    clutter: float = 0.6
    """What stands behind: walls, meadows, wallpaper, furniture and plants in coat colours."""
    variation: float = 0.6
    """How much cats differ from cats and dogs from dogs: coat, ears, snout, build, expression."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) <= 1:
                raise ConfigError(
                    f"Knobs: expected {name} to be a number from 0 to 1, got {value!r}; give 0 "
                    f"for none of it and 1 for the most"
                )

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The seven nuisances, in the order in which a contact sheet shows them."""
        return tuple(field.name for field in fields(cls))

    def as_floats(self) -> dict[str, float]:
        """The knobs by name, as plain numbers that can be written down."""
        return {name: float(value) for name, value in asdict(self).items()}

    @classmethod
    def all(cls, value: float) -> Knobs:
        """Every knob at ``value``: ``Knobs.all(0)`` draws the same cat and dog again and again."""
        return cls(**dict.fromkeys(cls.names(), value))

    @classmethod
    def only(cls, name: str, value: float = 1.0) -> Knobs:
        """The nuisance ``name`` at ``value`` and all others at 0, to see what it does alone."""
        if name not in cls.names():
            raise ConfigError(f"Knobs.only: expected one of {', '.join(cls.names())}, got {name!r}")
        return cls(**{**dict.fromkeys(cls.names(), 0.0), name: value})

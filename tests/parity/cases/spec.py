"""A layer, a schedule or an optimizer described in minicnn's words, and not built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Spec:
    """A layer in minicnn's vocabulary; ``inside`` holds the layers of a container."""

    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    inside: tuple[Spec | None, ...] = ()

    def roles(self) -> list[str]:
        """The names of the layer's arrays, depth first, in the order of ``get_weights()``."""
        if self.inside:
            return [role for spec in self.inside if spec for role in spec.roles()]
        if self.kind == "BatchNorm":
            return ["gamma", "beta", "mean", "var"]
        b = ["b"] if self.options.get("use_bias", True) else []
        if self.kind in ("Conv2D", "Conv2DTranspose", "Dense"):
            return ["W", *b]
        if self.kind == "SeparableConv2D":
            return ["W", "W", *b]  # depthwise, then pointwise
        return []


def layer(kind: str, *inside: Spec | None, **options: Any) -> Spec:
    return Spec(kind, options, inside)


def conv(filters: int, kernel_size: Any, **options: Any) -> Spec:
    return layer("Conv2D", filters=filters, kernel_size=kernel_size, **options)


def chain(*inside: Spec) -> Spec:
    return layer("Chain", *inside)

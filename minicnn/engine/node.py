"""What takes a whole batch through a part of a network (floor 3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from minicnn.engine.gradients import Gradients
from minicnn.engine.scratch import Frame
from minicnn.layers import Layer, contract
from minicnn.typing import Array, DType, Params


@dataclass
class Run:
    """One batch on its way: its memory, and what the nodes noted for the way back."""

    frame: Frame
    dtype: DType  # of the computation
    training: Any = False
    outside: list[Array] = field(default_factory=list)  # the caller's: no tape may hold on to it
    cache: dict[int, Any] = field(default_factory=dict)  # by the node's number
    gradients: Gradients = field(default_factory=Gradients)


class Node(ABC):
    """A part of the plan. It knows layers and their paths, and keeps nothing of a batch."""

    number = 0  # its own within the plan
    title = ""  # the layers it stands for; none, if it only holds other nodes

    @abstractmethod
    def forward(self, x: Array, run: Run) -> Array:
        """The output, with what backward needs noted in the run."""

    @abstractmethod
    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """dx (None unless it is needed); the parameters' gradients go to ``run.gradients``."""

    @abstractmethod
    def infer(self, x: Array, run: Run) -> Array:
        """The output, with nothing kept."""

    def next_state(self, run: Run) -> Params:
        """The running figures after this batch, by path."""
        return {}

    @abstractmethod
    def has_params(self) -> bool:
        """Whether anything in it can learn: then what lies above must send a gradient down."""

    def inner(self) -> Iterator[Node]:
        """This node and all nodes inside it."""
        yield self


class LayerNode(Node):
    """A layer that needs the batch whole, by its own forward and backward."""

    def __init__(self, layer: Layer, path: str) -> None:
        self.layer, self.path = layer, path

    def forward(self, x: Array, run: Run) -> Array:
        """The layer's own."""
        y, run.cache[self.number] = contract.forward(self.layer, x, run.training)
        return y

    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """The layer's own."""
        dx, grads = contract.backward(self.layer, dy, run.cache[self.number])
        for key, gradient in grads.items():
            run.gradients.put(self.path + key, gradient)
        return dx

    def infer(self, x: Array, run: Run) -> Array:
        """The layer's own."""
        return contract.output(self.layer, self.layer.infer(x), len(x))

    def next_state(self, run: Run) -> Params:
        """The layer's own."""
        state = self.layer.next_state(run.cache[self.number])
        return {self.path + key: value for key, value in state.items()}

    def has_params(self) -> bool:
        """As the layer says."""
        return bool(self.layer.params)


class Sequence(Node):
    """Nodes one after another."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self._learns_before = [any(n.has_params() for n in nodes[:i]) for i in range(len(nodes))]

    def forward(self, x: Array, run: Run) -> Array:
        """In order."""
        for node in self.nodes:
            x = node.forward(x, run)
        return x

    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """In reverse, down to the lowest node that has something to learn."""
        for node, learns_before in zip(
            reversed(self.nodes), reversed(self._learns_before), strict=True
        ):
            dx = node.backward(dy, run, need_dx or learns_before)
            if dx is None:
                return None
            dy = dx
        return dy

    def infer(self, x: Array, run: Run) -> Array:
        """In order, keeping nothing."""
        for node in self.nodes:
            x = node.infer(x, run)
        return x

    def next_state(self, run: Run) -> Params:
        """Those of all nodes."""
        return {path: s for node in self.nodes for path, s in node.next_state(run).items()}

    def has_params(self) -> bool:
        """Whether any of them can learn."""
        return any(node.has_params() for node in self.nodes)

    def inner(self) -> Iterator[Node]:
        """All nodes."""
        yield self
        for node in self.nodes:
            yield from node.inner()

"""A network seen as segments and nodes: which layers go together, and how (floor 3).

A plan is made once for a network and used for every batch. It holds layers and never arrays,
so parameters may change, and be replaced, under it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from minicnn.engine.batchnorm import BatchNormNode
from minicnn.engine.branches import BranchNode, BranchStage
from minicnn.engine.dense import DenseNode
from minicnn.engine.node import LayerNode, Node, Sequence
from minicnn.engine.options import current_options
from minicnn.engine.segment import Segment, ideal_block
from minicnn.engine.stages.conv import ConvStage
from minicnn.engine.stages.depthwise import DepthwiseStage
from minicnn.engine.stages.flatten import FlattenStage
from minicnn.engine.stages.floats import FloatStage
from minicnn.engine.stages.layer_stage import LayerStage
from minicnn.engine.stages.pointwise import PointwiseStage
from minicnn.engine.stages.stage import Stage
from minicnn.layers import (
    BatchNorm,
    Chain,
    Concat,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    MaxPool2D,
    ReLU,
    Residual,
)
from minicnn.typing import DType, Shape

APART = 8  # a segment ends where the next stage wants blocks this much larger, or smaller

Step = tuple[Stage | Node, Shape]  # and the shape of what it gives
Place = tuple[Layer, str]  # a layer and the path of what it holds, "residual_1/conv2d_2/"


@dataclass(frozen=True)
class Purpose:
    """What a plan is for."""

    training: bool
    backward: bool  # whether a backward pass will follow
    dtype: DType  # of the computation
    convert: bool  # whether its input must be turned into floats of this dtype


def plan(chain: Chain, purpose: Purpose) -> Sequence:
    """The plan of a chain."""
    assert chain.input_shape is not None
    steps = _steps(chain, "", purpose)
    if purpose.convert:
        to_floats = FloatStage(chain.input_shape, purpose.dtype)
        to_floats.title = "to floats"
        steps.insert(0, (to_floats, chain.input_shape))
    whole = _grouped(steps, purpose.dtype)
    nodes = list(whole.inner())
    stages = [s for node in nodes if isinstance(node, Segment) for s in node.inner_stages()]
    for number, node in enumerate(nodes):
        node.number = number
    for number, stage in enumerate(stages):
        stage.number = number
    return whole


def signature(chain: Chain) -> tuple[int, ...]:
    """Changes when the chain consists of other layers than before."""
    return tuple(id(layer) for layer in chain.walk())


# ---- layers to stages and nodes ------------------------------------------------------------------


def _steps(layer: Layer, path: str, purpose: Purpose) -> list[Step]:
    places = list(_unchained(layer, path))
    steps: list[Step] = []
    while places:
        (_, path), (taken, step) = places[0], _step(places, purpose)
        shape = places[taken - 1][0].output_shape
        assert shape is not None
        others = [str(layer.name) for layer, _ in places[1:taken]]
        step.title = " + ".join([path.strip("/"), *others])
        steps.append((step, shape))
        del places[:taken]
    return steps


def _unchained(layer: Layer, path: str) -> Iterator[Place]:
    """The layers of nested chains, one after another."""
    if same(layer, Chain):
        for child in layer.children:
            yield from _unchained(child, f"{path}{child.name}/")
    else:
        yield layer, path


def _step(places: list[Place], purpose: Purpose) -> tuple[int, Stage | Node]:
    """The step that the first layers make, and how many layers it takes."""
    layer, path = places[0]
    if isinstance(layer, Residual | Concat) and (same(layer, Residual) or same(layer, Concat)):
        relu = len(places) > 1 and same(places[1][0], ReLU) and current_options().fast_norm
        step = _branches(layer, path, purpose, relu)
        return 1 + (relu and isinstance(step, BranchNode)), step
    if isinstance(layer, Dense) and same(layer, Dense):
        suits = DenseNode.suits(layer) and current_options().split_dense
        return 1, DenseNode(layer, path) if suits else LayerNode(layer, path)
    if isinstance(layer, BatchNorm) and same(layer, BatchNorm) and purpose.training:
        if current_options().fast_norm:
            relu = len(places) > 1 and same(places[1][0], ReLU)
            return 1 + relu, BatchNormNode(layer, path, relu)
        return 1, LayerNode(layer, path)
    if needs_batch(layer):
        return 1, LayerNode(layer, path)
    if isinstance(layer, Conv2D) and _is_fast(layer):
        if DepthwiseStage.suits(layer) and layer.groups > 1:
            return 1, DepthwiseStage(layer, path)
        return _convolution(places, purpose)
    if isinstance(layer, Flatten) and same(layer, Flatten):
        return 1, FlattenStage(layer)
    return 1, LayerStage(layer, path)


def _branches(
    container: Residual | Concat, path: str, purpose: Purpose, relu: bool
) -> Stage | Node:
    """All ways; with the ReLU after it, if they are taken by the whole batch."""
    ways = [_steps(way, f"{path}{way.name}/", purpose) for way in container.layers]
    if all(isinstance(step, Stage) for way in ways for step, _ in way):
        return BranchStage(container, [[s for s, _ in way if isinstance(s, Stage)] for way in ways])
    return BranchNode(container, [_grouped(way, purpose.dtype) for way in ways], relu)


def _convolution(places: list[Place], purpose: Purpose) -> tuple[int, Stage]:
    """A convolution with the BatchNorm, the ReLU and the pool after it, if there are any."""
    conv, path = places[0]
    assert isinstance(conv, Conv2D)
    after, taken, norm, pool = conv.after, 1, None, None
    following = [layer for layer, _ in places[1:4]]
    folds = not purpose.backward and after is None and current_options().fast_norm
    if (
        folds
        and following
        and isinstance(first := following[0], BatchNorm)
        and same(first, BatchNorm)
    ):
        norm, taken = first, taken + 1
        del following[0]
    if after is None and following and same(following[0], ReLU):
        after, taken = following.pop(0), taken + 1
    commutes = (after is None or isinstance(after, ReLU)) and current_options().pool_first
    if commutes and following and isinstance(following[0], MaxPool2D) and _tiles(following[0]):
        pool, taken = following[0].window, taken + 1
    if pool is None and PointwiseStage.suits(conv):
        return taken, PointwiseStage(conv, path, after, norm)
    return taken, ConvStage(conv, path, after, pool, norm)


def _is_fast(conv: Conv2D) -> bool:
    by_itself = conv.groups == 1 or DepthwiseStage.suits(conv)
    return same(conv, Conv2D) and by_itself and current_options().fast_conv


def _tiles(pool: MaxPool2D) -> bool:
    """Whether the pool's windows lie side by side, neither overlapping nor reaching outside."""
    window = pool.window
    return same(pool, MaxPool2D) and window.strides == window.kernel and not window.is_padded


def needs_batch(layer: Layer) -> bool:
    """Whether a layer must see all samples at once."""
    if same(layer, BatchNorm):
        return False  # with running figures it treats samples one by one
    return not layer.per_sample or bool(layer.state)


def same(layer: Layer, kind: type[Layer]) -> bool:
    """Whether a layer computes what ``kind`` computes: not so if a subclass does it anew."""
    own = type(layer)
    return isinstance(layer, kind) and all(
        getattr(own, name) is getattr(kind, name) and name not in vars(layer)
        for name in ("forward", "backward", "infer", "next_state")
    )


# ---- stages to segments --------------------------------------------------------------------------


def _grouped(steps: list[Step], dtype: DType) -> Sequence:
    """Consecutive stages as segments, between the nodes."""
    nodes: list[Node] = []
    stages: list[Stage] = []
    shape: Shape = ()

    def close() -> None:
        if stages:
            nodes.append(Segment(list(stages), shape))
            stages.clear()

    for step, its_shape in steps:
        if isinstance(step, Node):
            close()
            nodes.append(step)
        else:
            if _apart(stages, step, dtype.itemsize):
                close()
            stages.append(step)
        shape = its_shape
    close()
    return Sequence(nodes)


def _apart(stages: list[Stage], step: Stage, itemsize: int) -> bool:
    """Whether a convolution wants blocks of quite another size than those before it."""
    sizes = [ideal_block(s, itemsize) for s in [*stages, step] if s.gradient_size()]
    return bool(sizes) and max(sizes) > APART * min(sizes)

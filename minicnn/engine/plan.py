"""A network seen as segments and nodes: which layers go together, and how (floor 3).

A plan is made once for a network and used for every batch. It holds layers and never arrays,
so parameters may change, and be replaced, under it.
"""

from __future__ import annotations

from collections.abc import Iterator

from minicnn.engine.batchnorm import BatchNormNode
from minicnn.engine.branches import BranchNode, BranchStage
from minicnn.engine.dense import DenseNode
from minicnn.engine.node import LayerNode, Node, Sequence
from minicnn.engine.options import current_options
from minicnn.engine.segment import Segment, ideal_block
from minicnn.engine.stages.conv import ConvStage
from minicnn.engine.stages.floats import FloatStage
from minicnn.engine.stages.layer_stage import LayerStage
from minicnn.engine.stages.stage import Stage
from minicnn.layers import (
    BatchNorm,
    Chain,
    Concat,
    Conv2D,
    Dense,
    Layer,
    MaxPool2D,
    ReLU,
    Residual,
)
from minicnn.typing import DType, Shape

APART = 8  # a segment ends where the next stage wants blocks this much larger, or smaller

Step = tuple[Stage | Node, Shape]  # and the shape of what it gives
Place = tuple[Layer, str]  # a layer and the path of what it holds, "residual_1/conv2d_2/"


def plan(chain: Chain, training: bool, dtype: DType, convert: bool) -> Sequence:
    """The plan of a chain; ``convert``: its input must be turned into floats of ``dtype``."""
    assert chain.input_shape is not None
    steps = _steps(chain, "", training)
    if convert:
        steps.insert(0, (FloatStage(chain.input_shape, dtype), chain.input_shape))
    whole = _grouped(steps, dtype)
    nodes = list(whole.inner())
    stages = [
        s for n in nodes if isinstance(n, Segment) for stage in n.stages for s in stage.inner()
    ]
    for number, node in enumerate(nodes):
        node.number = number
    for number, stage in enumerate(stages):
        stage.number = number
    return whole


def signature(chain: Chain) -> tuple[int, ...]:
    """Changes when the chain consists of other layers than before."""
    return tuple(id(layer) for layer in chain.walk())


# ---- layers to stages and nodes ------------------------------------------------------------------


def _steps(layer: Layer, path: str, training: bool) -> list[Step]:
    places = list(_unchained(layer, path))
    steps: list[Step] = []
    while places:
        taken, step = _step(places, training)
        shape = places[taken - 1][0].output_shape
        assert shape is not None
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


def _step(places: list[Place], training: bool) -> tuple[int, Stage | Node]:
    """The step that the first layers make, and how many layers it takes."""
    layer, path = places[0]
    if isinstance(layer, Residual | Concat) and (same(layer, Residual) or same(layer, Concat)):
        return 1, _branches(layer, path, training)
    if isinstance(layer, Dense) and same(layer, Dense):
        suits = DenseNode.suits(layer) and current_options().split_dense
        return 1, DenseNode(layer, path) if suits else LayerNode(layer, path)
    if isinstance(layer, BatchNorm) and same(layer, BatchNorm) and training:
        if current_options().fast_norm:
            relu = len(places) > 1 and same(places[1][0], ReLU)
            return 1 + relu, BatchNormNode(layer, path, relu)
        return 1, LayerNode(layer, path)
    if needs_batch(layer):
        return 1, LayerNode(layer, path)
    if isinstance(layer, Conv2D) and _is_fast(layer):
        return _convolution(places)
    return 1, LayerStage(layer, path)


def _branches(container: Residual | Concat, path: str, training: bool) -> Stage | Node:
    ways = [_steps(way, f"{path}{way.name}/", training) for way in container.layers]
    if all(isinstance(step, Stage) for way in ways for step, _ in way):
        return BranchStage(container, [[s for s, _ in way if isinstance(s, Stage)] for way in ways])
    dtype = next(p.dtype for p in container.params.values())
    return BranchNode(container, [_grouped(way, dtype) for way in ways])


def _convolution(places: list[Place]) -> tuple[int, Stage]:
    """A convolution with the ReLU and the pool after it, if there are any."""
    conv, path = places[0]
    assert isinstance(conv, Conv2D)
    after, taken, pool = conv.after, 1, None
    following = [layer for layer, _ in places[1:3]]
    if after is None and following and same(following[0], ReLU):
        after, taken = following.pop(0), 2
    commutes = (after is None or isinstance(after, ReLU)) and current_options().pool_first
    if commutes and following and isinstance(following[0], MaxPool2D) and _tiles(following[0]):
        pool, taken = following[0].window, taken + 1
    return taken, ConvStage(conv, path, after, pool)


def _is_fast(conv: Conv2D) -> bool:
    return same(conv, Conv2D) and conv.groups == 1 and current_options().fast_conv


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

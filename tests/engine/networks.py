"""What hypothesis draws for the engine: networks of every shape."""

import numpy as np
from hypothesis import strategies as st

import minicnn as mc

ACTIVATIONS = ["relu", "relu6", "tanh", "sigmoid", "leaky_relu", "silu", "gelu", None]


class Doubling(mc.Layer):
    """A layer of a user's: the engine knows nothing about it."""

    def forward(self, x, training=False):
        self.check(x)
        return 2 * x, {}

    def backward(self, dy, cache):
        return 2 * dy, {}


class ShiftedReLU(mc.ReLU):
    """A subclass that computes something else than its parent."""

    def forward(self, x, training=False):
        y, cache = super().forward(x + 0.5, training)
        return y, cache


@st.composite
def convolutions(draw):
    kernel = draw(st.sampled_from([1, 2, 3, (1, 3), (3, 2)]))
    groups = draw(st.sampled_from([1, 1, 1, 2, 4]))
    return mc.Conv2D(
        4 * draw(st.integers(1, 2)),
        kernel,
        strides=draw(st.sampled_from([1, 1, 1, 2, (2, 1)])),
        padding=draw(st.sampled_from(["valid", "same", 1, ((0, 1), (2, 0)), ((2, 1), (0, 2))])),
        dilation=draw(st.sampled_from([1, 1, 2])),
        groups=groups,
        use_bias=draw(st.booleans()),
        activation=draw(st.sampled_from(ACTIVATIONS)),
    )


def pools():
    kinds = st.sampled_from([mc.MaxPool2D, mc.MaxPool2D, mc.AvgPool2D])
    return st.builds(
        lambda kind, size, strides, padding: kind(size, strides, padding),
        kinds,
        st.sampled_from([2, 2, 3, (1, 2)]),
        st.sampled_from([None, None, 1, 2]),
        st.sampled_from(["valid", "valid", "same"]),
    )


def simple_layers():
    return st.sampled_from(
        [
            mc.ReLU,
            mc.ReLU6,
            mc.Softplus,
            mc.Tanh,
            mc.LeakyReLU,
            mc.BatchNorm,
            Doubling,
            ShiftedReLU,
            lambda: mc.Dropout(0.3),
            lambda: mc.UpSample2D(2),
            lambda: mc.Conv2DTranspose(4, 2, strides=2, activation="tanh"),
            lambda: mc.SeparableConv2D(4, 3, padding="same"),
            lambda: mc.Dense(4, activation="tanh"),
        ]
    ).map(lambda make: make())


def same_size(channels):
    """Layers that keep a map's size and give this many channels."""
    return st.builds(
        lambda kernel, norm, activation: [
            mc.Conv2D(channels, kernel, padding="same", activation=activation),
            *([mc.BatchNorm()] if norm else []),
        ],
        st.sampled_from([1, 3]),
        st.booleans(),
        st.sampled_from(ACTIVATIONS),
    )


@st.composite
def branches(draw):
    if draw(st.booleans()):
        body = mc.Chain(*draw(same_size(4)), *draw(same_size(4)))
        return mc.Residual(body, mc.Conv2D(4, 1))
    ways = draw(st.lists(same_size(4), min_size=1, max_size=3))
    return mc.Concat(mc.Chain(), *[mc.Chain(*way) for way in ways])


@st.composite
def networks(draw):
    """A built float64 network that takes maps, and its input shape."""
    shape = (draw(st.integers(6, 13)), draw(st.integers(6, 13)), 4)
    if draw(st.integers(0, 3)) == 0:  # wide, with few channels: columns go the other way round
        shape = (draw(st.integers(6, 9)), draw(st.integers(70, 73)), draw(st.integers(1, 3)))
    elif draw(st.integers(0, 4)) == 0:  # so large that dX goes by lines
        shape = (draw(st.integers(28, 33)), draw(st.integers(28, 33)), 4)
    layers = draw(
        st.lists(
            convolutions()
            | pools()
            | simple_layers()
            | branches()
            | same_size(4).map(lambda layers: mc.Chain(*layers)),
            min_size=1,
            max_size=5,
        )
    )
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    ending = draw(st.sampled_from(["maps", "rows", "means"]))
    if ending == "rows":
        layers += [mc.Flatten(), mc.Dense(5, activation="relu"), mc.Dropout(0.5), mc.Dense(2)]
    elif ending == "means":
        layers += [mc.GlobalAvgPool2D(), mc.Dense(2)]
    network = mc.Chain(*layers)
    try:
        network.build(shape, rng)
    except (mc.ConfigError, mc.ShapeError):  # a window that does not fit; groups that don't share
        network = mc.Chain(mc.Conv2D(4, 3, activation="relu"), mc.MaxPool2D(2))
        network.build(shape, rng)
    network.astype("float64")
    for p in network.params.values():  # no zeros for biases: they would hide a forgotten term
        p += 0.1 * rng.standard_normal(p.shape)
    for s in network.state.values():  # as if it had been trained
        s += rng.random(s.shape)
    return network

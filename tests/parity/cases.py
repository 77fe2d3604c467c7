"""What is compared: tables of cases in minicnn's words (framework-free, shared by all sides).

A layer is described, not built: ``Spec("Conv2D", {"filters": 4, ...})``. Each side
(``keras_side``, ``torch_side``, ``minicnn_side``) knows how to build it in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.parity import drawing


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
        if self.kind in ("Conv2D", "Dense"):
            return ["W", "b"] if self.options.get("use_bias", True) else ["W"]
        return []


def layer(kind: str, *inside: Spec | None, **options: Any) -> Spec:
    return Spec(kind, options, inside)


def conv(filters: int, kernel_size: Any, **options: Any) -> Spec:
    return layer("Conv2D", filters=filters, kernel_size=kernel_size, **options)


def chain(*inside: Spec) -> Spec:
    return layer("Chain", *inside)


# ---- single layers, forward and backward ---------------------------------------------------


@dataclass(frozen=True)
class LayerCase:
    """One layer, one input. ``ties`` draws whole numbers, so that pools meet equals."""

    name: str
    spec: Spec
    input_shape: tuple[int, ...] = (2, 6, 7, 4)  # with the batch
    training: bool = False
    ties: bool = False
    spread: float = 1.0  # how far from zero the inputs reach

    def x(self):
        if self.ties:
            return drawing.whole(self.name + "/x", self.input_shape, 3) - 1.0
        return drawing.uniform(self.name + "/x", self.input_shape, -self.spread, self.spread)

    def dy(self, output_shape):
        return drawing.uniform(self.name + "/dy", output_shape)

    def weight(self, index, role, shape):
        return drawing.weight(f"{self.name}/{index}", role, shape)


MAP5 = (2, 5, 5, 4)
MAP8 = (2, 8, 6, 4)
ROWS = (5, 7)

LAYERS = [
    LayerCase("conv-valid", conv(3, 3)),
    LayerCase("conv-1x1", conv(3, 1)),
    LayerCase("conv-whole-map", conv(3, (6, 7))),
    LayerCase("conv-no-bias", conv(3, 3, use_bias=False)),
    LayerCase("conv-rectangular", conv(3, (3, 2), strides=(2, 1))),
    LayerCase("conv-strided", conv(3, 3, strides=2)),
    LayerCase("conv-stride-drops-border", conv(3, 2, strides=3), MAP5),
    LayerCase("conv-same", conv(3, 3, padding="same")),
    LayerCase("conv-same-even-kernel", conv(3, 2, padding="same")),
    LayerCase("conv-same-kernel-4", conv(3, (4, 3), padding="same")),
    LayerCase("conv-same-strided-even-map", conv(3, 3, strides=2, padding="same"), MAP8),
    LayerCase("conv-same-strided-odd-map", conv(3, 3, strides=2, padding="same"), MAP5),
    LayerCase("conv-same-stride-past-kernel", conv(3, 2, strides=3, padding="same")),
    LayerCase("conv-same-dilated", conv(3, 3, padding="same", dilation=2)),
    LayerCase("conv-padding-1", conv(3, 3, padding=1)),
    LayerCase("conv-padding-2-strided", conv(3, 3, padding=2, strides=2)),
    LayerCase("conv-padding-by-side", conv(3, 3, padding=((0, 1), (2, 0)))),
    LayerCase("conv-dilated", conv(3, 3, dilation=2)),
    LayerCase("conv-dilated-by-axis", conv(3, (2, 3), dilation=(3, 2))),
    LayerCase("conv-dilated-strided", conv(3, 2, dilation=2, strides=2, padding=1)),
    LayerCase("conv-groups", conv(6, 3, groups=2)),
    LayerCase("conv-depthwise", conv(4, 3, groups=4, padding="same")),
    LayerCase("conv-depthwise-doubled", conv(8, 3, groups=4)),
    LayerCase("conv-everything", conv(6, (3, 2), strides=(1, 2), padding=2, dilation=2, groups=2)),
    LayerCase("conv-relu", conv(3, 3, activation="relu")),
    LayerCase("conv-tanh", conv(3, 3, activation="tanh", padding="same")),
    LayerCase("maxpool-2", layer("MaxPool2D", pool_size=2), MAP8),
    LayerCase("maxpool-drops-border", layer("MaxPool2D", pool_size=2), MAP5),
    LayerCase("maxpool-overlapping", layer("MaxPool2D", pool_size=3, strides=2)),
    LayerCase("maxpool-stride-1", layer("MaxPool2D", pool_size=(2, 3), strides=1)),
    LayerCase("maxpool-with-gaps", layer("MaxPool2D", pool_size=2, strides=3)),
    LayerCase("maxpool-same", layer("MaxPool2D", pool_size=2, padding="same"), MAP5),
    LayerCase(
        "maxpool-same-overlapping", layer("MaxPool2D", pool_size=3, strides=2, padding="same")
    ),
    LayerCase("maxpool-padding-1", layer("MaxPool2D", pool_size=3, strides=2, padding=1)),
    LayerCase("maxpool-ties", layer("MaxPool2D", pool_size=3, strides=2), ties=True),
    LayerCase("avgpool-2", layer("AvgPool2D", pool_size=2), MAP8),
    LayerCase("avgpool-drops-border", layer("AvgPool2D", pool_size=2), MAP5),
    LayerCase("avgpool-overlapping", layer("AvgPool2D", pool_size=(3, 2), strides=1)),
    LayerCase("avgpool-same", layer("AvgPool2D", pool_size=2, padding="same"), MAP5),
    LayerCase(
        "avgpool-same-overlapping", layer("AvgPool2D", pool_size=3, strides=2, padding="same")
    ),
    LayerCase("global-avgpool", layer("GlobalAvgPool2D")),
    LayerCase("upsample-2", layer("UpSample2D", size=2), MAP5),
    LayerCase("upsample-by-axis", layer("UpSample2D", size=(1, 3)), MAP5),
    LayerCase("flatten", layer("Flatten"), MAP5),
    LayerCase("dense", layer("Dense", units=4), ROWS),
    LayerCase("dense-no-bias", layer("Dense", units=4, use_bias=False), ROWS),
    LayerCase("dense-at-every-place", layer("Dense", units=3, activation="sigmoid"), MAP5),
    LayerCase("batchnorm-maps-training", layer("BatchNorm"), training=True),
    LayerCase("batchnorm-maps", layer("BatchNorm")),
    LayerCase(
        "batchnorm-rows-training",
        layer("BatchNorm", momentum=0.8, epsilon=1e-5),
        ROWS,
        training=True,
    ),
    LayerCase("batchnorm-rows", layer("BatchNorm", epsilon=1e-5), ROWS),
    LayerCase("relu", layer("ReLU")),
    LayerCase("leaky-relu", layer("LeakyReLU", negative_slope=0.3)),
    LayerCase("leaky-relu-0.01", layer("LeakyReLU", negative_slope=0.01)),
    LayerCase("sigmoid", layer("Sigmoid"), spread=40.0),
    LayerCase("sigmoid-extreme", layer("Sigmoid"), spread=1e4),
    LayerCase("tanh", layer("Tanh"), spread=5.0),
    LayerCase("softmax", layer("Softmax"), ROWS, spread=5.0),
    LayerCase("softmax-at-every-place", layer("Softmax")),
    LayerCase("softmax-extreme", layer("Softmax"), ROWS, spread=1e4),
    LayerCase("dropout-of-nothing", layer("Dropout", rate=0.0), training=True),
    LayerCase("dropout-predicting", layer("Dropout", rate=0.5)),
    LayerCase("chain", chain(conv(3, 3), layer("BatchNorm"), layer("Tanh")), training=True),
    LayerCase("residual", layer("Residual", chain(conv(4, 3, padding="same"), layer("Tanh")))),
    LayerCase(
        "residual-shortcut",
        layer(
            "Residual",
            chain(conv(6, 3, strides=2, padding="same"), layer("BatchNorm")),
            conv(6, 1, strides=2, use_bias=False),
        ),
        training=True,
    ),
    LayerCase(
        "concat",
        layer(
            "Concat",
            conv(3, 1),
            chain(layer("MaxPool2D", pool_size=3, strides=1, padding="same"), conv(2, 1)),
        ),
    ),
]


# ---- whole networks, ten steps of training ------------------------------------------------


@dataclass(frozen=True)
class NetworkCase:
    """A network, its loss, and what it is trained on: ten RMSprop(1e-3) steps."""

    name: str
    layers: tuple[Spec, ...]
    size: int  # pictures are size by size, in three colours
    batch: int
    classes: int
    loss: str
    steps: int = 10

    def roles(self):
        return [role for spec in self.layers for role in spec.roles()]

    def weights(self, shapes, dtype):
        """The starting weights, in float32 numbers whatever the dtype of the computation."""
        drawn = [
            drawing.weight(f"{self.name}/{index}", role, shape).astype("float32").astype(dtype)
            for index, (role, shape) in enumerate(zip(self.roles(), shapes, strict=True))
        ]
        return drawn

    def pictures(self, step, dtype):
        """The batch of one step; step ``steps`` is the one that predictions are made for."""
        x, labels = drawing.striped_pictures(
            f"{self.name}/step{step}", self.batch, self.size, self.classes
        )
        binary = self.loss == "binary_crossentropy"
        y = labels[:, None] if binary else drawing.one_hot(labels, self.classes)
        return x.astype("float32").astype(dtype), y.astype(dtype)


MISSION = NetworkCase(
    "mission",
    layers=(
        conv(16, 3, activation="relu"),
        layer("MaxPool2D", pool_size=2),
        conv(32, 3, activation="relu"),
        layer("MaxPool2D", pool_size=2),
        conv(64, 3, activation="relu"),
        layer("MaxPool2D", pool_size=2),
        layer("Flatten"),
        layer("Dense", units=512, activation="relu"),
        layer("Dense", units=1, activation="sigmoid"),
    ),
    size=150,
    batch=4,
    classes=2,
    loss="binary_crossentropy",
)

EVERY_LAYER = NetworkCase(
    "every-layer",
    layers=(
        conv(8, 3, padding="same"),
        layer("BatchNorm"),
        layer("LeakyReLU", negative_slope=0.3),
        layer("MaxPool2D", pool_size=3, strides=2, padding="same"),
        layer(
            "Residual",
            chain(
                conv(8, 3, padding="same", groups=8, use_bias=False),  # depthwise
                layer("BatchNorm", momentum=0.9, epsilon=1e-4),
                layer("ReLU"),
                conv(8, 1),
            ),
        ),
        layer(
            "Concat",
            conv(4, 3, padding="same", dilation=2, activation="tanh"),
            chain(
                layer("AvgPool2D", pool_size=3, strides=1, padding="same"),
                conv(4, 1, activation="sigmoid"),
            ),
        ),
        conv(8, 3, strides=2, padding=1, groups=2),
        layer("UpSample2D", size=2),
        layer("Residual", conv(12, 3, padding="same"), conv(12, 1)),
        layer("Tanh"),
        layer("MaxPool2D", pool_size=3, strides=1),
        layer("Dropout", rate=0.0),
        layer(
            "Concat",
            layer("GlobalAvgPool2D"),
            chain(layer("AvgPool2D", pool_size=2), layer("Flatten")),
        ),
        layer("Dense", units=16),
        layer("Sigmoid"),
        layer("Dense", units=4),
        layer("Softmax"),
    ),
    size=16,
    batch=6,
    classes=4,
    loss="categorical_crossentropy",
)

NETWORKS = [MISSION, EVERY_LAYER]


# ---- optimizers ------------------------------------------------------------------------------


@dataclass(frozen=True)
class OptimizerCase:
    """An optimizer fed ten fixed gradients; ``schedule`` stands in for its learning rate."""

    name: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    schedule: Spec | None = None

    def start(self):
        return drawing.uniform("optimizers/start", (12,))

    def gradients(self):
        """Ten gradients, some of whose entries are zero, tiny or huge."""
        scale = [1, 1, 1, 1, 1e-3, 1e-3, 1e-8, 1e-8, 1e3, 1e3, 0, 1]
        drawn = drawing.uniform("optimizers/gradients", (10, 12)) * scale
        drawn[:, -1] *= [1, 0, 0, 0, 5, 0, 0, 0, 0, 1]  # a weight that is seldom used
        return list(drawn)


EXPONENTIAL = layer(
    "ExponentialDecay", initial_learning_rate=0.1, decay_steps=4, decay_rate=0.5
)
STAIRCASE = layer(
    "ExponentialDecay",
    initial_learning_rate=0.1,
    decay_steps=4,
    decay_rate=0.5,
    staircase=True,
)
COSINE = layer("CosineDecay", initial_learning_rate=0.1, decay_steps=8, alpha=0.1)
PIECEWISE = layer("PiecewiseConstantDecay", boundaries=[3, 6], values=[0.1, 0.01, 0.001])

OPTIMIZERS = [
    OptimizerCase("sgd", "SGD", {"learning_rate": 0.1}),
    OptimizerCase("sgd-momentum", "SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    OptimizerCase("sgd-nesterov", "SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    OptimizerCase("rmsprop", "RMSprop", {"learning_rate": 1e-3}),
    OptimizerCase("rmsprop-options", "RMSprop", {"learning_rate": 0.1, "rho": 0.5, "epsilon": 0.1}),
    OptimizerCase("adam", "Adam", {"learning_rate": 1e-3}),
    OptimizerCase(
        "adam-options",
        "Adam",
        {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.1},
    ),
    OptimizerCase("adamw", "AdamW", {"learning_rate": 1e-3}),
    OptimizerCase("adamw-decay", "AdamW", {"learning_rate": 0.1, "weight_decay": 0.2}),
    OptimizerCase("sgd-exponential", "SGD", {}, EXPONENTIAL),
    OptimizerCase("sgd-staircase", "SGD", {}, STAIRCASE),
    OptimizerCase("sgd-cosine", "SGD", {}, COSINE),
    OptimizerCase("sgd-piecewise", "SGD", {}, PIECEWISE),
    OptimizerCase("momentum-piecewise", "SGD", {"momentum": 0.9}, PIECEWISE),
    OptimizerCase("rmsprop-exponential", "RMSprop", {}, EXPONENTIAL),
    OptimizerCase("adam-cosine", "Adam", {}, COSINE),
    OptimizerCase("adamw-piecewise", "AdamW", {"weight_decay": 0.2}, PIECEWISE),
]


# ---- losses ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class LossCase:
    """A loss of drawn predictions; logits reach ``spread`` from zero."""

    name: str
    kind: str
    shape: tuple[int, ...]
    from_logits: bool | None = None  # None: the loss has no such option
    spread: float = 3.0

    def predictions(self):
        """Logits; or probabilities, the first of which are exactly 0 and 1."""
        if self.from_logits is not False:
            return drawing.uniform(self.name + "/y_pred", self.shape, -self.spread, self.spread)
        drawn = drawing.uniform(self.name + "/y_pred", self.shape, 0.05, 0.95)
        drawn.reshape(-1, self.shape[-1])[0] = 0
        drawn.reshape(-1, self.shape[-1])[0, -1] = 1
        if self.kind != "BinaryCrossentropy":
            drawn /= drawn.sum(axis=-1, keepdims=True)
        return drawn

    def labels(self):
        classes = self.shape[-1]
        if self.kind == "BinaryCrossentropy":
            return drawing.whole(self.name + "/y_true", self.shape, 2).astype(float)
        if self.kind == "MeanSquaredError":
            return drawing.uniform(self.name + "/y_true", self.shape)
        labels = drawing.whole(self.name + "/y_true", self.shape[:-1], classes)
        sparse = self.kind == "SparseCategoricalCrossentropy"
        return labels if sparse else drawing.one_hot(labels, classes)


LOSSES = [
    case
    for kind, short, shape in [
        ("BinaryCrossentropy", "binary", (9, 1)),
        ("BinaryCrossentropy", "binary-many", (6, 3)),
        ("BinaryCrossentropy", "binary-every-pixel", (2, 4, 3, 1)),
        ("CategoricalCrossentropy", "categorical", (9, 5)),
        ("CategoricalCrossentropy", "categorical-every-pixel", (2, 4, 3, 5)),
        ("SparseCategoricalCrossentropy", "sparse", (9, 5)),
        ("SparseCategoricalCrossentropy", "sparse-every-pixel", (2, 4, 3, 5)),
    ]
    for case in [
        LossCase(f"{short}-probabilities", kind, shape, from_logits=False),
        LossCase(f"{short}-logits", kind, shape, from_logits=True),
        LossCase(f"{short}-logits-extreme", kind, shape, from_logits=True, spread=1e4),
    ]
] + [
    LossCase("mean-squared", "MeanSquaredError", (9, 2)),
    LossCase("mean-squared-every-pixel", "MeanSquaredError", (2, 4, 3, 1)),
]


# ---- metrics ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class MetricCase:
    """A figure over forty predictions in steps of 0.1: many ties, some exactly at 0.5.

    ``highest`` below 0.5 makes predictions among which nothing is found.
    """

    name: str
    kind: str
    classes: int = 1
    sparse: bool = False
    highest: float = 1.0

    def predictions(self):
        drawn = drawing.uniform(f"metrics/{self.classes}/y_pred", (40, self.classes), 0, 1)
        return drawing.tenths(drawn * self.highest)

    def labels(self):
        if self.classes == 1:
            return drawing.whole("metrics/binary", (40, 1), 2).astype(float)
        labels = drawing.whole("metrics/labels", (40,), self.classes)
        return labels if self.sparse else drawing.one_hot(labels, self.classes)


METRICS = [
    MetricCase("accuracy-binary", "BinaryAccuracy"),
    MetricCase("accuracy-categorical", "CategoricalAccuracy", classes=4),
    MetricCase("accuracy-sparse", "SparseCategoricalAccuracy", classes=4, sparse=True),
    MetricCase("precision", "Precision"),
    MetricCase("precision-nothing-found", "Precision", highest=0.4),
    MetricCase("recall", "Recall"),
    MetricCase("recall-nothing-found", "Recall", highest=0.4),
    MetricCase("f1", "F1Score"),
    MetricCase("f1-nothing-found", "F1Score", highest=0.4),
]

"""Whole networks, ten steps of training: compared with Keras."""

from dataclasses import dataclass

from tests.parity import drawing
from tests.parity.cases.spec import Spec, chain, conv, layer


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
        return [
            drawing.weight(f"{self.name}/{index}", role, shape).astype("float32").astype(dtype)
            for index, (role, shape) in enumerate(zip(self.roles(), shapes, strict=True))
        ]

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
        layer("LeakyReLU", negative_slope=0.25),  # TensorFlow would round 0.3 to float32
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

MORE_LAYERS = NetworkCase(
    "more-layers",
    layers=(
        layer("SeparableConv2D", filters=8, kernel_size=3, strides=2, padding="same"),
        layer("BatchNorm"),
        layer("SiLU"),
        conv(12, 3, padding="same", activation="relu6"),
        layer("Conv2DTranspose", filters=6, kernel_size=3, strides=2, padding="same"),
        layer("Tanh"),
        layer("SeparableConv2D", filters=6, kernel_size=2, depth_multiplier=2),
        layer("Softplus"),
        layer(
            "Concat",
            layer("GlobalMaxPool2D"),
            chain(
                layer("AvgPool2D", pool_size=3),
                layer("Reshape", target_shape=(-1,)),
                layer("Dense", units=8),
                layer("ReLU6"),
            ),
        ),
        layer("Dense", units=4, activation="softmax"),
    ),
    size=16,
    batch=6,
    classes=4,
    loss="categorical_crossentropy",
)

NETWORKS = [MISSION, EVERY_LAYER, MORE_LAYERS]

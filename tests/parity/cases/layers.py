"""Single layers, forward and backward: compared with PyTorch."""

from dataclasses import dataclass

from tests.parity import drawing
from tests.parity.cases.spec import Spec, chain, conv, layer


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
    LayerCase("conv-leaky-relu", conv(3, 3, activation="leaky_relu")),
    LayerCase("conv-relu6", conv(3, 3, activation="relu6"), spread=6.0),
    LayerCase("conv-silu", conv(3, 3, activation="silu")),
    LayerCase("separable", layer("SeparableConv2D", filters=5, kernel_size=3, padding="same")),
    LayerCase(
        "separable-doubled",
        layer("SeparableConv2D", filters=3, kernel_size=2, depth_multiplier=2, activation="tanh"),
    ),
    LayerCase("transposed", layer("Conv2DTranspose", filters=3, kernel_size=3), MAP5),
    LayerCase(
        "transposed-same",
        layer("Conv2DTranspose", filters=3, kernel_size=3, strides=2, padding="same"),
        MAP5,
    ),
    LayerCase(
        "transposed-gaps",
        layer("Conv2DTranspose", filters=3, kernel_size=2, strides=3, use_bias=False),
        MAP5,
    ),
    LayerCase(
        "transposed-cut",
        layer("Conv2DTranspose", filters=3, kernel_size=4, strides=2, padding=1),
        MAP5,
    ),
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
    LayerCase("global-maxpool", layer("GlobalMaxPool2D")),
    LayerCase("reshape", layer("Reshape", target_shape=(6, 14, 2))),
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
    LayerCase("relu6", layer("ReLU6"), spread=9.0),
    LayerCase("softplus", layer("Softplus"), spread=50.0),
    LayerCase("silu", layer("SiLU"), spread=20.0),
    LayerCase("gelu", layer("GELU"), spread=5.0),
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

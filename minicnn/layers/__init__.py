"""The mathematics of the layers, one idea a file."""

from minicnn.layers.avgpool2d import AvgPool2D
from minicnn.layers.batchnorm import BatchNorm
from minicnn.layers.chain import Chain
from minicnn.layers.concat import Concat
from minicnn.layers.container import Container
from minicnn.layers.conv2d import Conv2D
from minicnn.layers.conv2d_transpose import Conv2DTranspose
from minicnn.layers.dense import Dense
from minicnn.layers.dropout import Dropout
from minicnn.layers.flatten import Flatten
from minicnn.layers.gelu import GELU
from minicnn.layers.global_avgpool2d import GlobalAvgPool2D
from minicnn.layers.global_maxpool2d import GlobalMaxPool2D
from minicnn.layers.layer import Layer
from minicnn.layers.leaky_relu import LeakyReLU
from minicnn.layers.maxpool2d import MaxPool2D
from minicnn.layers.relu import ReLU
from minicnn.layers.relu6 import ReLU6
from minicnn.layers.reshape import Reshape
from minicnn.layers.residual import Residual
from minicnn.layers.separable_conv2d import SeparableConv2D
from minicnn.layers.sigmoid import Sigmoid
from minicnn.layers.silu import SiLU
from minicnn.layers.softmax import Softmax
from minicnn.layers.softplus import Softplus
from minicnn.layers.tanh import Tanh
from minicnn.layers.upsample2d import UpSample2D

__all__ = [
    "GELU",
    "AvgPool2D",
    "BatchNorm",
    "Chain",
    "Concat",
    "Container",
    "Conv2D",
    "Conv2DTranspose",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "ReLU",
    "ReLU6",
    "Reshape",
    "Residual",
    "SeparableConv2D",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "UpSample2D",
]

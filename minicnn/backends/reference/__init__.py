"""The oracle: what every operation means, in plain loops.

Nothing here is fast and nothing here is clever. Each function is the definition a school
pupil would write down: loops over the cells, one multiplication or one comparison inside.
NumPy arrays are only boxes to read numbers from and to put numbers into; the arithmetic is
Python's own (float64), and the result is rounded to the input's dtype once, at the end.
Every faster implementation in ``backends/`` is tested against these loops.

Pictures are NHWC: ``x[n, h, w, c]``. Kernels are HWIO: ``W[kh, kw, c, f]``.
``pads`` is ``((top, bottom), (left, right))``; strides, dilation and kernel are
``(down, across)`` pairs.
"""

from .activations import gelu, relu6, sigmoid, silu, softmax, softplus
from .columns import col2im, im2col
from .convolution import (
    conv2d,
    conv2d_backward,
    conv2d_transpose,
    conv2d_transpose_backward,
)
from .losses import binary_crossentropy, categorical_crossentropy
from .normalization import batchnorm_inference, batchnorm_training, moving_average
from .optimizers import adam, adamw, rmsprop, sgd
from .pooling import (
    avgpool,
    avgpool_backward,
    global_avgpool,
    global_avgpool_backward,
    global_maxpool,
    global_maxpool_backward,
    maxpool,
    maxpool_backward,
)
from .upsampling import upsample, upsample_backward
from .windows import out_size, same_pads, windows

__all__ = [
    "adam",
    "adamw",
    "avgpool",
    "avgpool_backward",
    "batchnorm_inference",
    "batchnorm_training",
    "binary_crossentropy",
    "categorical_crossentropy",
    "col2im",
    "conv2d",
    "conv2d_backward",
    "conv2d_transpose",
    "conv2d_transpose_backward",
    "gelu",
    "global_avgpool",
    "global_avgpool_backward",
    "global_maxpool",
    "global_maxpool_backward",
    "im2col",
    "maxpool",
    "maxpool_backward",
    "moving_average",
    "out_size",
    "relu6",
    "rmsprop",
    "same_pads",
    "sgd",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "upsample",
    "upsample_backward",
    "windows",
]

"""Every mistake a user can make gives one MinicnnError that says where, what and what to do."""

import re

import numpy as np
import pytest

import minicnn as mc
from minicnn import errors
from minicnn.data.dataset import Batch

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 8, 8, 1)).astype(np.float32)
Y = np.array([0, 1, 2, 0, 1, 2])


def network(**options):
    layers = [
        mc.Conv2D(2, 3, activation="relu"),
        mc.MaxPool2D(2),
        mc.Flatten(),
        mc.Dense(3, activation="softmax"),
    ]
    return mc.Sequential(layers, **{"input_shape": (8, 8, 1), **options})


def compiled(loss="sparse_categorical_crossentropy", **options):
    model = network()
    model.compile(optimizer="sgd", loss=loss, **options)
    return model


def fit(x=X, y=Y, loss="sparse_categorical_crossentropy", **options):
    return compiled(loss).fit(x, y, verbose=0, **options)


def ending_in(*layers, loss, shape=(4,)):
    model = mc.Sequential([mc.Dense(5), *layers], input_shape=shape)
    model.compile(loss=loss)
    return model


def built(layer, shape=(4, 4, 2)):
    layer.build(shape, RNG)
    return layer


def backward(layer, dy_shape, shape=(4, 4, 2)):
    built(layer, shape)
    _, cache = layer.forward(np.ones((2, *shape)), training=True)
    return layer.backward(np.ones(dy_shape), cache)


def with_nan(a):
    a = np.array(a, np.float32)
    a.flat[5] = np.nan
    return a


class NoBatches:
    def __len__(self):
        return 0

    def epoch(self, epoch):
        yield from ()


class Pairs:
    """A data set of one batch."""

    def __len__(self):
        return 1

    def epoch(self, epoch):
        yield Batch(X, Y)


class Forgetful(mc.Dense):
    """A layer of the user's that leaves a gradient out."""

    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        return dx, {"W": grads["W"]}


def train_forgetful():
    model = mc.Sequential([Forgetful(1)], input_shape=(2,))
    model.compile(loss="mse")
    model.fit(np.ones((2, 2)), np.ones(2), verbose=0)


def share_an_optimizer():
    optimizer = mc.Adam()
    for units in (2, 2):
        model = mc.Sequential([mc.Dense(units)], input_shape=(2,))
        model.compile(optimizer, "mse")
        model.fit(np.ones((2, 2)), np.ones((2, units)), verbose=0)


# What goes wrong: (the mistake, the error, what the message says, in this order).
MISTAKES = {
    # ---- arguments of layers -----------------------------------------------------------------
    "filters below 1": (lambda: mc.Conv2D(-1, 3), mc.ConfigError, "Conv2D: .*filters.*got -1"),
    "filters in half": (lambda: mc.Conv2D(2.5, 3), mc.ConfigError, "filters.*got 2.5"),
    "filters true": (lambda: mc.Conv2D(True, 3), mc.ConfigError, "filters.*got True"),
    "filters as text": (lambda: mc.Conv2D("16", 3), mc.ConfigError, "filters.*got '16'"),
    "kernel of 0": (lambda: mc.Conv2D(4, 0), mc.ConfigError, "kernel_size.*got 0.*=3"),
    "kernel of 2.5": (lambda: mc.Conv2D(4, 2.5), mc.ConfigError, "kernel_size.*got 2.5.*=3"),
    "kernel of None": (lambda: mc.Conv2D(4, None), mc.ConfigError, "kernel_size.*got None.*=3"),
    "kernel in 3-D": (lambda: mc.Conv2D(4, (3, 3, 3)), mc.ConfigError, "kernel_size.*=.3, 3."),
    "stride of 0": (lambda: mc.Conv2D(4, 3, strides=0), mc.ConfigError, "strides.*got 0"),
    "dilation of 0": (lambda: mc.Conv2D(4, 3, dilation=0), mc.ConfigError, "dilation.*got 0"),
    "no groups": (lambda: mc.Conv2D(4, 3, groups=0), mc.ConfigError, "groups.*got 0"),
    "uneven groups": (
        lambda: mc.Conv2D(4, 3, groups=3),
        mc.ConfigError,
        "multiple of groups, got 4 filters in 3 groups",
    ),
    "unknown padding": (
        lambda: mc.Conv2D(4, 3, padding="full"),
        mc.ConfigError,
        'Conv2D: .*"valid", "same".*got .full',
    ),
    "unknown activation": (
        lambda: mc.Dense(4, activation="rleu"),
        mc.ConfigError,
        "Dense: .*relu.*got 'rleu'",
    ),
    "a layer as activation": (
        lambda: mc.Dense(4, activation=mc.ReLU()),
        mc.ConfigError,
        "Dense: .*got ReLU.*layer of its own",
    ),
    "a list of activations": (
        lambda: mc.Dense(4, activation=["relu"]),
        mc.ConfigError,
        "Dense: .*got .'relu'.",
    ),
    "unknown initializer": (
        lambda: mc.Sequential([mc.Dense(2), mc.Dense(4, kernel_initializer="glorot")], (3,)),
        mc.ConfigError,
        r"Dense: .*glorot_uniform.*got 'glorot'",
    ),
    "an initializer of the wrong shape": (
        lambda: built(mc.Dense(4, kernel_initializer=lambda shape, rng: np.zeros(3)), (2,)),
        mc.ShapeError,
        r"Dense: .*shape \(2, 4\), got \(3,\)",
    ),
    "no units": (lambda: mc.Dense(0), mc.ConfigError, "Dense: .*units.*got 0"),
    "dropping everything": (lambda: mc.Dropout(1.0), mc.ConfigError, "rate.*less than 1, got 1"),
    "dropping a word": (lambda: mc.Dropout("half"), mc.ConfigError, "rate.*got 'half'"),
    "momentum of 1": (lambda: mc.BatchNorm(1.0), mc.ConfigError, "momentum.*less than 1"),
    "epsilon of 0": (lambda: mc.BatchNorm(epsilon=0), mc.ConfigError, "epsilon above 0, got 0"),
    "epsilon as text": (lambda: mc.BatchNorm(epsilon="1"), mc.ConfigError, "epsilon.*got '1'"),
    "a slope of 2": (lambda: mc.LeakyReLU(2.0), mc.ConfigError, "negative_slope.*got 2"),
    "a pool of 0": (lambda: mc.MaxPool2D(0), mc.ConfigError, "pool_size.*got 0"),
    "upsampling by 0": (lambda: mc.UpSample2D(0), mc.ConfigError, "size.*got 0"),
    # ---- putting layers together -------------------------------------------------------------
    "layers that are no list": (
        lambda: mc.Sequential(mc.Dense(3)),
        mc.ConfigError,
        r"Sequential: expected a list of layers, got Dense\(units=3\); write Sequential\(\[",
    ),
    "a class for a layer": (
        lambda: mc.Sequential([mc.Flatten]),
        mc.ConfigError,
        r"expected layers.*got <class.*make one: Flatten\(",
    ),
    "a number for a layer": (lambda: mc.Chain(3), mc.ConfigError, "Chain: expected layers.*got 3"),
    "adding a number": (lambda: network().add(3), mc.ConfigError, "expected layers.*got 3"),
    "no branches": (mc.Concat, mc.ConfigError, "Concat: expected at least one branch"),
    "one layer twice": (
        lambda: (lambda layer: mc.Chain(layer, layer))(mc.ReLU()),
        mc.ConfigError,
        "every layer once.*twice.*second layer",
    ),
    "one layer twice, further down": (
        lambda: (lambda layer: mc.Residual(layer, mc.Chain(layer)))(mc.ReLU()),
        mc.ConfigError,
        "Residual: .*every layer once.*twice.*second layer",
    ),
    "one name twice": (
        lambda: mc.Sequential([mc.ReLU(name="a"), mc.ReLU(name="a")], (3,)),
        mc.ConfigError,
        "name of its own.*got 'a' twice",
    ),
    "a slash in a name": (
        lambda: mc.Sequential([mc.ReLU(name="a/b")], (3,)),
        mc.ConfigError,
        "without a slash, got 'a/b'",
    ),
    "a number for a name": (
        lambda: mc.Sequential([mc.ReLU(name=5)], (3,)),
        mc.ConfigError,
        "expected each layer to have a name.*got 5",
    ),
    "an unknown layer": (
        lambda: network()["conv"],
        mc.NoSuchLayerError,
        "name of a layer .*conv2d_1.*got 'conv'",
    ),
    "a residual sum of two shapes": (
        lambda: mc.Sequential([mc.Residual(mc.Conv2D(3, 3))], (8, 8, 1)),
        mc.ShapeError,
        r"residual_1 \(Residual, layer 1 of 1\): .*\(6, 6, 3\) and \(8, 8, 1\); .*shortcut",
    ),
    "branches of two sizes": (
        lambda: mc.Sequential([mc.Concat(mc.Conv2D(3, 3), mc.Conv2D(3, 1))], (8, 8, 1)),
        mc.ShapeError,
        r"concat_1 .*\(6, 6, 3\), \(8, 8, 3\); .*strides and padding",
    ),
    "a kernel larger than its map": (
        lambda: mc.Sequential([mc.MaxPool2D(4), mc.Conv2D(1, 3)], (8, 8, 1)),
        mc.ConfigError,
        r"conv2d_1 \(Conv2D, layer 2 of 2\): .*got one that reaches over 3 .*height 2.*smaller",
    ),
    "a convolution of rows": (
        lambda: mc.Sequential([mc.Flatten(), mc.Conv2D(1, 3)], (8, 8, 1)),
        mc.ShapeError,
        r"conv2d_1 \(Conv2D, layer 2 of 2\): expected maps.*got .*\(64,\)",
    ),
    "groups that the channels don't fill": (
        lambda: mc.Sequential([mc.Conv2D(2, 3, groups=2)], (8, 8, 3)),
        mc.ConfigError,
        r"conv2d_1 .*multiple of groups, got 3 channels for 2 groups",
    ),
    "input_shape as a number": (
        lambda: network(input_shape=150),
        mc.ShapeError,
        r"expected an input_shape such as \(150, 150, 3\).*got 150",
    ),
    "input_shape with a hole": (
        lambda: network(input_shape=(None, 150, 3)),
        mc.ShapeError,
        "expected an input_shape.*whole numbers.*got .None, 150, 3.",
    ),
    "input_shape with a zero": (
        lambda: network(input_shape=(8, 0, 1)),
        mc.ShapeError,
        "expected an input_shape.*got .8, 0, 1.",
    ),
    "input_shape without channels": (
        lambda: network(input_shape=(28, 28)),
        mc.ShapeError,
        r"conv2d_1 \(Conv2D, layer 1 of 4\): .*\(28, 28\).*last axis",
    ),
    "input_shape of nothing": (
        lambda: mc.Sequential([mc.Dense(3)], input_shape=()),
        mc.ShapeError,
        "dense_1 .*at least one axis.*x.:, None.",
    ),
    "a seed of text": (
        lambda: mc.Sequential([mc.Dense(3)], (2,), seed="zero"),
        mc.ConfigError,
        "expected a seed that is a whole number, got 'zero'",
    ),
    "half a seed": (
        lambda: mc.Sequential([mc.Dense(3)], (2,), seed=1.5),
        mc.ConfigError,
        "expected a seed that is a whole number, got 1.5",
    ),
    # ---- calling layers ------------------------------------------------------------------------
    "a layer that was never built": (
        lambda: mc.Dense(3)(np.ones((2, 4))),
        mc.NotBuiltError,
        r"Dense: expected a layer that knows.*call layer.build\(\(4,\), rng\)",
    ),
    "a list for an array": (
        lambda: built(mc.ReLU(), (2,))([[1.0, 2.0]]),
        mc.DtypeError,
        "ReLU: expected a NumPy or a CuPy array, got .*list.*asarray",
    ),
    "an input without its batch axis": (
        lambda: network()(X[0]),
        mc.ShapeError,
        r"conv2d_1 \(Conv2D, layer 1 of 4\): .*\(N, 8, 8, 1\), got \(8, 8, 1\); .*x\[None\]",
    ),
    "an input without its channels": (
        lambda: network()(X[..., 0]),
        mc.ShapeError,
        r"conv2d_1 .*\(N, 8, 8, 1\), got \(6, 8, 8\); .*x\[\.\.\., None\]",
    ),
    "an input with its channels first": (
        lambda: built(mc.Conv2D(2, 3), (8, 8, 3))(np.ones((2, 3, 8, 8))),
        mc.ShapeError,
        r"Conv2D: .*\(N, 8, 8, 3\), got \(2, 3, 8, 8\); .*transpose\(0, 2, 3, 1\)",
    ),
    "an input of another size": (
        lambda: network()(X[:, 1:]),
        mc.ShapeError,
        r"conv2d_1 .*\(N, 8, 8, 1\), got \(6, 7, 8, 1\); reshape",
    ),
    "whole numbers for floats": (
        lambda: network()(X.astype(np.int64)),
        mc.DtypeError,
        r"conv2d_1 \(Conv2D, layer 1 of 4\): .*float32 or float64, got int64; .*astype",
    ),
    "half-precision floats": (
        lambda: built(mc.ReLU(), (2,))(np.ones((1, 2), np.float16)),
        mc.DtypeError,
        "ReLU: .*got float16; .*astype",
    ),
    # ---- compiling -----------------------------------------------------------------------------
    "an unknown loss": (
        lambda: compiled("crossentropy"),
        mc.ConfigError,
        "expected a loss from binary_crossentropy.*got 'crossentropy'",
    ),
    "the class of a loss": (
        lambda: compiled(mc.BinaryCrossentropy),
        mc.ConfigError,
        "expected a loss.*got <class",
    ),
    "an unknown optimizer": (
        lambda: network().compile(optimizer="rmsprob"),
        mc.ConfigError,
        "expected an optimizer from sgd.*got 'rmsprob'",
    ),
    "the class of an optimizer": (
        lambda: network().compile(optimizer=mc.Adam),
        mc.ConfigError,
        "expected an optimizer.*got <class",
    ),
    "an unknown metric": (
        lambda: compiled(metrics=["acc"]),
        mc.ConfigError,
        "expected a metric from accuracy.*got 'acc'",
    ),
    "a list for a metric": (
        lambda: compiled(metrics=[["accuracy"]]),
        mc.ConfigError,
        "expected a metric from accuracy.*got .'accuracy'.",
    ),
    "metrics that are no list": (
        lambda: compiled(metrics="accuracy"),
        mc.ConfigError,
        r"expected a list of metrics, got 'accuracy'; .*\[",
    ),
    "a gradient step that can't be called": (
        lambda: compiled(gradients=[1.0]),
        mc.ConfigError,
        "expected gradients.*functions.*got 1.0",
    ),
    "a sigmoid missing": (
        lambda: ending_in(mc.Dense(1), loss="binary_crossentropy"),
        mc.ConfigError,
        r'dense_2 \(Dense, layer 2 of 2\): .*no activation; .*activation="sigmoid"',
    ),
    "a softmax missing": (
        lambda: ending_in(mc.ReLU(), loss="sparse_categorical_crossentropy"),
        mc.ConfigError,
        r"relu_1 \(ReLU, layer 2 of 2\): .*probabilities.*put Softmax\(\) behind it",
    ),
    "a sigmoid for a softmax": (
        lambda: ending_in(mc.Dense(3, activation="sigmoid"), loss="categorical_crossentropy"),
        mc.ConfigError,
        "dense_2 .*ends in sigmoid; .*softmax",
    ),
    "a softmax over one unit": (
        lambda: ending_in(
            mc.Dense(1, activation="softmax"), loss="sparse_categorical_crossentropy"
        ),
        mc.ConfigError,
        "dense_2 .*a unit for each class.*got 1 unit.*binary_crossentropy",
    ),
    "logits behind a sigmoid": (
        lambda: ending_in(mc.Sigmoid(), loss=mc.BinaryCrossentropy(from_logits=True)),
        mc.ConfigError,
        "sigmoid_1 .*expected logits.*leave the activation out",
    ),
    "a learning rate of 0": (lambda: mc.Adam(0), mc.ConfigError, "Adam: .*learning_rate.*got 0"),
    "a learning rate of NaN": (lambda: mc.SGD(np.nan), mc.ConfigError, "SGD: .*got nan"),
    "a learning rate in words": (lambda: mc.SGD("fast"), mc.ConfigError, "SGD: .*got 'fast'"),
    "no learning rate": (lambda: mc.RMSprop(None), mc.ConfigError, "RMSprop: .*got None"),
    "rho of 1": (lambda: mc.RMSprop(rho=1), mc.ConfigError, "rho.*less than 1, got 1"),
    "rho in words": (lambda: mc.RMSprop(rho="0.9"), mc.ConfigError, "rho.*got '0.9'"),
    "a negative epsilon": (
        lambda: mc.Adam(epsilon=-1e-7),
        mc.ConfigError,
        "Adam: .*epsilon.*got -1e-07",
    ),
    "no steps to decay in": (
        lambda: mc.ExponentialDecay(0.1, 0, 0.5),
        mc.ConfigError,
        "ExponentialDecay: .*decay_steps.*got 0",
    ),
    "no steps to fall in": (
        lambda: mc.CosineDecay(0.1, 0),
        mc.ConfigError,
        "CosineDecay: .*decay_steps.*got 0",
    ),
    "as many values as boundaries": (
        lambda: mc.PiecewiseConstantDecay([10], [0.1]),
        mc.ConfigError,
        "one value more than boundaries, got 1 values and 1 boundaries",
    ),
    "clipping to nothing": (lambda: mc.ClipNorm(0), mc.ConfigError, "ClipNorm: .*above 0, got 0"),
    "clipping to words": (lambda: mc.ClipValue("1"), mc.ConfigError, "ClipValue: .*got '1'"),
    # ---- training ------------------------------------------------------------------------------
    "training before compile": (
        lambda: network().fit(X, Y),
        mc.NotCompiledError,
        "expected a compiled model.*model.compile",
    ),
    "evaluating before compile": (
        lambda: network().evaluate(X, Y),
        mc.NotCompiledError,
        "model.compile",
    ),
    "a step before compile": (
        lambda: network().train_on_batch(X, Y),
        mc.NotCompiledError,
        "model.compile",
    ),
    "no labels": (lambda: fit(y=None), mc.ConfigError, "expected arrays x and y.*labels missing"),
    "fewer labels than samples": (
        lambda: fit(y=Y[:4]),
        mc.ShapeError,
        "as many labels as samples, got 4 labels for 6 samples",
    ),
    "no samples": (lambda: fit(X[:0], Y[:0]), mc.ShapeError, r"at least one.*\(0, 8, 8, 1\)"),
    "samples of two shapes": (
        lambda: fit([X[0], X[1, 1:]], [0, 1]),
        mc.ShapeError,
        "expected x.*same shape",
    ),
    "samples that are no numbers": (
        lambda: fit(np.full((6, 3), "cat")),
        mc.DtypeError,
        "expected x to be.*numbers, got .*<U3",
    ),
    "labels that are names": (
        lambda: fit(y=["cat", "dog", "dog", "cat", "dog", "cat"]),
        mc.DtypeError,
        "expected y to be.*numbers, got .*<U3.*classes.index",
    ),
    "pictures of int64": (
        lambda: fit(X.astype(np.int64)),
        mc.DtypeError,
        "expected pictures as uint8 .* or as floats .*got int64.*astype",
    ),
    "samples of another shape": (
        lambda: fit(X[:, :, :7]),
        mc.ShapeError,
        r"conv2d_1 \(Conv2D, layer 1 of 4\): .*\(N, 8, 8, 1\), got \(6, 8, 7, 1\)",
    ),
    "batches of 0": (lambda: fit(batch_size=0), mc.ConfigError, "batch_size.*got 0"),
    "batches of 2.5": (lambda: fit(batch_size=2.5), mc.ConfigError, "batch_size.*got 2.5"),
    "predicting in batches of 0": (
        lambda: network().predict(X, batch_size=0),
        mc.ConfigError,
        "batch_size.*got 0",
    ),
    "evaluating in batches of None": (
        lambda: compiled().evaluate(X, Y, batch_size=None),
        mc.ConfigError,
        "batch_size.*got None",
    ),
    "epochs below 0": (lambda: fit(epochs=-1), mc.ConfigError, "expected epochs.*got -1"),
    "epochs in halves": (lambda: fit(epochs=2.5), mc.ConfigError, "expected epochs.*got 2.5"),
    "epochs in words": (lambda: fit(epochs="3"), mc.ConfigError, "expected epochs.*got '3'"),
    "beginning in words": (
        lambda: fit(initial_epoch="1"),
        mc.ConfigError,
        "expected initial_epoch.*got '1'",
    ),
    "the summary of no samples": (
        lambda: network().summary(batch_size=0),
        mc.ConfigError,
        "expected batch_size.*got 0",
    ),
    "everything held back": (
        lambda: fit(validation_split=1.0),
        mc.ConfigError,
        "validation_split.*got 1.0",
    ),
    "less than nothing held back": (
        lambda: fit(validation_split=-0.1),
        mc.ConfigError,
        "validation_split.*got -0.1",
    ),
    "all but everything held back": (
        lambda: fit(validation_split=0.9),
        mc.ConfigError,
        "validation_split.*at least one sample.*0.9 of 6",
    ),
    "holding back from a data set": (
        lambda: fit(Pairs(), None, validation_split=0.5),
        mc.ConfigError,
        "expected arrays for validation_split, got a data set; split it yourself",
    ),
    "weighting a data set": (
        lambda: fit(Pairs(), None, sample_weight=np.ones(6)),
        mc.ConfigError,
        "expected arrays for sample_weight, got a data set; .*Batch",
    ),
    "a data set and labels": (
        lambda: fit(Pairs(), Y),
        mc.ConfigError,
        "expected x and y as arrays, or a data set alone, got a data set and y",
    ),
    "validation data without labels": (
        lambda: fit(validation_data=X),
        mc.ConfigError,
        "expected arrays x and y.*got ndarray; labels missing",
    ),
    "a data set of no batches": (
        lambda: fit(NoBatches(), None),
        mc.DataError,
        "expected a data set with at least one batch, got none",
    ),
    "class weights in a list": (
        lambda: fit(class_weight=[1.0, 2.0, 1.0]),
        mc.ConfigError,
        r"expected class_weight.*\{0: 1.0, 1: 2.0\}.*got \[1.0, 2.0, 1.0\]",
    ),
    "class weights by name": (
        lambda: fit(class_weight={"cat": 2.0}),
        mc.ConfigError,
        "expected class_weight.*class numbers.*got {'cat': 2.0}",
    ),
    "class weights in words": (
        lambda: fit(class_weight={0: "twice"}),
        mc.ConfigError,
        "expected class_weight.*weights.*got {0: 'twice'}",
    ),
    "class weights for pixels": (
        lambda: mc.training.class_weight.weighted(Batch(X, np.zeros((6, 8, 8), int)), {0: 1.0}),
        mc.ConfigError,
        r"class_weight: expected one class for each sample.*\(6, 8, 8\)",
    ),
    "sample weights in words": (
        lambda: compiled().train_on_batch(X, Y, ["once"] * 6),
        mc.DtypeError,
        "expected sample_weight to be.*numbers, got .*<U4",
    ),
    "a network of whole numbers": (
        lambda: network().astype("int32"),
        mc.DtypeError,
        r"conv2d_1 \(Conv2D, layer 1 of 4\): expected float32 or float64, got 'int32'",
    ),
    "too few sample weights": (
        lambda: fit(sample_weight=np.ones(5)),
        mc.ShapeError,
        "as many weights as samples, got 5 weights for 6 samples",
    ),
    "a callback that is none": (
        lambda: fit(callbacks=[print]),
        mc.ConfigError,
        "expected callbacks.*mc.Callback.*got <built-in",
    ),
    "the class of a callback": (
        lambda: fit(callbacks=[mc.Callback]),
        mc.ConfigError,
        r"expected callbacks.*got <class",
    ),
    "callbacks that are no list": (
        lambda: fit(callbacks=mc.Callback()),
        mc.ConfigError,
        r"expected a list of callbacks, got <minicnn.*; .*\[",
    ),
    "a loud model": (
        lambda: compiled().fit(X, Y, verbose="loud"),
        mc.ConfigError,
        "expected verbose 0, 1 or 2, got 'loud'",
    ),
    "a step that forgets a gradient": (
        train_forgetful,
        mc.ConformanceError,
        r"forgetful_1 \(Forgetful, layer 1 of 1\): expected gradients of W, b, got W",
    ),
    "a gradient step that returns nothing": (
        lambda: compiled(gradients=[lambda grads, params: None]).fit(X, Y, verbose=0),
        mc.ConfigError,
        "expected gradients back.*got NoneType",
    ),
    "one optimizer for two models": (
        share_an_optimizer,
        mc.ConfigError,
        r"Adam: expected an optimizer of its own.*served another model.*1 steps.*new Adam",
    ),
    # ---- labels --------------------------------------------------------------------------------
    "a class too many": (
        lambda: fit(y=Y + 1),
        mc.LabelError,
        r"dense_1 \(Dense, layer 4 of 4\): .*from 0 to 2.*got 3; .*count classes from 0",
    ),
    "a negative class": (lambda: fit(y=Y - 1), mc.LabelError, "dense_1 .*got -1"),
    "half a class": (lambda: fit(y=Y + 0.5), mc.LabelError, r"dense_1 .*got [012]\.5"),
    "a class of NaN": (lambda: fit(y=with_nan(Y)), mc.LabelError, "dense_1 .*got nan"),
    "one-hot labels for class numbers": (
        lambda: fit(y=np.eye(3)[Y]),
        mc.ShapeError,
        r'dense_1 .*got labels of shape \(6, 3\); .*"categorical_crossentropy"',
    ),
    "class numbers for one-hot labels": (
        lambda: fit(loss="categorical_crossentropy"),
        mc.ShapeError,
        r'dense_1 .*\(6, 3\), got \(6,\); .*"sparse_categorical_crossentropy"',
    ),
    "one-hot labels of another width": (
        lambda: fit(y=np.eye(4)[Y], loss="categorical_crossentropy"),
        mc.ShapeError,
        r"dense_1 .*\(6, 3\), got \(6, 4\)",
    ),
    "binary labels of 2": (
        lambda: ending_in(
            mc.Dense(1, activation="sigmoid"), loss="binary_crossentropy"
        ).train_on_batch(np.ones((3, 4)), [0, 1, 2]),
        mc.LabelError,
        r"dense_2 \(Dense, layer 2 of 2\): .*labels from 0 to 1, got 2",
    ),
    "binary labels of -1": (
        lambda: ending_in(mc.Dense(1, activation="sigmoid"), loss="binary_crossentropy").evaluate(
            np.ones((3, 4)), [-1, 1, 1]
        ),
        mc.LabelError,
        "dense_2 .*labels from 0 to 1, got -1",
    ),
    "numbers of another width": (
        lambda: fit(y=np.ones((6, 2)), loss="mean_squared_error"),
        mc.ShapeError,
        r"dense_1 .*\(6, 3\), got \(6, 2\); .*units",
    ),
    "the AUC of three classes": (
        lambda: compiled(metrics=["auc"]).evaluate(X, Y),
        mc.ShapeError,
        "auc: expected one score for each label.*got 6 labels and 18 scores",
    ),
    "the accuracy of labels outside the classes": (
        lambda: compiled("mse", metrics=["accuracy"]).evaluate(X, np.full((6, 3), 1)[:, :1]),
        mc.ShapeError,
        "dense_1",
    ),
    # ---- NaN and infinity ------------------------------------------------------------------------
    "NaN in the input": (
        lambda: fit(with_nan(X), batch_size=6),
        mc.NotFiniteError,
        "epoch 1, step 1: .*got nan; the input has NaN",
    ),
    "NaN in the input of predict": (
        lambda: network().predict(with_nan(X)),
        mc.NotFiniteError,
        "predict: .*NaN; the input has NaN",
    ),
    "NaN in the validation data": (
        lambda: fit(validation_data=(with_nan(X), Y)),
        mc.NotFiniteError,
        "evaluation: .*the input has NaN",
    ),
    "NaN in the labels": (
        lambda: fit(y=with_nan(np.zeros((6, 3))), loss="mse"),
        mc.NotFiniteError,
        "epoch 1, step 1: .*the labels have NaN",
    ),
    "NaN in the sample weights": (
        lambda: fit(sample_weight=with_nan(np.ones(6))),
        mc.NotFiniteError,
        "epoch 1, step 1: .*the sample weights have NaN",
    ),
    # ---- weights ---------------------------------------------------------------------------------
    "too few weights": (
        lambda: network().set_weights([np.ones(3)]),
        mc.ShapeError,
        r"set_weights: expected 4 arrays \(conv2d_1/W, .*got 1",
    ),
    "weights of another shape": (
        lambda: network().set_weights([w.T for w in network().get_weights()]),
        mc.ShapeError,
        r"set_weights: .*\(3, 3, 1, 2\) for W of conv2d_1 \(Conv2D, layer 1 of 4\), got",
    ),
    "no weights": (
        lambda: network().set_weights(None),
        mc.ConfigError,
        "set_weights: expected a list of arrays, got None",
    ),
    "weights that are no numbers": (
        lambda: network().set_weights([np.full(w.shape, "x") for w in network().get_weights()]),
        mc.DtypeError,
        "set_weights: expected numbers for W of conv2d_1 .*got <U1",
    ),
    "the weights of an unbuilt model": (
        lambda: mc.Sequential([mc.Dense(3)]).get_weights(),
        mc.NotBuiltError,
        "get_weights: .*input_shape=",
    ),
    "the summary of an unbuilt model": (
        lambda: mc.Sequential([mc.Dense(3)]).summary(),
        mc.NotBuiltError,
        "summary: .*input_shape=",
    ),
    "counting what isn't there yet": (
        lambda: mc.Sequential([mc.Dense(3)]).count_params(),
        mc.NotBuiltError,
        "count_params: .*input_shape=",
    ),
    # ---- backends --------------------------------------------------------------------------------
    "an unknown backend": (
        lambda: mc.use_backend("tpu"),
        mc.BackendError,
        'expected backend "numpy" or "cupy", got .tpu',
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_is_one_clear_error(mistake):
    make, kind, says = MISTAKES[mistake]
    with pytest.raises(mc.MinicnnError) as caught:
        make()
    message = str(caught.value)
    assert type(caught.value) is kind
    assert re.search(says, message), message
    assert re.search(r"expected .*\bgot\b", message, re.DOTALL), message


BACKWARD = {
    "conv2d": (lambda: mc.Conv2D(3, 3), (2, 3, 2, 2)),
    "conv2d, transposed": (lambda: mc.Conv2D(3, 3, activation="relu"), (2, 3, 2, 2)),
    "dense": (lambda: mc.Dense(3), (2, 4, 4, 1)),
    "maxpool": (mc.MaxPool2D, (2, 1, 2, 2)),
    "avgpool": (mc.AvgPool2D, (2, 4, 4, 2)),
    "global pool": (mc.GlobalAvgPool2D, (2, 1)),
    "upsample": (mc.UpSample2D, (2, 4, 4, 2)),
    "flatten": (mc.Flatten, (2, 2, 16)),
    "dropout": (lambda: mc.Dropout(0.5), (2, 4, 4, 1)),
    "batchnorm": (mc.BatchNorm, (2, 4, 4, 1)),
    "relu": (mc.ReLU, (2, 1, 1, 2)),
    "transposed": (lambda: mc.Conv2DTranspose(3, 3), (2, 3, 2, 2)),
    "separable": (lambda: mc.SeparableConv2D(3, 3), (2, 3, 2, 2)),
    "global maxpool": (mc.GlobalMaxPool2D, (2, 1)),
    "reshape": (lambda: mc.Reshape((-1,)), (2, 2, 16)),
    "relu6": (mc.ReLU6, (2, 1, 1, 2)),
    "softplus": (mc.Softplus, (2, 4, 4, 1)),
    "silu": (mc.SiLU, (2, 4, 4, 1)),
    "gelu": (mc.GELU, (2, 4, 4, 1)),
    "leaky relu": (mc.LeakyReLU, (2, 4, 1, 2)),
    "sigmoid": (mc.Sigmoid, (2, 1, 4, 2)),
    "tanh": (mc.Tanh, (2, 4, 4)),
    "softmax": (mc.Softmax, (2, 4, 4, 1)),
    "concat": (lambda: mc.Concat(mc.ReLU(), mc.Tanh()), (2, 4, 4, 2)),
    "residual": (lambda: mc.Residual(mc.ReLU()), (2, 4, 4, 1)),
    "chain": (lambda: mc.Chain(mc.ReLU(), mc.Tanh()), (2, 4, 4, 1)),
    "an empty chain": (mc.Chain, (2, 4, 4, 1)),
}


@pytest.mark.parametrize("kind", BACKWARD)
def test_a_gradient_of_the_wrong_shape_is_one_clear_error(kind):
    make, wrong = BACKWARD[kind]
    with pytest.raises(mc.ShapeError, match=re.escape(f"got {wrong}")) as caught:
        backward(make(), wrong)
    assert re.search(r"[A-Z]\w+.*: expected a gradient of the output's shape", str(caught.value))


def test_every_error_is_of_minicnn_and_of_a_built_in_kind():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert len(kinds) > 10
    for kind in kinds:
        assert issubclass(kind, mc.MinicnnError)
        assert getattr(mc, kind.__name__) is kind
        if kind is not mc.MinicnnError:
            assert any(base.__module__ == "builtins" for base in kind.__bases__)


def test_an_overflow_names_its_layer_and_the_likely_remedy():
    model = mc.Sequential([mc.Dense(4, activation="relu"), mc.Dense(1)], input_shape=(2,))
    model.compile(mc.SGD(1e30), "mse")
    x, y = np.ones((4, 2), np.float32), np.full(4, 3.0)
    with pytest.raises(mc.NotFiniteError, match="lower the learning rate") as caught:
        model.fit(x, y, epochs=5, verbose=0)
    assert re.search(r"epoch \d, step 1: .*dense_\d \(Dense, layer \d of 2\)", str(caught.value))

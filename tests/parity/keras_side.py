"""Keras 3's answers, on TensorFlow: networks, optimizers, losses and metrics (imports keras)."""

import inspect
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from tests.parity.cases import LossCase, MetricCase, NetworkCase, OptimizerCase, ScheduleCase, Spec


def answer_network(case: NetworkCase, dtype: str) -> dict[str, np.ndarray]:
    """Ten steps: the loss of each, predictions before and after, the final weights."""
    compute_in(dtype)
    builder = _Builder()
    inputs = keras.Input((case.size, case.size, 3), dtype=dtype)
    outputs = inputs
    for spec in case.layers:
        outputs = builder.apply(spec, outputs)
    model = keras.Model(inputs, outputs)
    shapes = [in_minicnn(w) for w in builder.weights()]
    for variable, value in zip(builder.weights(), case.weights(shapes, dtype), strict=True):
        variable.assign(value.reshape(variable.shape))
    model.compile(keras.optimizers.RMSprop(1e-3), case.loss, jit_compile=False)

    x_seen = case.pictures(case.steps, dtype)[0]
    before, losses = model.predict_on_batch(x_seen), []
    for step in range(case.steps):
        model.reset_metrics()  # else Keras answers with the mean of all losses so far
        losses.append(model.train_on_batch(*case.pictures(step, dtype)))
    after = model.predict_on_batch(x_seen)
    weights = [w.numpy().reshape(in_minicnn(w)) for w in builder.weights()]
    return {"losses": np.array(losses), "before": before, "after": after, "weights": weights}


def in_minicnn(w: keras.Variable) -> tuple[int, ...]:
    """The shape of the same weights in minicnn, where a depthwise kernel is one in groups."""
    if "depthwise" not in w.name:
        return tuple(w.shape)
    KH, KW, C, M = w.shape
    return KH, KW, 1, C * M


def compute_in(dtype: str) -> None:
    """Both settings: layers obey the policy, which keeps the first floatx it ever saw."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


PLAIN = {  # the same arguments under the same names
    "AvgPool2D": keras.layers.AveragePooling2D,
    "MaxPool2D": keras.layers.MaxPooling2D,
    "GlobalAvgPool2D": keras.layers.GlobalAveragePooling2D,
    "GlobalMaxPool2D": keras.layers.GlobalMaxPooling2D,
    "UpSample2D": keras.layers.UpSampling2D,
    "BatchNorm": keras.layers.BatchNormalization,
    "Dense": keras.layers.Dense,
    "Dropout": keras.layers.Dropout,
    "Flatten": keras.layers.Flatten,
    "Reshape": keras.layers.Reshape,
    "Conv2DTranspose": keras.layers.Conv2DTranspose,
    "SeparableConv2D": keras.layers.SeparableConv2D,
    "LeakyReLU": keras.layers.LeakyReLU,
    "ReLU": keras.layers.ReLU,
    "Softmax": keras.layers.Softmax,
}


class _Builder:
    """Applies specs to Keras tensors, and remembers the layers depth first.

    (A functional model lists its weights by depth in the graph, which shuffles branches.)
    """

    def __init__(self) -> None:
        self.layers: list[keras.Layer] = []

    def weights(self) -> list[keras.Variable]:
        return [weight for layer in self.layers for weight in layer.weights]

    def apply(self, spec: Spec, x: keras.KerasTensor) -> keras.KerasTensor:
        if spec.kind == "Chain":
            for inner in spec.inside:
                x = self.apply(inner, x)
            return x
        if spec.kind == "Residual":
            body, *shortcut = spec.inside
            y = self.apply(body, x)
            return keras.layers.Add()([y, self.apply(shortcut[0], x) if shortcut else x])
        if spec.kind == "Concat":
            return keras.layers.Concatenate()([self.apply(branch, x) for branch in spec.inside])
        if spec.kind == "Conv2D":
            return self._conv(x, **spec.options)
        if spec.kind in (
            "Sigmoid",
            "Tanh",
            "ReLU6",
            "Softplus",
            "SiLU",
            "GELU",
        ):  # arguments in Keras
            return self._keep(keras.layers.Activation(spec.kind.lower()), x)
        layer_type = PLAIN[spec.kind]
        return self._keep(layer_type(**exact(defaults(layer_type) | spec.options)), x)

    def _conv(self, x, padding="valid", dilation=1, **options):
        if isinstance(padding, int):
            x, padding = keras.layers.ZeroPadding2D(padding)(x), "valid"
        return self._keep(
            keras.layers.Conv2D(padding=padding, dilation_rate=dilation, **options), x
        )

    def _keep(self, layer, x):
        self.layers.append(layer)
        return layer(x)


def answer_optimizer(case: OptimizerCase) -> dict[str, np.ndarray]:
    """The parameters after each of the ten updates, in float64."""
    compute_in("float64")
    optimizer_type = getattr(keras.optimizers, case.kind)
    options = exact(defaults(optimizer_type) | case.options)
    if case.schedule:
        options["learning_rate"] = build_schedule(case.schedule)
    optimizer = optimizer_type(**options)
    variable = keras.Variable(case.start())
    path = []
    for gradient in case.gradients():
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        path.append(variable.numpy())
    return {"path": np.array(path)}


def answer_schedule(case: ScheduleCase) -> dict[str, np.ndarray]:
    """The learning rate of the first steps."""
    schedule = build_schedule(case.spec)
    return {"rates": np.array([float(schedule(step)) for step in range(case.steps)])}


def build_schedule(spec: Spec):
    return getattr(keras.optimizers.schedules, spec.kind)(**exact(spec.options))


def defaults(anything) -> dict:
    """Keras's own choice for each number that a case leaves open."""
    parameters = inspect.signature(anything).parameters.values()
    return {p.name: p.default for p in parameters if isinstance(p.default, float)}


def exact(options: dict) -> dict:
    """The options with NumPy floats: Keras rounds a Python float to float32 on its way."""

    def number(value):
        return np.float64(value) if isinstance(value, float) else value

    return {
        name: [number(v) for v in value] if isinstance(value, list) else number(value)
        for name, value in options.items()
    }


def answer_loss(case: LossCase) -> dict[str, np.ndarray]:
    """The loss and its gradient, in float64."""
    compute_in("float64")
    options = {} if case.from_logits is None else {"from_logits": case.from_logits}
    loss = getattr(keras.losses, case.kind)(**options)
    y_pred = tf.Variable(case.predictions())
    with tf.GradientTape() as tape:
        value = loss(case.labels(), y_pred)
    return {"loss": value.numpy(), "dy_pred": tape.gradient(value, y_pred).numpy()}


def answer_metric(case: MetricCase) -> dict[str, np.ndarray]:
    compute_in("float64")
    options = {"threshold": 0.5} if case.kind == "F1Score" else {}
    metric = getattr(keras.metrics, case.kind)(**options)
    metric.update_state(case.labels(), case.predictions())
    return {"value": np.asarray(metric.result()).reshape(())}

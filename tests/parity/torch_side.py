"""PyTorch's answers, in float64: each layer's and loss's value and gradients (imports torch).

PyTorch puts channels first, knows "same" padding only without strides, and keeps an unbiased
running variance. What minicnn and Keras mean is written here in PyTorch's own operations, and
autograd differentiates it: so the backward passes are compared with code that has none.
"""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everyone calls it

from tests.parity.cases import LayerCase, LossCase, Spec


def answer_layer(case: LayerCase) -> dict[str, np.ndarray]:
    """y, dx, the gradient of each weight, and the running figures after a training step."""
    x = torch.tensor(case.x(), dtype=torch.float64, requires_grad=True)
    network = _Network(case)
    y = network.run(case.spec, x)
    y.backward(torch.from_numpy(case.dy(tuple(y.shape))))
    answer = {"y": y.detach().numpy(), "dx": x.grad.numpy()}
    for index, weight in network.trainable.items():
        answer[f"dw{index}"] = weight.grad.numpy()
    for index, figure in network.running.items():
        answer[f"state{index}"] = figure.detach().numpy()
    return answer


def answer_loss(case: LossCase) -> dict[str, np.ndarray]:
    """The loss of logits and its gradient. (Losses of probabilities clip: see Keras.)"""
    y_pred = torch.tensor(case.predictions(), requires_grad=True)
    y_true = torch.tensor(case.labels())
    rows = y_pred.reshape(-1, case.shape[-1])
    if case.kind == "BinaryCrossentropy":
        loss = F.binary_cross_entropy_with_logits(y_pred, y_true)
    elif case.kind == "CategoricalCrossentropy":
        loss = F.cross_entropy(rows, y_true.reshape(rows.shape))
    elif case.kind == "SparseCategoricalCrossentropy":
        loss = F.cross_entropy(rows, y_true.reshape(-1))
    elif case.kind == "MeanAbsoluteError":
        loss = F.l1_loss(y_pred, y_true)
    elif case.kind == "Huber":
        loss = F.huber_loss(y_pred, y_true)
    else:
        loss = F.mse_loss(y_pred, y_true)
    loss.backward()
    return {"loss": loss.detach().numpy(), "dy_pred": y_pred.grad.numpy()}


class _Network:
    """Runs a spec, drawing each weight when the layer that owns it meets its input."""

    def __init__(self, case: LayerCase) -> None:
        self.case = case
        self.count = 0
        self.trainable: dict[int, torch.Tensor] = {}
        self.running: dict[int, torch.Tensor] = {}

    def run(self, spec: Spec, x: torch.Tensor) -> torch.Tensor:
        """A layer's output; channels last, as everywhere outside this file."""
        return getattr(self, "_" + spec.kind.lower())(x, spec, **spec.options)

    def _weight(self, role: str, shape: tuple[int, ...]) -> torch.Tensor:
        weight = torch.from_numpy(self.case.weight(self.count, role, shape))
        if role in ("mean", "var"):
            self.running[self.count] = weight
        else:
            self.trainable[self.count] = weight.requires_grad_()
        self.count += 1
        return weight

    # ---- layers with weights ---------------------------------------------------------------

    def _conv2d(
        self,
        x,
        spec,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        dilation=1,
        groups=1,
        use_bias=True,
        activation=None,
    ):
        KH, KW = pair(kernel_size)
        W = self._weight("W", (KH, KW, x.shape[3] // groups, filters))
        b = self._weight("b", (filters,)) if use_bias else None
        x = pad(x, padding, (KH, KW), pair(strides), pair(dilation), 0.0)
        y = F.conv2d(first(x), W.permute(3, 2, 0, 1), b, pair(strides), 0, pair(dilation), groups)
        return activate(last(y), activation)

    def _separableconv2d(
        self,
        x,
        spec,
        filters,
        kernel_size,
        padding="valid",
        depth_multiplier=1,
        activation=None,
    ):
        C, (KH, KW) = x.shape[3], pair(kernel_size)
        middle = C * depth_multiplier
        depthwise = self._weight("W", (KH, KW, 1, middle))
        pointwise = self._weight("W", (1, 1, middle, filters))
        x = pad(x, padding, (KH, KW), (1, 1), (1, 1), 0.0)
        x = F.conv2d(first(x), depthwise.permute(3, 2, 0, 1), groups=C)
        y = F.conv2d(x, pointwise.permute(3, 2, 0, 1), self._weight("b", (filters,)))
        return activate(last(y), activation)

    def _conv2dtranspose(
        self, x, spec, filters, kernel_size, strides=1, padding="valid", use_bias=True
    ):
        kernel, step = pair(kernel_size), pair(strides)
        W = self._weight("W", (*kernel, filters, x.shape[3]))
        b = self._weight("b", (filters,)) if use_bias else None
        y = last(F.conv_transpose2d(first(x), W.permute(3, 2, 0, 1), None, step))
        if padding == "valid":  # every kernel painted whole; as long as all strides together
            short = [max(s - k, 0) for s, k in zip(step, kernel, strict=True)]
            y = F.pad(y, (0, 0, 0, short[1], 0, short[0]))
        elif padding == "same":  # what the convolution that leads back has for its padding
            sizes = [cells * s for cells, s in zip(x.shape[1:3], step, strict=True)]
            y = cut(y, [same(n, k, s, 1) for n, k, s in zip(sizes, kernel, step, strict=True)])
        else:
            y = cut(y, [(padding, padding)] * 2)
        return y if b is None else y + b

    def _dense(self, x, spec, units, use_bias=True, activation=None):
        W = self._weight("W", (x.shape[-1], units))
        b = self._weight("b", (units,)) if use_bias else None
        return activate(F.linear(x, W.T, b), activation)

    def _batchnorm(self, x, spec, momentum=0.99, epsilon=1e-3):
        channels = (x.shape[-1],)
        index = self.count
        gamma, beta, mean, var = (
            self._weight(role, channels) for role in ("gamma", "beta", "mean", "var")
        )
        if self.case.training:
            axes = tuple(range(x.ndim - 1))
            batch = x.mean(axes), x.var(axes, correction=0)
            self.running[index + 2] = momentum * mean + (1 - momentum) * batch[0]
            self.running[index + 3] = momentum * var + (1 - momentum) * batch[1]
            mean, var = batch
        return gamma * (x - mean) / torch.sqrt(var + epsilon) + beta

    # ---- pools -----------------------------------------------------------------------------

    def _maxpool2d(self, x, spec, pool_size, strides=None, padding="valid"):
        size, step = pair(pool_size), pair(pool_size if strides is None else strides)
        x = pad(x, padding, size, step, (1, 1), -torch.inf)
        return last(F.max_pool2d(first(x), size, step))

    def _avgpool2d(self, x, spec, pool_size, strides=None, padding="valid"):
        size, step = pair(pool_size), pair(pool_size if strides is None else strides)
        sums, counts = (
            F.avg_pool2d(first(pad(a, padding, size, step, (1, 1), 0.0)), size, step)
            for a in (x, torch.ones_like(x))
        )
        return last(sums / counts)  # so that padding does not count

    def _globalavgpool2d(self, x, spec):
        return F.adaptive_avg_pool2d(first(x), 1).flatten(1)

    def _globalmaxpool2d(self, x, spec):
        return F.adaptive_max_pool2d(first(x), 1).flatten(1)

    def _upsample2d(self, x, spec, size):
        return last(F.interpolate(first(x), scale_factor=tuple(map(float, pair(size)))))

    # ---- layers without weights --------------------------------------------------------------

    def _flatten(self, x, spec):
        return x.flatten(1)

    def _reshape(self, x, spec, target_shape):
        return x.reshape(len(x), *target_shape)

    def _dropout(self, x, spec, rate):
        return F.dropout(x, rate, training=self.case.training)

    def _relu(self, x, spec):
        return F.relu(x)

    def _relu6(self, x, spec):
        return F.relu6(x)

    def _softplus(self, x, spec):
        return torch.logaddexp(x, torch.zeros_like(x))  # F.softplus is x above 20: 2e-9 away

    def _silu(self, x, spec):
        return F.silu(x)

    def _gelu(self, x, spec):
        return F.gelu(x)

    def _leakyrelu(self, x, spec, negative_slope):
        return F.leaky_relu(x, negative_slope)

    def _sigmoid(self, x, spec):
        return torch.sigmoid(x)

    def _tanh(self, x, spec):
        return torch.tanh(x)

    def _softmax(self, x, spec):
        return torch.softmax(x, dim=-1)

    # ---- containers --------------------------------------------------------------------------

    def _chain(self, x, spec):
        for inner in spec.inside:
            x = self.run(inner, x)
        return x

    def _residual(self, x, spec):
        body, *shortcut = spec.inside
        y = self.run(body, x)
        return y + (self.run(shortcut[0], x) if shortcut else x)

    def _concat(self, x, spec):
        return torch.cat([self.run(branch, x) for branch in spec.inside], dim=-1)


def activate(y, name):
    if name == "leaky_relu":
        return F.leaky_relu(y, 0.2)  # what the name means in Keras; PyTorch's figure is 0.01
    if name is None:
        return y
    return getattr(F, name)(y) if name in ("relu6", "silu") else getattr(torch, name)(y)


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def first(x):
    """Channels last to channels first."""
    return x.permute(0, 3, 1, 2)


def last(x):
    """Channels first to channels last."""
    return x.permute(0, 2, 3, 1)


def pad(x, padding, kernel, strides, dilation, value):
    """Cells of ``value`` around the maps: (N, H, W, C)."""
    if padding == "valid":
        return x
    if padding == "same":
        sides = [same(x.shape[1 + a], kernel[a], strides[a], dilation[a]) for a in (0, 1)]
    elif isinstance(padding, int):
        sides = [(padding, padding)] * 2
    else:
        sides = padding
    (top, bottom), (left, right) = sides
    return F.pad(x, (0, 0, left, right, top, bottom), value=value)


def cut(y, sides):
    """Maps without their rim: (N, H, W, C)."""
    (top, bottom), (left, right) = sides
    return y[:, top : y.shape[1] - bottom, left : y.shape[2] - right]


def same(size, kernel, stride, dilation):
    """What TensorFlow adds: as many windows as ceil(size / stride), the odd cell at the end."""
    windows = (size + stride - 1) // stride
    total = max(0, (windows - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return total // 2, (total + 1) // 2

"""The conformance suite for backends: every operation against plain loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.backends import Ops, Window, ops_for, reference, use_backend
from minicnn.backends.ops import philox_keep_mask
from minicnn.backends.reference import losses as loops
from minicnn.layers import AvgPool2D, BatchNorm, Chain, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from minicnn.losses import MeanSquaredError
from minicnn.optimizers import SGD, Adam, Optimizer, RMSprop
from minicnn.randomness import Moment, generator
from minicnn.testing.promises import ConformanceReport, Promises
from minicnn.typing import Array, Shape

DTYPES = (np.float32, np.float64)
WINDOWS = (  # size, kernel, strides, padding, dilation
    Window.fit((5, 6), (3, 2)),
    Window.fit((4, 4), (2, 2), (2, 2)),
    Window.fit((5, 5), (2, 3), (2, 1), "same"),
    Window.fit((6, 5), (3, 3), (3, 2), ((1, 0), (0, 2))),
    Window.fit((7, 6), (2, 3), (1, 2), 1, (2, 2)),
    Window.fit((3, 3), (1, 1), (2, 2)),
)
POOLS = tuple(w for w in WINDOWS if w.dilation == (1, 1))
SHAPES: tuple[Shape, ...] = ((5, 3), (2, 3, 4), (2, 2, 3, 1))


class _FaultError(Exception):
    """What is wrong with an operation."""


@dataclass(frozen=True)
class BackendCase:
    """A backend to be checked, called with NumPy's arrays and answering with them."""

    ops: Ops
    seed: int

    def draw(self, shape: Shape, dtype: Any, *names: str | int) -> Array:
        """Numbers about 1, as NumPy's."""
        draws = generator(self.seed, "testing", "backend", *names, *shape).standard_normal(shape)
        return draws.astype(dtype)

    def call(self, name: str, *given: Any) -> Any:
        """An operation's answer, which is the same whatever the layout of its inputs."""
        answers = []
        for lay in (self._whole, self._with_gaps):
            there = [lay(a) if isinstance(a, np.ndarray) else a for a in given]
            try:
                result = getattr(self.ops, name)(*there)
            except Exception as error:
                raise _FaultError(f"{name}: expected an answer, got {error!r}") from error
            for a, b in zip(given, there, strict=True):
                if isinstance(a, np.ndarray) and not np.array_equal(a, self.ops.to_numpy(b)):
                    raise _FaultError(f"{name} has changed an input")
            parts = result if isinstance(result, tuple) else (result,)
            answers.append([self.ops.to_numpy(part) for part in parts])
        for plain, other in zip(*answers, strict=True):
            if plain.shape != other.shape or not np.allclose(
                plain, other, rtol=1e-5, atol=1e-5, equal_nan=True
            ):
                raise _FaultError(f"{name} answers otherwise for an array with gaps")
        return answers[0][0] if len(answers[0]) == 1 else tuple(answers[0])

    def _whole(self, a: Array) -> Array:
        return self.ops.asarray(a)

    def _with_gaps(self, a: Array) -> Array:
        """The same numbers as every second one of a larger array."""
        wide = self.ops.xp.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
        wide[..., ::2] = self.ops.asarray(a)
        return wide[..., ::2]


Agreement = tuple[str, Array, Array]  # the operation, what it gave, what the loops give
promise = Promises[BackendCase]()


def agreements(
    proof: Callable[[BackendCase], Iterator[Agreement]],
) -> Callable[[BackendCase], str | None]:
    """Turns a proof that yields what should agree into one that says what does not."""

    def compare(case: BackendCase) -> str | None:
        try:
            for name, got, expected in proof(case):
                if got.shape != expected.shape or got.dtype != expected.dtype:
                    return (
                        f"{name}: expected {expected.shape} in {expected.dtype}, got {got.shape} "
                        f"in {got.dtype}"
                    )
                loose = 2e-5 if expected.dtype == np.float32 else 1e-10
                if not np.allclose(got, expected, rtol=loose, atol=loose, equal_nan=True):
                    at = np.unravel_index(np.abs(got * 1.0 - expected).argmax(), got.shape)
                    place = tuple(map(int, at))
                    return f"{name}: expected {expected[at]} at {place}, got {got[at]}"
        except _FaultError as fault:
            return str(fault)
        return None

    return compare


def check_backend(name: str, seed: int = 0) -> ConformanceReport:
    """Prove that a backend computes what the loops of ``backends/reference`` do.

    ``name`` is what ``mc.use_backend`` takes: a built-in backend, or one of your own that was made
    known by ``mc.register_backend``.

    >>> print(check_backend("numpy"))
    The backend "numpy" keeps every promise:
      ✓ arrays go there, come back, and know where they belong
      ✓ bytes become floats from 0 to 1, other numbers keep their value
      ✓ products of stacks of matrices
      ✓ windows: borders, rows of windows, and back
      ✓ pools, and their way back
      ✓ up-sampling, and its way back
      ✓ sigmoid, softplus and softmax, however large the numbers
      ✓ sums, means and normalisation of each channel
      ✓ masks are NumPy's, bit for bit
      ✓ what is done in one stroke is what its lines would do
      ✓ a network computes there what it computes here
    """
    with use_backend(name) as ops:
        return promise.prove(f'The backend "{name}"', BackendCase(ops, seed))


# ---- the promises ------------------------------------------------------------------------------


@promise("arrays go there, come back, and know where they belong")
def in_and_out(case: BackendCase) -> str | None:
    """Of every dtype; what ``xp`` makes, and what arithmetic makes of it, belongs there too."""
    ops, xp = case.ops, case.ops.xp
    for dtype in (np.uint8, np.int64, np.bool_, *DTYPES):
        a = np.arange(6).reshape(2, 3).astype(dtype)
        there = ops.asarray(a)
        back = ops.to_numpy(there)
        if type(back) is not np.ndarray or back.dtype != dtype or not np.array_equal(back, a):
            return f"Expected {a!r} back from to_numpy(asarray(...)), got {back!r}"
    made = {
        "asarray": ops.asarray([1.0, 2.0], np.float32),
        "xp.empty": xp.empty((2, 3), np.float32),
        "xp.zeros": xp.zeros(3, np.float32),
        "xp.full": xp.full((2, 2), 1.0, np.float32),
        "xp.ones": xp.ones(3, np.float32),
        "xp.zeros_like": xp.zeros_like(xp.ones(3, np.float32)),
        "xp.where": xp.where(xp.ones(3, np.float32) > 0, 1.0, 0.0),
        "a + b": xp.ones(3, np.float32) + xp.ones(3, np.float32),
        "a @ b": xp.ones((2, 2), np.float32) @ xp.ones((2, 2), np.float32),
        "a sum": xp.ones((2, 2), np.float32).sum(axis=0),
        "a slice": xp.ones((2, 2), np.float32)[:, :1],
        "reshape": xp.ones((2, 2), np.float32).reshape(-1),
    }
    strays = [what for what, a in made.items() if ops_for(a) is not ops]
    return f"{strays[0]} gives an array that belongs elsewhere" if strays else None


@promise("bytes become floats from 0 to 1, other numbers keep their value")
@agreements
def floats(case: BackendCase) -> Iterator[Agreement]:
    """The one place where pictures are scaled."""
    for dtype in DTYPES:
        pictures = np.arange(256, dtype=np.uint8)
        yield "floats", case.call("floats", pictures, dtype), (pictures / 255).astype(dtype)
        for kind in (np.float32, np.float64, np.int64):
            a = np.array([0, 3, 255], kind)
            yield "floats", case.call("floats", a, dtype), a.astype(dtype)


@promise("products of stacks of matrices")
@agreements
def products(case: BackendCase) -> Iterator[Agreement]:
    """Few and many, of all shapes."""
    for dtype in DTYPES:
        for G, M, K, F in ((1, 3, 4, 2), (2, 1, 5, 3), (17, 2, 2, 2)):
            a, b = case.draw((G, M, K), dtype, "a"), case.draw((G, K, F), dtype, "b")
            expected = np.stack([a[g] @ b[g] for g in range(G)])
            yield "matmul", case.call("matmul", a, b), expected


@promise("windows: borders, rows of windows, and back")
@agreements
def windows(case: BackendCase) -> Iterator[Agreement]:
    """Every kind of padding, stride and dilation."""
    for dtype in DTYPES:
        for w in WINDOWS:
            x = case.draw((2, *w.size, 3), dtype, "x")
            border = np.pad(x, ((0, 0), *w.pads, (0, 0)), constant_values=7.0)
            yield "pad", case.call("pad", x, w, 7.0), border
            yield "unpad", case.call("unpad", border, w), x
            geometry = (w.kernel, w.strides, w.pads, w.dilation)
            cols = reference.im2col(x, *geometry)
            yield "im2col", case.call("im2col", x, w), cols
            dcols = case.draw(cols.shape, dtype, "cols")
            yield (
                "col2im",
                case.call("col2im", dcols, w),
                reference.col2im(dcols, x.shape, *geometry),
            )


@promise("pools, and their way back")
@agreements
def pools(case: BackendCase) -> Iterator[Agreement]:
    """Among equals the first wins; padding is no cell."""
    for dtype in DTYPES:
        for w in POOLS:
            geometry = (w.kernel, w.strides, w.pads)
            x = case.draw((2, *w.size, 3), dtype, "x").round()  # whole numbers tie
            dy = case.draw((2, *w.out, 3), dtype, "dy")
            y, code = case.call("maxpool", x, w)
            expected, winners = reference.maxpool(x, *geometry)
            yield "maxpool", y, expected
            yield "maxpool's winners", code.astype(np.int64), winners.astype(np.int64)
            back = case.call("maxpool_backward", dy, code, w)
            yield "maxpool_backward", back, _to_winners(dy, winners, w)
            yield "avgpool", case.call("avgpool", x, w), reference.avgpool(x, *geometry)
            shared = reference.avgpool_backward(dy, x.shape, *geometry)
            yield "avgpool_backward", case.call("avgpool_backward", dy, w), shared


def _to_winners(dy: Array, winners: Array, w: Window) -> Array:
    """Each gradient at the cell that won."""
    padded = np.zeros((dy.shape[0], *w.padded, dy.shape[3]), dy.dtype)
    for n, i, j, c in np.ndindex(*dy.shape):
        k, m = divmod(int(winners[n, i, j, c]), w.kernel[1])
        padded[n, i * w.strides[0] + k, j * w.strides[1] + m, c] += dy[n, i, j, c]
    (top, _), (left, _) = w.pads
    return padded[:, top : top + w.size[0], left : left + w.size[1]]


@promise("up-sampling, and its way back")
@agreements
def upsampling(case: BackendCase) -> Iterator[Agreement]:
    """Copies out, sums back."""
    for dtype in DTYPES:
        for size in ((1, 1), (2, 2), (3, 1)):
            x = case.draw((2, 2, 3, 2), dtype, "x")
            dy = case.draw((2, 2 * size[0], 3 * size[1], 2), dtype, "dy")
            yield "upsample", case.call("upsample", x, size), reference.upsample(x, size)
            back = reference.upsample_backward(dy, size)
            yield "upsample_backward", case.call("upsample_backward", dy, size), back


@promise("sigmoid, softplus and softmax, however large the numbers")
@agreements
def careful(case: BackendCase) -> Iterator[Agreement]:
    """About 1, and up to ±10,000."""
    for dtype in DTYPES:
        for shape in SHAPES:
            for scale in (0, 1, 30, 700, 1e4):
                x = case.draw(shape, dtype, "x") * dtype(scale)
                rows = x.reshape(-1, x.shape[-1])
                yield "sigmoid", case.call("sigmoid", x), reference.sigmoid(x)
                yield "softmax", case.call("softmax", x), reference.softmax(x)
                plus = np.array([-loops.log_sigmoid(-float(z)) for z in x.ravel()], dtype)
                yield "softplus", case.call("softplus", x), plus.reshape(shape)
                logs = np.array([loops.log_softmax(list(map(float, row))) for row in rows], dtype)
                yield "log_softmax", case.call("log_softmax", x), logs.reshape(shape)


@promise("sums, means and normalisation of each channel")
@agreements
def channels(case: BackendCase) -> Iterator[Agreement]:
    """Over all axes but the last, against sums in float64."""
    for dtype in DTYPES:
        for shape in SHAPES:
            a, b = case.draw(shape, dtype, "a"), case.draw(shape, dtype, "b")
            gamma, beta, mean, scale = case.draw((4, shape[-1]), dtype, "channels")
            rows = tuple(range(len(shape) - 1))
            A, B = a.astype(np.float64), b.astype(np.float64)
            yield "channel_sums", case.call("channel_sums", a), A.sum(axis=rows).astype(dtype)
            dots = (A * B).sum(axis=rows).astype(dtype)
            yield "channel_dots", case.call("channel_dots", a, b), dots
            means, spreads = case.call("moments", a)
            yield "moments (mean)", means, A.mean(axis=rows).astype(dtype)
            yield "moments (variance)", spreads, A.var(axis=rows).astype(dtype)
            x_hat, y = case.call("normalize", a, mean, scale, gamma, beta)
            yield "normalize (x̂)", x_hat, ((A - mean) * scale).astype(dtype)
            yield "normalize (y)", y, (gamma * ((A - mean) * scale) + beta).astype(dtype)
            dx = case.call("normalize_backward", a, b, scale, mean, beta)
            yield "normalize_backward", dx, (scale * (A - mean - B * beta)).astype(dtype)


@promise("masks are NumPy's, bit for bit")
@agreements
def masks(case: BackendCase) -> Iterator[Agreement]:
    """So a network drops the same cells wherever it is trained."""
    key = (0x0123456789ABCDEF, 0xFEDCBA9876543210)
    for shape in SHAPES:
        for rate in (0.0, 0.3, 0.9):
            expected = philox_keep_mask(key, 5, shape, rate)
            yield "keep_mask", case.call("keep_mask", key, 5, shape, rate), expected


@promise("what is done in one stroke is what its lines would do")
@agreements
def strokes(case: BackendCase) -> Iterator[Agreement]:
    """Where ``in_one_pass`` or ``add_bias_and`` says yes, and where it says no."""
    ops, plain = case.ops, _Lines()
    rules: tuple[Optimizer, ...] = (
        SGD(0.1),
        SGD(0.1, 0.9, nesterov=True),
        RMSprop(),
        RMSprop(momentum=0.5, centered=True),
        Adam(),
    )
    for dtype in DTYPES:
        for rule in rules:
            p, g = case.draw((2, 4, 3), dtype, "rule")
            slots = [case.draw((4, 3), dtype, slot) / 4 for slot in rule.used_slots()]
            slots = [
                1 + abs(a) if s == "v" else a for s, a in zip(rule.used_slots(), slots, strict=True)
            ]
            there = [ops.asarray(a.copy()) for a in (p, g, *slots)]
            rule.move(p, g, tuple(slots), 0.01, 3, plain)
            rule.move(there[0], there[1], tuple(there[2:]), 0.01, 3, ops)
            for a, b in zip((p, g, *slots), there, strict=True):
                yield f"in_one_pass of {type(rule).__name__}", ops.to_numpy(b), a
        y, b = case.draw((2, 3, 4), dtype, "y"), case.draw((4,), dtype, "b")
        for name, expected in (
            ("relu", np.maximum(y + b, 0)),
            ("sigmoid", reference.sigmoid(y + b)),
            ("tanh", np.tanh(y + b)),
        ):
            there_y = ops.asarray(y.copy())
            done = ops.add_bias_and(name, there_y, ops.asarray(b))
            got = ops.to_numpy(there_y)
            yield f"add_bias_and {name}", got, expected.astype(dtype) if done else y


class _Lines(Ops):
    """The rules' own lines, with nothing done in one stroke."""

    name = "lines"
    xp = np


@promise("a network computes there what it computes here")
@agreements
def a_network(case: BackendCase) -> Iterator[Agreement]:
    """Every kind of layer, forward and backward, with the same parameters."""
    x = case.draw((3, 8, 8, 2), np.float64, "x")
    target = case.draw((3, 2), np.float64, "y")
    sides = []
    for name in ("numpy", case.ops.name):
        with use_backend(name) as ops:
            net = Chain(
                Conv2D(4, 3, padding="same", activation="relu", groups=2),
                BatchNorm(),
                MaxPool2D(2),
                AvgPool2D(2, padding="same"),
                Flatten(),
                Dropout(0.3),
                Dense(2, activation="tanh"),
            )
            net.build((8, 8, 2), generator(case.seed, "testing", "backend", "network"))
            net.astype(np.float64)
            try:
                y, cache = net.forward(ops.asarray(x), Moment(seed=1, epoch=0, step=0))
                loss = MeanSquaredError()
                dy = loss.backward(loss.forward(y, target)[1])
                dx, grads = net.backward(dy, cache)
            except Exception as error:
                raise _FaultError(f"Expected a step of a network, got {error!r}") from error
            sides.append({"y": y, "dx": dx, **grads})
            if any(ops_for(a) is not ops for a in sides[-1].values()):
                raise _FaultError(f"an array of the network is not of the backend {name!r}")
    here, there = sides
    for key, expected in here.items():
        yield f"the network's {key}", case.ops.to_numpy(there[key]), expected

"""What each part of the engine brings, and how a step compares with PyTorch's.

    python benchmarks/engine_parts.py [--network catdog] [--batch 20] [--rounds 15] [--plain]

All contestants take turns in one process, one step each a round, so a busy machine is equally
busy for all; what counts is the median of the ratios. PyTorch takes part where it is installed
(beside it, minicnn's threads are asleep, and PyTorch's while minicnn works). On a machine that
others use too, ``--cpu`` compares processor time, on one thread each.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

import minicnn as mc
from minicnn.engine import engine_options

SWITCHES = {
    "without pool first": {"pool_first": False},
    "without strips": {"strips": False},
    "without recordings": {"record": False},
    "without small products": {"small_products": False},
    "without fast convolutions": {"fast_conv": False},
    "without threads": {"threads": False},
    "without fast BatchNorm": {"fast_norm": False},
    "without holding BLAS": {"hold_blas": False},
    "without reused buffers": {"reuse": False},
    "without splitting Dense": {"split_dense": False},
    "without the fused update": {"fused_update": False},
    "without splitting the update": {"split_update": False},
    "whole batch as one block": {"block": 1 << 20},
    "blocks of two": {"block": 2},
}


def main() -> None:
    arguments = _arguments()
    if arguments.cpu:
        mc.set_threads(1)
    step, predict = minicnn_side(arguments.network, arguments.batch)
    steps: dict[str, Callable[[], object]] = {"minicnn": step}
    predictions: dict[str, Callable[[], object]] = {"minicnn": predict}
    if not arguments.only_torch:
        for name, switches in SWITCHES.items():
            steps[name] = _switched(step, switches)
            predictions[name] = _switched(predict, switches)
    if arguments.plain:
        steps["the plain loop"] = _switched(step, {"plain": True})
        predictions["the plain loop"] = _switched(predict, {"plain": True})
    for layout in ("contiguous", "channels_last"):
        if (torch := _torch(arguments.network, arguments.batch, layout)) is not None:
            steps[f"PyTorch, {layout}"], predictions[f"PyTorch, {layout}"] = torch
    for title, contestants in (("training step", steps), ("prediction", predictions)):
        _report(f"{arguments.network}, batch {arguments.batch}, {title}", contestants, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--network", choices=sorted(NETWORKS), default="catdog")
    parser.add_argument("--plain", action="store_true", help="the plain loop takes part (slow)")
    parser.add_argument("--cpu", action="store_true", help="processor time, one thread each")
    parser.add_argument("--only-torch", action="store_true", help="switch no parts off")
    return parser.parse_args()


def _report(
    title: str, contestants: dict[str, Callable[[], object]], arguments: argparse.Namespace
) -> None:
    times: dict[str, list[float]] = {name: [] for name in contestants}
    clock = time.thread_time if arguments.cpu else time.perf_counter
    for number in range(arguments.rounds + 2):
        for name, contestant in contestants.items():
            start = clock()
            contestant()
            if number >= 2:  # the first two rounds fill caches and buffers
                times[name].append(clock() - start)
    own = times["minicnn"]
    print(f"\n{title}\n{'':32}{'median ms':>10}{'least ms':>10}{'minicnn / it':>14}")
    for name, its in times.items():
        ratio = statistics.median(a / b for a, b in zip(own, its, strict=True))
        median, least = 1e3 * statistics.median(its), 1e3 * min(its)
        print(f"{name:32}{median:10.1f}{least:10.1f}{ratio:14.2f}")


def _switched(step: Callable[[], object], switches: dict[str, object]) -> Callable[[], object]:
    def switched() -> object:
        with engine_options(**switches):
            return step()

    return switched


# ---- the networks, as minicnn's layers; PyTorch's are made from the same list --------------------


def _vgg() -> list[mc.Layer]:
    layers: list[mc.Layer] = []
    for filters in (32, 64, 128):
        layers += [mc.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)]
        layers += [mc.MaxPool2D(2)]
    return [*layers, mc.Flatten(), mc.Dense(256, activation="relu"), mc.Dense(10)]


def _lenet() -> list[mc.Layer]:
    return [
        mc.Conv2D(6, 5, padding="same", activation="relu"), mc.MaxPool2D(2),
        mc.Conv2D(16, 5, activation="relu"), mc.MaxPool2D(2),
        mc.Flatten(), mc.Dense(120, activation="relu"), mc.Dense(84, activation="relu"),
        mc.Dense(10),
    ]  # fmt: skip


def _resnet() -> list[mc.Layer]:
    def conv(filters: int, strides: int = 1) -> mc.Conv2D:
        return mc.Conv2D(filters, 3, strides, padding=1, use_bias=False)

    layers: list[mc.Layer] = [conv(16), mc.BatchNorm(), mc.ReLU()]
    for filters, strides in ((16, 1), (16, 1), (32, 2), (32, 1), (64, 2), (64, 1)):
        shortcut = mc.Conv2D(filters, 1, strides, use_bias=False) if strides > 1 else None
        body = mc.Chain(
            conv(filters, strides), mc.BatchNorm(), mc.ReLU(), conv(filters), mc.BatchNorm()
        )
        layers += [mc.Residual(body, shortcut), mc.ReLU()]
    return [*layers, mc.GlobalAvgPool2D(), mc.Dense(10)]


def _dense() -> list[mc.Layer]:
    return [mc.Dense(2048, activation="relu"), mc.Dense(2048, activation="relu"), mc.Dense(10)]


def _catdog() -> list[mc.Layer]:
    layers: list[mc.Layer] = []
    for filters in (16, 32, 64):
        layers += [mc.Conv2D(filters, 3, activation="relu"), mc.MaxPool2D(2)]
    return [*layers, mc.Flatten(), mc.Dense(512, activation="relu"), mc.Dense(1)]


NETWORKS = {
    "catdog": (_catdog, (150, 150, 3)),
    "vgg": (_vgg, (32, 32, 3)),
    "resnet": (_resnet, (32, 32, 3)),
    "lenet": (_lenet, (28, 28, 1)),
    "dense": (_dense, (784,)),
}


def _data(network: str, batch: int) -> tuple[np.ndarray, np.ndarray]:
    _, shape = NETWORKS[network]
    rng = np.random.default_rng(0)
    classes = 2 if network == "catdog" else 10
    return rng.random((batch, *shape), np.float32), rng.integers(0, classes, batch)


def minicnn_side(network: str, batch: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """A training step and a prediction."""
    layers, shape = NETWORKS[network]
    model = mc.Sequential(layers(), input_shape=shape)
    binary = network == "catdog"
    loss: mc.Loss = (
        mc.BinaryCrossentropy(from_logits=True)
        if binary
        else mc.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.compile(mc.RMSprop(1e-4), loss)
    x, y = _data(network, batch)
    return (lambda: model.train_on_batch(x, y)), (lambda: model.predict(x, batch_size=batch))


def _torch(
    network: str, batch: int, layout: str
) -> tuple[Callable[[], object], Callable[[], object]] | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(mc.get_threads())
    layers, shape = NETWORKS[network]
    built = mc.Sequential(layers(), input_shape=shape)
    net = torch.nn.Sequential(*_as_torch(built.layers, torch))
    x, y = _data(network, batch)
    inputs = torch.from_numpy(x)
    if len(shape) == 3:
        inputs = inputs.permute(0, 3, 1, 2).contiguous()
        if layout == "channels_last":
            net = net.to(memory_format=torch.channels_last)
            inputs = inputs.to(memory_format=torch.channels_last)
    if network == "catdog":
        criterion, labels = torch.nn.BCEWithLogitsLoss(), torch.from_numpy(y[:, None]).float()
    else:
        criterion, labels = torch.nn.CrossEntropyLoss(), torch.from_numpy(y)
    optimizer = torch.optim.RMSprop(net.parameters(), 1e-4, alpha=0.9)

    def step() -> object:
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    def predict() -> object:
        with torch.no_grad():
            return net(inputs)

    return step, predict


def _as_torch(layers: list[mc.Layer], torch: object) -> list[object]:
    nn = torch.nn  # type: ignore[attr-defined]

    class Residual(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, body: object, shortcut: object) -> None:
            super().__init__()
            self.body, self.shortcut = body, shortcut

        def forward(self, x: object) -> object:
            return self.body(x) + self.shortcut(x)

    modules: list[object] = []
    for layer in layers:
        shape = layer.input_shape
        if isinstance(layer, mc.Conv2D):
            pads = [side[0] for side in layer.window.pads]
            modules.append(
                nn.Conv2d(shape[2], layer.filters, layer.kernel_size, layer.strides, pads,
                          bias=layer.use_bias)
            )  # fmt: skip
        elif isinstance(layer, mc.Dense):
            modules.append(nn.Linear(shape[0], layer.units))
        elif isinstance(layer, mc.MaxPool2D):
            modules.append(nn.MaxPool2d(layer.pool_size))
        elif isinstance(layer, mc.BatchNorm):
            modules.append(nn.BatchNorm2d(shape[2]))
        elif isinstance(layer, mc.GlobalAvgPool2D):
            modules += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        elif isinstance(layer, mc.Flatten):
            modules.append(nn.Flatten())
        elif isinstance(layer, mc.ReLU):
            modules.append(nn.ReLU())
        elif isinstance(layer, mc.Residual):
            ways = [_as_torch(way.layers if isinstance(way, mc.Chain) else [way], torch)
                    for way in layer.layers]  # fmt: skip
            modules.append(Residual(*[nn.Sequential(*way) for way in ways]))
        if getattr(layer, "activation", None) == "relu":
            modules.append(nn.ReLU())
    return modules


if __name__ == "__main__":
    main()

"""Learning rates and optimizers: compared with Keras."""

from dataclasses import dataclass, field, replace
from typing import Any

from tests.parity import drawing
from tests.parity.cases.spec import Spec, layer


@dataclass(frozen=True)
class ScheduleCase:
    """A learning rate that changes, asked for its first twelve steps."""

    name: str
    spec: Spec
    steps: int = 12


EXPONENTIAL = layer("ExponentialDecay", initial_learning_rate=0.1, decay_steps=4, decay_rate=0.5)
COSINE = layer("CosineDecay", initial_learning_rate=0.1, decay_steps=8, alpha=0.1)
PIECEWISE = layer("PiecewiseConstantDecay", boundaries=[3, 6], values=[0.1, 0.01, 0.001])

SCHEDULES = [
    ScheduleCase("exponential", EXPONENTIAL),
    ScheduleCase(
        "exponential-staircase",
        replace(EXPONENTIAL, options={**EXPONENTIAL.options, "staircase": True}),
    ),
    ScheduleCase("cosine", COSINE),
    ScheduleCase(
        "cosine-warmup",
        layer(
            "CosineDecay",
            initial_learning_rate=0.01,
            decay_steps=5,
            warmup_target=0.1,
            warmup_steps=4,
        ),
    ),
    ScheduleCase("piecewise", PIECEWISE),
]


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


OPTIMIZERS = [
    OptimizerCase("sgd", "SGD", {"learning_rate": 0.1}),
    OptimizerCase("sgd-momentum", "SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    OptimizerCase("sgd-nesterov", "SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    OptimizerCase("rmsprop", "RMSprop", {"learning_rate": 1e-3}),
    OptimizerCase("rmsprop-options", "RMSprop", {"learning_rate": 0.1, "rho": 0.5, "epsilon": 0.1}),
    OptimizerCase("rmsprop-momentum", "RMSprop", {"learning_rate": 1e-3, "momentum": 0.9}),
    OptimizerCase("rmsprop-centered", "RMSprop", {"learning_rate": 1e-3, "centered": True}),
    OptimizerCase("adam", "Adam", {"learning_rate": 1e-3}),
    OptimizerCase(
        "adam-options",
        "Adam",
        {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.1},
    ),
    OptimizerCase("adamw", "AdamW", {"learning_rate": 1e-3}),
    OptimizerCase("adamw-decay", "AdamW", {"learning_rate": 0.1, "weight_decay": 0.2}),
    OptimizerCase("sgd-exponential", "SGD", {}, EXPONENTIAL),
    OptimizerCase("sgd-cosine", "SGD", {}, COSINE),
    OptimizerCase("sgd-piecewise", "SGD", {}, PIECEWISE),
    OptimizerCase("momentum-piecewise", "SGD", {"momentum": 0.9}, PIECEWISE),
    OptimizerCase("rmsprop-exponential", "RMSprop", {}, EXPONENTIAL),
    OptimizerCase("adam-cosine", "Adam", {}, COSINE),
    OptimizerCase("adamw-piecewise", "AdamW", {"weight_decay": 0.2}, PIECEWISE),
]

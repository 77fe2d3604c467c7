"""What is compared: tables of cases, shared by all sides, that import no framework.

A layer is described, not built: ``layer("MaxPool2D", pool_size=2)``. Each side
(``keras_side``, ``torch_side``, ``minicnn_side``) builds it in words of its own.
"""

from tests.parity.cases.layers import LAYERS, LayerCase
from tests.parity.cases.losses import LOSSES, LOSSES_OF_LOGITS, LossCase
from tests.parity.cases.metrics import METRICS, MetricCase
from tests.parity.cases.networks import NETWORKS, NetworkCase
from tests.parity.cases.optimizers import OPTIMIZERS, SCHEDULES, OptimizerCase, ScheduleCase
from tests.parity.cases.spec import Spec

__all__ = [
    "LAYERS",
    "LOSSES",
    "LOSSES_OF_LOGITS",
    "METRICS",
    "NETWORKS",
    "OPTIMIZERS",
    "SCHEDULES",
    "LayerCase",
    "LossCase",
    "MetricCase",
    "NetworkCase",
    "OptimizerCase",
    "ScheduleCase",
    "Spec",
]

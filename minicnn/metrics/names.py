"""``metrics=["accuracy"]``: the metrics by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from minicnn.errors import ConfigError
from minicnn.metrics import distance
from minicnn.metrics.counted import FIGURES, Auc, FromTable, Metric
from minicnn.metrics.distance import Distance
from minicnn.metrics.top_k import TopK

BY_NAME: dict[str, Callable[[], Metric]] = {
    **{name: partial(FromTable, name, figure) for name, figure in FIGURES.items()},
    "auc": Auc,
    "top_k": TopK,
    **{name: partial(Distance, name) for name in distance.FIGURES},
}


def get(metric: str | Metric) -> Metric:
    """The metric of this name, or the metric itself."""
    if isinstance(metric, Metric):
        return metric
    if not isinstance(metric, str) or metric not in BY_NAME:
        raise ConfigError(
            f"expected a metric from {', '.join(BY_NAME)} or a Metric, got {metric!r}"
        )
    return BY_NAME[metric]()

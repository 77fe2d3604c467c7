"""For those who write layers, losses, optimizers, backends: the suites of our own.

    from minicnn.testing import check_layer

    def test_my_layer():
        check_layer(lambda: MyLayer(3), input_shape=(8, 8, 2))

``check_layer``, ``check_loss``, ``check_optimizer`` and ``check_backend`` prove one property after
another on random inputs, and raise a :class:`~minicnn.ConformanceError` or
:class:`~minicnn.GradientError` that says which promise is broken and how.
``minicnn.testing.strategies`` has hypothesis strategies for shapes, windows and layers (it needs
hypothesis, and is loaded only when asked for).
"""

from minicnn.testing.check_backend import check_backend
from minicnn.testing.check_layer import check_layer
from minicnn.testing.check_loss import check_loss
from minicnn.testing.check_optimizer import check_optimizer
from minicnn.testing.promises import ConformanceReport
from minicnn.testing.properties import PROPERTIES

__all__ = [
    "PROPERTIES",
    "ConformanceReport",
    "check_backend",
    "check_layer",
    "check_loss",
    "check_optimizer",
]

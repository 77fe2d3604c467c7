"""For those who write layers: the suite that every layer of minicnn passes, for yours (floor 9).

    from minicnn.testing import check_layer

    def test_my_layer():
        check_layer(lambda: MyLayer(3), input_shape=(8, 8, 2))

``check_layer`` proves one property after another on random inputs, and raises a
:class:`~minicnn.ConformanceError` or :class:`~minicnn.GradientError` that says which promise is
broken and how. ``minicnn.testing.strategies`` has hypothesis strategies for shapes, windows and
layers (it needs hypothesis, and is loaded only when asked for).
"""

from minicnn.testing.check_layer import ConformanceReport, check_layer
from minicnn.testing.properties import PROPERTIES

__all__ = ["PROPERTIES", "ConformanceReport", "check_layer"]

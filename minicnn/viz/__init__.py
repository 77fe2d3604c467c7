"""Pictures of training and of what a network gets wrong (floor 8).

Every function returns a matplotlib figure; ``figure.savefig("curves.png")`` keeps it. matplotlib
is the extra ``plots``, and is loaded only when a figure is drawn.
"""

from minicnn.viz.confusion import confusion
from minicnn.viz.curves import curves
from minicnn.viz.learning_rates import learning_rates
from minicnn.viz.mistakes import mistakes

__all__ = ["confusion", "curves", "learning_rates", "mistakes"]

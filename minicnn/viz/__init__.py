"""Pictures of training, of what a network sees, and of what it gets wrong.

Every function returns a matplotlib figure; ``figure.savefig("curves.png")`` keeps it. matplotlib
is the extra ``plots``, and is loaded only when a figure is drawn. The numbers behind the
figures need none of it: ``mc.metrics``, ``mc.explain``, ``model.layer_outputs``.
"""

from minicnn.viz.augmentation import augmentation
from minicnn.viz.average_colour import average_colour, colour_clouds
from minicnn.viz.calibration import calibration
from minicnn.viz.confusion import confusion
from minicnn.viz.curves import curves
from minicnn.viz.diagram import diagram
from minicnn.viz.evidence import evidence
from minicnn.viz.exciting import exciting
from minicnn.viz.feature_maps import feature_maps
from minicnn.viz.filters import filters
from minicnn.viz.gradient_flow import gradient_flow
from minicnn.viz.invariance import invariance
from minicnn.viz.learning_rates import learning_rates
from minicnn.viz.mistakes import least_sure, mistakes
from minicnn.viz.nuisances import nuisances
from minicnn.viz.thresholds import precision_recall, roc

__all__ = [
    "augmentation",
    "average_colour",
    "calibration",
    "colour_clouds",
    "confusion",
    "curves",
    "diagram",
    "evidence",
    "exciting",
    "feature_maps",
    "filters",
    "gradient_flow",
    "invariance",
    "learning_rates",
    "least_sure",
    "mistakes",
    "nuisances",
    "precision_recall",
    "roc",
]

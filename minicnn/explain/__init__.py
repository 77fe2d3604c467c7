"""Why a network answers as it does, as NumPy arrays; ``mc.viz`` draws them.

Everything is said of a *score*, what the network gives before its last sigmoid or softmax. A
network with one output has two classes: the score of class 1 is that output, and of class 0
its opposite. Samples come in batches, as uint8 or floats, as everywhere.
"""

from minicnn.explain.excitement import Excitement, most_exciting
from minicnn.explain.gradcam import gradcam
from minicnn.explain.invariance import Movement, invariance
from minicnn.explain.occlusion import occlusion
from minicnn.explain.saliency import input_gradient, saliency
from minicnn.explain.scores import Scores, score_gradients

__all__ = [
    "Excitement",
    "Movement",
    "Scores",
    "gradcam",
    "input_gradient",
    "invariance",
    "most_exciting",
    "occlusion",
    "saliency",
    "score_gradients",
]

"""Figures as pixels, for tests that look at them."""

import io

import numpy as np


def rendered(figure, dpi=60):
    """The figure as pixels."""
    from PIL import Image

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi, facecolor="white")
    return np.asarray(Image.open(file).convert("RGB")).astype(int)

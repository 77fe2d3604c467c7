"""What is used of Pillow, or one sentence that says it is missing.

Pillow is installed with minicnn. Where packages are installed one by one, as in a browser, a model
of numbers trains without it, and whoever asks for a picture is told.
"""

from minicnn.errors import MissingPackageError

try:
    from PIL import Image, ImageChops, ImageDraw, UnidentifiedImageError
    from PIL import __version__ as version
except ModuleNotFoundError as error:
    raise MissingPackageError(
        "expected Pillow for pictures, got none; install the package pillow"
    ) from error

__all__ = ["Image", "ImageChops", "ImageDraw", "UnidentifiedImageError", "version"]

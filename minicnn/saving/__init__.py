"""Weights out, and back in again.

``atomic``: a file that is whole or not there. ``tensor_file``: arrays in the safetensors format.
``sealed``: a document and its arrays in one such file. ``plain``: what can stand in a document.
``json_text``: JSON that anyone may have written. ``architecture``: layers as plain data, rebuilt
from a whitelist. ``weights``: every array of a network by its path. ``meaning``: what its inputs
and outputs stand for. ``model_file``: all of it together. Nothing here is ever executed.
"""

from minicnn.saving.architecture import describe
from minicnn.saving.atomic import given_path, write_whole
from minicnn.saving.model_file import ModelFile
from minicnn.saving.weights import copy_into, slots

__all__ = ["ModelFile", "copy_into", "describe", "given_path", "slots", "write_whole"]

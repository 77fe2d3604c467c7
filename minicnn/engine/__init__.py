"""The machinery that runs a network over a batch (floor 3)."""

from minicnn.engine.engine import Engine
from minicnn.engine.inputs import dtype_of, floats
from minicnn.engine.link import Link, link
from minicnn.engine.options import EngineOptions, engine_options
from minicnn.engine.plain import PlainEngine
from minicnn.engine.threads import get_threads, set_threads

__all__ = [
    "Engine",
    "EngineOptions",
    "Link",
    "PlainEngine",
    "dtype_of",
    "engine_options",
    "floats",
    "get_threads",
    "link",
    "set_threads",
]

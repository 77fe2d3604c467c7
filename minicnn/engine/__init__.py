"""The machinery that runs a network over a batch. ``Engine`` is its door."""

from minicnn.engine.engine import Engine
from minicnn.engine.machine.threads import get_threads, set_threads
from minicnn.engine.options import EngineOptions, engine_options
from minicnn.engine.plain import PlainEngine
from minicnn.engine.stopwatch import Stopwatch, stopwatch

__all__ = [
    "Engine",
    "EngineOptions",
    "PlainEngine",
    "Stopwatch",
    "engine_options",
    "get_threads",
    "set_threads",
    "stopwatch",
]

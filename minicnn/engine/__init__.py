"""The machinery that runs a network over a batch."""

from minicnn.engine.engine import Engine
from minicnn.engine.inputs import dtype_of, floats
from minicnn.engine.link import Link, link, up_to_scores
from minicnn.engine.machine.threads import get_threads, set_threads
from minicnn.engine.options import EngineOptions, engine_options
from minicnn.engine.plain import PlainEngine
from minicnn.engine.stopwatch import Stopwatch, stopwatch
from minicnn.engine.taps import Tapped, tap

__all__ = [
    "Engine",
    "EngineOptions",
    "Link",
    "PlainEngine",
    "Stopwatch",
    "Tapped",
    "dtype_of",
    "engine_options",
    "floats",
    "get_threads",
    "link",
    "set_threads",
    "stopwatch",
    "tap",
    "up_to_scores",
]

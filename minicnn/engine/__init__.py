"""The machinery that runs a network over a batch. ``Engine`` is its door.

    engine.py, plain.py   the door, and the plain loop that defines what comes out
    options.py            switches, for tests and measurements
    stopwatch.py          where the time goes, layer by layer
    planner/              from layers to a plan: which go together, which go block by block
    parts/                what steps do: any layer, and faster ways for some
    plan/                 steps and the two walks; what goes through them
    products/             products of matrices: windows as strips, maps as lines
    update/               gradients on their way to the caller, or into the optimizer's step
    memory/               buffers that stay, and recordings of what was done on them
    machine/              threads, and BLAS held at one

The words:

    plan        a network as a list of steps over numbered values
    step        a part, and the numbers of the values that it reads; it makes the next value
    part        does the work of a layer, or of a few in a row; it keeps nothing of a batch
    block       some consecutive samples of a batch, few enough for the core's cache
    segment     a part with a plan of its own, which takes a batch block by block
    arena       the memory of one batch, from its forward pass to its backward pass
    workspace   where one job is done: buffers for a moment, and NumPy, or a recorder
    recording   NumPy's operations on arrays that stay, repeated for the next batch
    strip       what a column of a convolution's windows sees, in which they overlap in memory
    plane       a convolution's results at one cell of the pool's windows
"""

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

"""The room of the arrays: the only one that imports cupy.

The arrays decide the backend: ``ops_for(x)`` gives the operations for the module that ``x``
belongs to. ``use_backend`` only says where *new* arrays are made.
"""

from minicnn.backends.device_ops import DeviceOps
from minicnn.backends.memory import room_for_a_batch
from minicnn.backends.ops import Ops
from minicnn.backends.registry import (
    are_numpys,
    current_ops,
    ops_for,
    register_backend,
    to_numpy,
    use_backend,
)
from minicnn.backends.window import Padding, Window, pair

__all__ = [
    "DeviceOps",
    "Ops",
    "Padding",
    "Window",
    "are_numpys",
    "current_ops",
    "ops_for",
    "pair",
    "register_backend",
    "room_for_a_batch",
    "to_numpy",
    "use_backend",
]

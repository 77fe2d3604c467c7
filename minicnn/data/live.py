"""Whether a display that moves can be drawn: decided here, for every bar there is.

rich draws it, from a thread of its own. In a browser's Python there is neither, as a rule, and
plain lines say the same.
"""

from __future__ import annotations

from importlib.util import find_spec

from minicnn.cores import can_start_threads


def can_draw_live() -> bool:
    """Whether rich is there, and threads for it."""
    return find_spec("rich") is not None and can_start_threads()

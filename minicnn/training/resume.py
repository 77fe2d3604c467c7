"""``fit(..., resume=...)``: which file to go on from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from minicnn.errors import ConfigError
from minicnn.layers import Layer
from minicnn.training.callback import Callback
from minicnn.training.callbacks import ModelCheckpoint
from minicnn.training.checkpoint import Checkpoint


def checkpoint_to_resume(
    resume: str | os.PathLike[str] | bool | None, callbacks: Sequence[Callback], network: Layer
) -> Checkpoint | None:
    """The checkpoint at this path; with ``True``, the one that the callbacks write, if any yet."""
    if resume is None or resume is False:
        return None
    path = _only_file_of(callbacks) if resume is True else resume
    if resume is True and not Path(path).exists():
        return None
    checkpoint = Checkpoint(path)
    checkpoint.check_network(network)
    return checkpoint


def _only_file_of(callbacks: Sequence[Callback]) -> str:
    written = [c.path for c in callbacks if isinstance(c, ModelCheckpoint) and c.save == "last"]
    if not written or "{epoch}" in written[0]:
        raise ConfigError(
            'resume=True: expected a callback ModelCheckpoint(path, save="last") with one file, '
            f"got {written[0] if written else 'none'}; or name the file: resume='run.ckpt'"
        )
    return written[0]

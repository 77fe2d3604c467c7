"""``fit(..., resume=...)``: which file to go on from (floor 5)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from minicnn.errors import ConfigError
from minicnn.training.callback import Callback
from minicnn.training.callbacks import ModelCheckpoint
from minicnn.training.checkpoint import Checkpoint


def checkpoint_to_resume(
    resume: str | os.PathLike[str] | bool | None, callbacks: Sequence[Callback]
) -> Checkpoint | None:
    """The checkpoint at this path; with ``True``, the one that the callbacks write, if any yet."""
    if resume is None or resume is False:
        return None
    if resume is not True:
        return Checkpoint(resume)
    written = [c.path for c in callbacks if isinstance(c, ModelCheckpoint) and c.save == "last"]
    if not written or "{epoch}" in written[0]:
        raise ConfigError(
            'resume=True: expected a callback ModelCheckpoint(path, save="last") with one file, '
            f"got {written[0] if written else 'none'}; or name the file: resume='run.ckpt'"
        )
    return Checkpoint(written[0]) if Path(written[0]).exists() else None

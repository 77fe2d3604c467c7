"""A document and its arrays in one safetensors file, with a seal over both.

Any program that knows safetensors can read the weights, and reading runs nothing
(``tensor_file``). The document is JSON in the header's metadata, under the one key ``minicnn``.
Its ``digest`` covers the rest of the document and every array, so a file
that was damaged or cut is never taken for another model.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.errors import SavingError
from minicnn.saving import json_text, tensor_file
from minicnn.saving.atomic import given_path, shown, write_whole
from minicnn.typing import Array

KEY = "minicnn"
FORMAT = 1
Document = dict[str, Any]


def write(path: str | os.PathLike[str], document: Document, arrays: Mapping[str, Array]) -> None:
    """Put the document and the arrays into one file that is whole or not there."""
    arrays = {name: np.array(a, order="C", copy=None) for name, a in arrays.items()}
    document = {"format": FORMAT, **document}
    sealed = json.dumps({"digest": _digest(document, arrays), **document})
    json_text.check_depth(sealed)
    write_whole(path, tensor_file.to_bytes(arrays, {KEY: sealed}))


def read(path: str | os.PathLike[str]) -> tuple[Document, dict[str, Array]]:
    """The document and the arrays of a file that ``write`` has written, and nobody since."""
    path = given_path(path)
    if (instead := _instead(path)) is not None:
        raise SavingError(f"{shown(path)}: expected a file saved by minicnn, got {instead}")
    try:
        with path.open("rb") as file:
            metadata, arrays = tensor_file.read(file)
    except SavingError as error:
        raise _unreadable(path, f"one damaged, cut off or of another kind ({error})") from error
    except (OSError, MemoryError) as error:
        raise _unreadable(path, f"one that cannot be read ({error})") from error
    text = metadata.get(KEY)
    if text is None:
        raise _unreadable(path, "one with arrays that another program wrote")
    try:
        document = json_text.parse(text)
        digest = document.pop("digest")
        form = document["format"]
        intact = digest == _digest(document, arrays)
    except (SavingError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unreadable(path, f"one whose description makes no sense ({error!r})") from error
    if form != FORMAT:
        raise SavingError(
            f"{path}: expected a file of format {FORMAT}, got format {form!r}, written by minicnn "
            f"{document.get('minicnn')}; load it with that version"
        )
    if not intact:
        raise _unreadable(path, "one damaged, or changed after it was saved")
    return document, arrays


def _instead(path: Path) -> str | None:
    """What is at the path if it is no file."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "no such file"
    except OSError as error:
        return f"none ({error.strerror or error})"
    return None if stat.S_ISREG(mode) else "a folder" if stat.S_ISDIR(mode) else "a pipe or device"


def _unreadable(path: Path, why: str) -> SavingError:
    return SavingError(
        f"{path}: expected a file saved by minicnn, got {why}; use another copy, or save it anew"
    )


def _digest(document: Document, arrays: Mapping[str, Array]) -> str:
    """A fingerprint of everything: the document, and each array's name, type, shape, bytes."""
    seal = hashlib.blake2b(digest_size=16)
    seal.update(json.dumps(document, sort_keys=True).encode())
    for name in sorted(arrays):
        a = arrays[name]
        seal.update(repr((name, a.dtype.str, a.shape)).encode())
        seal.update(np.ascontiguousarray(a).data)
    return seal.hexdigest()

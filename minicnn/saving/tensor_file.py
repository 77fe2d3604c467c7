"""Arrays and texts in one file, in the safetensors format, written out here.

The format is so plain that it needs no package, and so works where none can be compiled::

    8 bytes   how long the header is, little-endian
    header    JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
              and, perhaps, "__metadata__": texts by name; spaces fill it up to a multiple of 8
    data      the arrays' bytes, one after another; the offsets count from here

Reading runs nothing. A header is believed only if its arrays fill the data from the first byte to
the last, without a gap or an overlap: so no array is larger than the file, whatever a header says.

>>> content = to_bytes({"W": np.ones((2, 3), np.float32)}, {"by": "me"})
>>> read(io.BytesIO(content))
({'by': 'me'}, {'W': array([[1., 1., 1.], [1., 1., 1.]], dtype=float32)})
"""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Mapping
from reprlib import repr as short
from typing import Any, NamedTuple, NoReturn

import numpy as np

from minicnn.errors import SavingError
from minicnn.saving import json_text
from minicnn.typing import Array, Shape

METADATA = "__metadata__"
LARGEST_HEADER = 100_000_000  # bytes, as the format says
MOST_AXES = 64  # that NumPy has
# Arrays lie in this order, and by name within a type: each begins at a multiple of its own size.
DTYPES = {
    name: np.dtype(of)
    for name, of in {
        "U64": "<u8", "I64": "<i8", "F64": "<f8", "F32": "<f4", "U32": "<u4", "I32": "<i4",
        "F16": "<f2", "U16": "<u2", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?",
    }.items()
}  # fmt: skip
NAMES = {dtype: name for name, dtype in DTYPES.items()}
ORDER = list(DTYPES)


class Entry(NamedTuple):
    """An array as the header describes it."""

    name: str
    dtype: np.dtype[Any]
    shape: Shape
    begin: int
    end: int


# ---- writing -----------------------------------------------------------------------------------


def to_bytes(arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """A whole file. Equal arrays and texts make equal bytes, in whatever order they come."""
    ready = [(name, _type_of(name, a), _little_endian(a)) for name, a in arrays.items()]
    ready.sort(key=lambda each: (ORDER.index(each[1]), each[0]))
    header: dict[str, Any] = {METADATA: dict(metadata)} if metadata is not None else {}
    end = 0
    for name, dtype, a in ready:
        begin, end = end, end + a.nbytes
        header[name] = {"dtype": dtype, "shape": list(a.shape), "data_offsets": [begin, end]}
    text = _json(header)
    if len(text) > LARGEST_HEADER:
        raise SavingError(
            f"expected a description of at most {LARGEST_HEADER:,} bytes, got {len(text):,}; keep "
            f"long lists as arrays"
        )
    return b"".join([len(text).to_bytes(8, "little"), text, *(a.data for _, _, a in ready)])


def _json(header: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise SavingError(f"expected a name that can be written as UTF-8, got: {error}") from error
    return text + b" " * (-len(text) % 8)


def _type_of(name: str, a: Array) -> str:
    if name == METADATA:
        raise SavingError(f"expected an array called otherwise, got {name!r}; rename it")
    dtype = a.dtype.newbyteorder("<")
    if dtype not in NAMES:
        raise SavingError(f"{name}: expected one of {', '.join(NAMES.values())}, got {a.dtype}")
    return NAMES[dtype]


def _little_endian(a: Array) -> Array:
    return np.array(a, a.dtype.newbyteorder("<"), order="C", copy=None)


# ---- reading -----------------------------------------------------------------------------------


def read(file: io.BufferedIOBase) -> tuple[dict[str, str], dict[str, Array]]:
    """The texts and the arrays of a file, each array in memory of its own."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(size - 8, LARGEST_HEADER):
        _refuse(f"a header of {length:,} bytes in a file of {size:,}")
    metadata, entries = _parse(file.read(length))
    _check_places(entries, size - 8 - length)
    return metadata, {entry.name: _array(file, entry) for entry in entries}


def _parse(header: bytes) -> tuple[dict[str, str], list[Entry]]:
    try:
        described = json_text.parse(
            header.decode(), object_pairs_hook=_without_doubles, parse_constant=_refuse
        )
    except ValueError as error:  # UnicodeDecodeError is one too
        raise SavingError(f"expected a header in JSON, got: {error}") from error
    if not isinstance(described, dict):
        _refuse(f"a header that is a {type(described).__name__}")
    metadata = described.pop(METADATA, {})
    if not (isinstance(metadata, dict) and all(type(text) is str for text in metadata.values())):
        _refuse(f"{METADATA} that holds more than texts")
    entries = [_entry(name, each) for name, each in described.items()]
    return metadata, sorted(entries, key=lambda entry: (entry.begin, entry.end))


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        _refuse("a name that stands twice in the header")
    return made


def _entry(name: str, described: Any) -> Entry:
    if not (isinstance(described, dict) and set(described) == {"dtype", "shape", "data_offsets"}):
        _refuse(f"{short(name)} without just a dtype, a shape and its offsets")
    dtype, shape, offsets = (described[key] for key in ("dtype", "shape", "data_offsets"))
    if not (isinstance(dtype, str) and dtype in DTYPES):
        _refuse(f"{short(name)} of type {short(dtype)}, which is none of {', '.join(DTYPES)}")
    if not (_are_counts(shape) and len(shape) <= MOST_AXES):
        _refuse(f"{short(name)} of shape {short(shape)}")
    if not (_are_counts(offsets) and len(offsets) == 2):
        _refuse(f"{short(name)} at {short(offsets)}")
    return Entry(name, DTYPES[dtype], tuple(shape), *offsets)


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(v) is int and v >= 0 for v in values)


def _check_places(entries: list[Entry], size: int) -> None:
    """The arrays must fill the data, one after another, each as long as its shape says."""
    place = 0
    for entry in entries:
        if entry.begin != place or entry.end < entry.begin:
            _refuse(f"{short(entry.name)} from {entry.begin} to {entry.end}, after byte {place}")
        place = entry.end
        needs = math.prod(entry.shape) * entry.dtype.itemsize
        if needs != entry.end - entry.begin:
            _refuse(f"{entry.end - entry.begin} bytes for {short(entry.name)}, not {needs}")
    if place != size:
        _refuse(f"arrays of {place:,} bytes in all, and {size:,} bytes of data")


def _array(file: io.BufferedIOBase, entry: Entry) -> Array:
    try:
        array = np.empty(entry.shape, entry.dtype)
    except ValueError as error:  # no bytes, but sides or axes beyond what NumPy counts
        raise SavingError(f"expected a shape that NumPy can have, got: {error}") from error
    if file.readinto(array.reshape(-1).view(np.uint8).data) != array.nbytes:
        _refuse(f"one that ends within {short(entry.name)}")
    native: Array = array.astype(entry.dtype.newbyteorder("="), copy=False)
    return native


def _refuse(got: str) -> NoReturn:
    raise SavingError(f"expected a safetensors file that is whole, got {got}")

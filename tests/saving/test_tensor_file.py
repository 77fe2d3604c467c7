"""Our safetensors files: the official package's, byte for byte; and no lie in a header is believed.

What is compared with that package is left out where it cannot be had: a browser.
"""

from __future__ import annotations

import io
import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import minicnn as mc
from minicnn.saving import tensor_file

Arrays = dict[str, np.ndarray[Any, Any]]

DTYPES = st.sampled_from([dtype.newbyteorder("=") for dtype in tensor_file.DTYPES.values()])
SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
NAMES = st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda n: n != "__metadata__")
ARRAYS = st.dictionaries(NAMES, DTYPES.flatmap(lambda d: npst.arrays(d, SHAPES)), max_size=5)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
# Of several texts, the official package picks an order.
METADATA = st.none() | st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=1)


def read(content: bytes) -> tuple[dict[str, str], Arrays]:
    return tensor_file.read(io.BytesIO(content))


def same(a: Arrays, b: Arrays) -> None:
    assert set(a) == set(b)
    for name in a:
        assert (a[name].dtype, a[name].shape) == (b[name].dtype, b[name].shape)
        assert a[name].tobytes() == b[name].tobytes()


@given(ARRAYS, METADATA)
def test_there_and_back(arrays: Arrays, metadata: dict[str, str] | None) -> None:
    """Scalars, empty arrays, NaN, every type; and the order in which they come says nothing."""
    content = tensor_file.to_bytes(arrays, metadata)
    texts, back = read(content)
    assert texts == (metadata or {})
    same(back, arrays)
    assert content == tensor_file.to_bytes(dict(reversed(arrays.items())), metadata)
    assert all(
        a.flags.c_contiguous and a.flags.aligned and a.flags.writeable for a in back.values()
    )


@given(ARRAYS)
def test_views_and_foreign_byte_orders_are_written_as_what_they_hold(arrays: Arrays) -> None:
    turned = {name: a.T.astype(a.dtype.newbyteorder(">")) for name, a in arrays.items()}
    strided = {
        name: np.repeat(a.reshape(-1), 2)[::2].reshape(a.shape) for name, a in arrays.items()
    }
    content = tensor_file.to_bytes({name: a.T for name, a in turned.items()})
    assert content == tensor_file.to_bytes(arrays) == tensor_file.to_bytes(strided)


@given(ARRAYS)
def test_every_array_begins_at_a_multiple_of_its_numbers_size(arrays: Arrays) -> None:
    content = tensor_file.to_bytes(arrays)
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    for described in json.loads(content[8 : 8 + length]).values():
        assert described["data_offsets"][0] % tensor_file.DTYPES[described["dtype"]].itemsize == 0


# ---- beside the official package -------------------------------------------------------------


@pytest.fixture(scope="module")
def official() -> Any:
    return pytest.importorskip("safetensors.numpy", reason="there is no safetensors here")


@given(arrays=ARRAYS, metadata=METADATA)
def test_the_official_package_writes_the_same_bytes(
    official: Any, arrays: Arrays, metadata: dict[str, str] | None
) -> None:
    content = tensor_file.to_bytes(arrays, metadata)
    assert content == official.save({name: a.copy() for name, a in arrays.items()}, metadata)
    same(official.load(content), arrays)


@given(arrays=ARRAYS, data=st.data())
def test_what_we_take_the_official_package_takes_too_and_reads_the_same(
    official: Any, arrays: Arrays, data: st.DataObject
) -> None:
    """Bytes changed, put in and cut out, most of them in the header, where they do the most."""
    content = bytearray(tensor_file.to_bytes(arrays, {"k": "v"}))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)) | st.integers(0, min(200, len(content))))
        end = min(start + data.draw(st.integers(0, 2)), len(content))
        content[start:end] = data.draw(
            st.binary(max_size=2) | st.sampled_from([b"0", b"-1", b"9", b'"', b",", b"[", b" "])
        )
    try:
        _, ours = read(bytes(content))
    except mc.SavingError:
        return
    same(ours, official.load(bytes(content)))


# ---- lies ------------------------------------------------------------------------------------


def file_of(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def two(**changes: Any) -> dict[str, Any]:
    """A right header of two arrays, of 8 bytes each, but for what is changed in the second."""
    first = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    return {"a": first, "b": {**first, "data_offsets": [8, 16], **changes}}


SIXTEEN = bytes(16)
LIES: dict[str, bytes] = {
    "nothing": b"",
    "seven bytes": b"\x00" * 7,
    "a header of no bytes": file_of(b""),
    "a header longer than the file": file_of({}, length=3),
    "a header of 2 to the 63": file_of({}, length=2**63),
    "a header that ends too early": file_of(two(), SIXTEEN, length=20),
    "a header that is a list": file_of([]),
    "a header that is a number": file_of(3),
    "a header that is not UTF-8": file_of(b'{"\xff":1}'),
    "a header in UTF-16": file_of("{}".encode("utf-16")),
    "a header with a byte order mark": file_of(b"\xef\xbb\xbf{}"),
    "a header nested too deep": file_of(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "a number too long to be read": file_of(
        json.dumps(two()).replace("16", "1" * 5000).encode(), SIXTEEN
    ),
    "no number": file_of(json.dumps(two()).replace("16", "NaN").encode(), SIXTEEN),
    "one name twice": file_of(json.dumps(two()).replace('"b"', '"a"').encode(), SIXTEEN),
    "one key twice": file_of(
        json.dumps(two()).replace('"shape"', '"dtype"', 1).encode(), SIXTEEN
    ),
    "metadata that is a list": file_of({"__metadata__": []}),
    "metadata that holds a number": file_of({"__metadata__": {"a": 1}}),
    "an array that is a list": file_of({"a": []}),
    "no dtype": file_of({"a": {"shape": [], "data_offsets": [0, 0]}}),
    "a key too many": file_of(two(evil=1), SIXTEEN),
    "bfloat16": file_of(two(dtype="BF16", shape=[4]), SIXTEEN),
    "a dtype that is a list": file_of(two(dtype=["F32"]), SIXTEEN),
    "a dtype that executes": file_of(two(dtype="O"), SIXTEEN),
    "a shape that is a number": file_of(two(shape=2), SIXTEEN),
    "a side that is a text": file_of(two(shape=["2"]), SIXTEEN),
    "a side that is a float": file_of(two(shape=[2.0]), SIXTEEN),
    "a side that is true": file_of(two(shape=[2, True]), SIXTEEN),
    "two negative sides": file_of(two(shape=[-1, -2]), SIXTEEN),
    "a shape that is too large": file_of(two(shape=[3]), SIXTEEN),
    "a shape that is too small": file_of(two(shape=[1]), SIXTEEN),
    "a shape that wraps around to 2": file_of(two(shape=[2, 2**63 + 1, 2**63 + 1]), SIXTEEN),
    "a side that NumPy cannot count": file_of(
        two(shape=[0, 2**70], data_offsets=[8, 8]), bytes(8)
    ),
    "more axes than NumPy has": file_of(two(shape=[1] * 64 + [2]), SIXTEEN),
    "offsets that are three": file_of(two(data_offsets=[8, 12, 16]), SIXTEEN),
    "offsets that are negative": file_of(two(data_offsets=[-8, 0]), SIXTEEN),
    "offsets the wrong way round": file_of(two(data_offsets=[16, 8]), SIXTEEN),
    "an overlap": file_of(two(data_offsets=[4, 12]), bytes(12)),
    "the same place twice": file_of(two(data_offsets=[0, 8]), bytes(8)),
    "a gap": file_of(two(data_offsets=[12, 20]), bytes(20)),
    "a gap before the first": file_of({"b": two()["b"]}, SIXTEEN),
    "a byte too many": file_of(two(), bytes(17)),
    "a byte missing": file_of(two(), bytes(15)),
    "data without an array": file_of({}, b"x"),
    "an array far beyond the end": file_of(two(shape=[2**40], data_offsets=[8, 8 + 2**42])),
}  # fmt: skip


@pytest.mark.parametrize("content", LIES.values(), ids=LIES.keys())
def test_a_lie_is_one_error_and_costs_nothing(content: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(mc.SavingError, match=r"^expected (a|JSON) [^\n]{1,300}$"):
            read(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000 + 100 * len(content)


def test_the_truth_that_the_lies_are_beside_is_taken() -> None:
    _, arrays = read(file_of(two(), SIXTEEN))
    same(arrays, {"a": np.zeros(2, np.float32), "b": np.zeros(2, np.float32)})


@given(st.binary(max_size=60))
@example((8).to_bytes(8, "little") + b"{}      ")
def test_any_bytes_are_arrays_or_one_error(content: bytes) -> None:
    for whole in (content, file_of(content)):
        try:
            metadata, arrays = read(whole)
        except mc.SavingError:
            continue
        assert read(tensor_file.to_bytes(arrays, metadata)) == (metadata, arrays) == (metadata, {})


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros(2, np.complex64), "x: expected one of .*F32.*, got complex64"),
        (np.array(["a"]), "got <U1"),
        (np.array([None]), "got object"),
    ],
)
def test_an_array_that_the_file_could_not_hold(array: Any, says: str) -> None:
    with pytest.raises(mc.SavingError, match=says):
        tensor_file.to_bytes({"x": array})


def test_a_file_that_could_not_be_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensor_file, "LARGEST_HEADER", 100)
    with pytest.raises(mc.SavingError, match="expected a description of at most 100 bytes, got"):
        tensor_file.to_bytes({}, {"k": "v" * 100})
    with pytest.raises(mc.SavingError, match="expected an array called otherwise"):
        tensor_file.to_bytes({"__metadata__": np.zeros(2)})
    with pytest.raises(mc.SavingError, match="a name that can be written"):
        tensor_file.to_bytes({"\ud800": np.zeros(2)})


def test_a_file_that_is_cut_while_it_is_read() -> None:
    class Shrinking(io.BytesIO):
        def readinto(self, buffer: Any) -> int:
            self.truncate(len(self.getvalue()) - 1)
            return super().readinto(buffer)

    with pytest.raises(mc.SavingError, match="one that ends within 'x'"):
        tensor_file.read(Shrinking(tensor_file.to_bytes({"x": np.ones(3)})))

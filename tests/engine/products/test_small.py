"""Products in chunks: the same product, and nothing left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.engine import engine_options
from minicnn.engine.memory.recording import Workspace
from minicnn.engine.products.small import (
    NARROW,
    SMALL,
    cut,
    cut_transposed,
    in_chunks,
    times,
    transposed_times,
    whole,
)

rows, sides = st.integers(1, 50_000), st.integers(1, 512)


@given(rows, sides, sides)
def test_chunks_and_parts_cover_the_product(n, K, F):
    chunks, height, parts = cut(n, K, F)
    assert n <= chunks * height < n + chunks
    assert F % parts == 0
    assert parts == 1 or F // parts >= NARROW
    assert chunks == 1 or height * K * (F // parts) <= SMALL
    assert whole(K, F) == (cut(10**9, K, F)[0] == 1)


@given(rows, sides, sides)
def test_so_do_those_of_a_transposed_product(n, K, F):
    chunks, height = cut_transposed(n, K, F)
    assert n <= chunks * height < n + chunks


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("n", [1, 64, 4096, 9973])
def test_products_in_chunks_are_the_product(n, small):
    rng = np.random.default_rng(n)
    x, W, dy = (rng.standard_normal(s) for s in ((n, 48), (48, 32), (n, 32)))
    y, dW = np.empty((n, 32)), np.empty((48, 32))
    with engine_options(small_products=small):
        chunks = in_chunks(x, 32)
        assert (len(chunks) > 1) == (small and n == 4096)  # 9973 is a prime
        times(chunks, W, y, Workspace())
        transposed_times(chunks, dy, dW, Workspace())
    np.testing.assert_allclose(y, x @ W, rtol=0, atol=1e-12)
    np.testing.assert_allclose(dW, x.T @ dy, rtol=0, atol=1e-10)

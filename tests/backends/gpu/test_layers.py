"""Every layer keeps every promise on the CuPy backend too."""

import numpy as np
import pytest
from hypothesis import given

import minicnn as mc
from minicnn.errors import ConfigError
from minicnn.testing import PROPERTIES, check_layer
from minicnn.testing import strategies as st
from minicnn.testing.layer_table import CASES
from tests.effort import examples


@pytest.mark.parametrize("name", CASES)
def test_every_layer_keeps_every_promise(cupy_ops, name):
    make, shape = CASES[name]
    report = check_layer(make, shape)
    assert report.proven == tuple(PROPERTIES)


@given(case=st.networks())
@examples(5)
def test_networks_nested_at_will(cupy_ops, case):
    make, shape = case
    try:
        make().build(shape, np.random.default_rng(0))
    except ConfigError:
        return
    check_layer(make, shape, batch=2)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_layer_computes_what_it_does_on_numpy(cupy_ops, name, dtype):
    make, shape = CASES[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, *shape)).astype(dtype)
    results = []
    for backend in ("numpy", "cupy"):
        with mc.use_backend(backend) as ops:
            layer = make()
            layer.build(shape, np.random.default_rng(1))
            layer.astype(dtype)
            y, cache = layer.forward(ops.asarray(x), training=True)
            dy = np.random.default_rng(2).standard_normal(y.shape).astype(dtype)
            dx, grads = layer.backward(ops.asarray(dy), cache)
            found = {"y": y, "dx": dx, **grads, **layer.next_state(cache)}
            results.append({key: ops.to_numpy(a) for key, a in found.items()})
    expected, found = results
    loose = 2e-5 if dtype == np.float32 else 1e-12
    for key, e in expected.items():
        assert found[key].dtype == e.dtype, key
        np.testing.assert_allclose(found[key], e, rtol=loose, atol=loose, err_msg=key)

"""Every layer keeps every promise: the suite that users can run on their own layers."""

import inspect

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
def test_every_layer_keeps_every_promise(name):
    make, shape = CASES[name]
    report = check_layer(make, shape)
    assert report.proven == tuple(PROPERTIES)


def test_the_table_has_every_layer():
    public = {
        value
        for value in vars(mc).values()
        if inspect.isclass(value) and issubclass(value, mc.Layer) and value is not mc.Layer
    }
    assert public <= {type(make()) for make, _ in CASES.values()}


@given(st.convolutions())
@examples(15)
def test_convolutions_with_any_options(case):
    make, shape = case
    check_layer(make, shape, batch=2)


@given(st.pools())
@examples(10)
def test_pools_with_any_options(case):
    make, shape = case
    check_layer(make, shape, batch=2)


@given(st.networks())
@examples(10)
def test_networks_nested_at_will(case):
    make, shape = case
    try:
        make().build(shape, np.random.default_rng(0))
    except ConfigError:
        return
    check_layer(make, shape, batch=2)

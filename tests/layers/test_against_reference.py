"""Each layer that the reference knows, forward and backward, against its loops."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.backends import Window, reference
from minicnn.errors import ConfigError
from minicnn.layers import activations
from tests.strategies import arrays, assert_agrees, dtypes, many, pairs, seeds, untouched, windows


def built(layer, shape, seed, dtype):
    """The layer with all parameters at random: zeros and ones would hide mistakes."""
    rng = np.random.default_rng(seed)
    layer.build(shape, rng)
    for key, p in layer.params.items():
        layer.params[key] = rng.standard_normal(p.shape).astype(dtype)
    return layer


def there_and_back(layer, x, dy, training=False):
    with untouched(x, dy, *layer.params.values(), *layer.state.values()):
        y, cache = layer.forward(x, training)
        dx, grads = layer.backward(dy, cache)
    return y, dx, grads


@many
@given(
    data=st.data(),
    window=windows(),
    groups=st.integers(1, 3),
    use_bias=st.booleans(),
    dtype=dtypes,
    seed=seeds,
)
def test_conv2d(data, window, groups, use_bias, dtype, seed):
    per_group, filters_per_group = data.draw(pairs(1, 2))  # 1, 1: a depthwise convolution
    N, C, F = data.draw(st.integers(1, 2)), groups * per_group, groups * filters_per_group
    layer = mc.Conv2D(
        F, window.kernel, window.strides, window.pads, window.dilation, groups, use_bias
    )
    assert built(layer, (*window.size, C), seed, dtype).output_shape == (*window.out, F)
    x = data.draw(arrays((N, *window.size, C), dtype))
    dy = data.draw(arrays((N, *window.out, F), dtype))
    y, dx, grads = there_and_back(layer, x, dy)

    W, b = layer.params["W"], layer.params.get("b")
    where = window.strides, window.pads, window.dilation, groups
    assert_agrees(y, reference.conv2d(x, W, b, *where))
    expected_dx, dW, db = reference.conv2d_backward(x, W, dy, *where)
    assert_agrees(dx, expected_dx)
    assert_agrees(grads.pop("W"), dW)
    if use_bias:
        assert_agrees(grads.pop("b"), db)
    assert not grads


@many
@given(data=st.data(), window=windows(), use_bias=st.booleans(), dtype=dtypes, seed=seeds)
def test_conv2d_transpose(data, window, use_bias, dtype, seed):
    # The map that a convolution's window leads from; what its last step leaves over is not
    # painted, so it is as large as the last window reaches.
    N, C, F = (data.draw(st.integers(1, 3)) for _ in range(3))
    layer = mc.Conv2DTranspose(
        F, window.kernel, window.strides, window.pads, window.dilation, use_bias
    )
    reach = [(k - 1) * d + 1 for k, d in zip(window.kernel, window.dilation, strict=True)]
    size = tuple(
        (out - 1) * stride + r - sum(pads)
        for out, stride, r, pads in zip(window.out, window.strides, reach, window.pads, strict=True)
    )
    assume(min(size) >= 1)
    assert built(layer, (*window.out, C), seed, dtype).output_shape == (*size, F)
    x = data.draw(arrays((N, *window.out, C), dtype))
    dy = data.draw(arrays((N, *size, F), dtype))
    y, dx, grads = there_and_back(layer, x, dy)

    W, b = layer.params["W"], layer.params.get("b")
    where = window.strides, window.pads, window.dilation
    assert_agrees(y, reference.conv2d_transpose(x, W, b, size, *where))
    expected_dx, dW, db = reference.conv2d_transpose_backward(x, W, dy, *where)
    assert_agrees(dx, expected_dx)
    assert_agrees(grads.pop("W"), dW)
    if use_bias:
        assert_agrees(grads.pop("b"), db)
    assert not grads


@many
@given(data=st.data(), window=windows(), dtype=dtypes, seed=seeds)
def test_a_transposed_convolution_is_the_adjoint_of_a_convolution(data, window, dtype, seed):
    """The inner products of conv(u) with v and of u with transposed(v) are equal."""
    C, F = data.draw(pairs(1, 3))
    where = window.kernel, window.strides, window.pads, window.dilation
    transposed = mc.Conv2DTranspose(C, *where, use_bias=False)
    reach = [(k - 1) * d + 1 for k, d in zip(window.kernel, window.dilation, strict=True)]
    steps = zip(window.out, window.strides, reach, window.pads, strict=True)
    assume(all((out - 1) * s + r > sum(pads) for out, s, r, pads in steps))
    built(transposed, (*window.out, F), seed, np.float64)
    conv = built(mc.Conv2D(F, *where, use_bias=False), transposed.output_shape, seed, np.float64)
    conv.params["W"] = transposed.params["W"]  # (KH, KW, C, F) in both: Keras's two orders
    u = data.draw(arrays((2, *transposed.output_shape), np.float64))
    v = data.draw(arrays((2, *window.out, F), np.float64))
    assert np.vdot(conv(u), v) == pytest.approx(np.vdot(u, transposed(v)), rel=1e-9, abs=1e-9)


@many
@given(
    data=st.data(),
    size=pairs(3, 6),
    strides=pairs(1, 3),
    padding=st.sampled_from(["valid", "same"]),
    multiplier=st.integers(1, 2),
    seed=seeds,
)
def test_a_separable_convolution_is_two_convolutions(
    data, size, strides, padding, multiplier, seed
):
    C, F = data.draw(pairs(1, 3))
    layer = mc.SeparableConv2D(F, 3, strides, padding, depth_multiplier=multiplier)
    built(layer, (*size, C), seed, np.float64)
    x = data.draw(arrays((2, *size, C), np.float64))
    depthwise, pointwise = layer.params["depthwise/W"], layer.params["pointwise/W"]
    window = Window.fit(size, (3, 3), strides, padding)
    each = reference.conv2d(x, depthwise, None, strides, window.pads, (1, 1), C)
    none = ((0, 0), (0, 0))
    b = layer.params["pointwise/b"]
    expected = reference.conv2d(each, pointwise, b, (1, 1), none, (1, 1), 1)
    assert_agrees(layer(x), expected)


@many
@given(data=st.data(), window=windows(pooling=True), dtype=dtypes)
def test_pools(data, window, dtype):
    N, C = data.draw(pairs(1, 3))
    x = data.draw(arrays((N, *window.size, C), dtype))
    dy = data.draw(arrays((N, *window.out, C), dtype))
    where = window.kernel, window.strides, window.pads
    shape = (*window.size, C)

    y, dx, _ = there_and_back(built(mc.MaxPool2D(*where), shape, 0, dtype), x, dy)
    expected, code = reference.maxpool(x, *where)
    assert_agrees(y, expected, exact=True)
    assert_agrees(dx, reference.maxpool_backward(dy, code, x.shape, *where))

    y, dx, _ = there_and_back(built(mc.AvgPool2D(*where), shape, 0, dtype), x, dy)
    assert_agrees(y, reference.avgpool(x, *where))
    assert_agrees(dx, reference.avgpool_backward(dy, x.shape, *where))


@pytest.mark.parametrize("kind", [mc.MaxPool2D, mc.AvgPool2D])
@pytest.mark.parametrize("padding", [2, ((0, 0), (0, 3))])
def test_a_pool_refuses_padding_that_a_window_could_get_lost_in(kind, padding):
    # The reference refuses it too: such a window has neither a largest cell nor a mean.
    with pytest.raises(ConfigError, match=r"Pool2D: expected padding smaller than the window"):
        kind(2, 1, padding).build((4, 4, 1), np.random.default_rng(0))


@many
@given(data=st.data(), size=pairs(1, 3), dtype=dtypes)
def test_global_pool_and_upsample(data, size, dtype):
    N, H, W, C = (data.draw(st.integers(1, 3)) for _ in range(4))
    x = data.draw(arrays((N, H, W, C), dtype))

    dy = data.draw(arrays((N, C), dtype))
    y, dx, _ = there_and_back(built(mc.GlobalAvgPool2D(), (H, W, C), 0, dtype), x, dy)
    assert_agrees(y, reference.global_avgpool(x))
    assert_agrees(dx, reference.global_avgpool_backward(dy, x.shape))

    x = data.draw(arrays((N, H, W, C), dtype, whole=True))  # which tie often: the first wins
    y, dx, _ = there_and_back(built(mc.GlobalMaxPool2D(), (H, W, C), 0, dtype), x, dy)
    assert_agrees(y, reference.global_maxpool(x), exact=True)
    assert_agrees(dx, reference.global_maxpool_backward(dy, x), exact=True)

    dy = data.draw(arrays((N, H * size[0], W * size[1], C), dtype))
    y, dx, _ = there_and_back(built(mc.UpSample2D(size), (H, W, C), 0, dtype), x, dy)
    assert_agrees(y, reference.upsample(x, size), exact=True)
    assert_agrees(dx, reference.upsample_backward(dy, size))


@many
@given(
    data=st.data(),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    momentum=st.floats(0, 0.99),
    epsilon=st.floats(1e-3, 1),
    seed=seeds,
)
def test_batchnorm(data, shape, momentum, epsilon, seed):
    x = data.draw(arrays((data.draw(st.integers(2, 5)), *shape), np.float64))
    layer = built(mc.BatchNorm(momentum, epsilon), shape, seed, np.float64)
    layer.astype(np.float64)
    gamma, beta = layer.params["gamma"], layer.params["beta"]

    with untouched(x, gamma, beta, *layer.state.values()):
        y, cache = layer.forward(x, training=True)
    expected, mean, var = reference.batchnorm_training(x, gamma, beta, epsilon)
    assert_agrees(y, expected)

    state = layer.next_state(cache)
    for key, new in (("mean", mean), ("var", var)):
        assert_agrees(state[key], reference.moving_average(layer.state[key], new, momentum))
    layer.set_state(state)
    expected = reference.batchnorm_inference(x, gamma, beta, state["mean"], state["var"], epsilon)
    assert_agrees(layer(x), expected)


@many
@given(data=st.data(), shape=pairs(1, 4), dtype=dtypes, scale=st.sampled_from([1, 30, 1e4]))
def test_sigmoid_and_softmax(data, shape, dtype, scale):
    x = data.draw(arrays((3, *shape), dtype)) * dtype(scale)
    assert_agrees(built(mc.Sigmoid(), shape, 0, dtype)(x), reference.sigmoid(x))
    assert_agrees(built(mc.Softmax(), shape, 0, dtype)(x), reference.softmax(x))


@many
@given(data=st.data(), shape=pairs(1, 4), dtype=dtypes, scale=st.sampled_from([1, 5, 1e4]))
@pytest.mark.parametrize("kind", ["relu6", "softplus", "silu", "gelu"])
def test_other_activations(kind, data, shape, dtype, scale):
    x = data.draw(arrays((3, *shape), dtype)) * dtype(scale)
    y = built(activations.BY_NAME[kind](), shape, 0, dtype)(x)
    assert_agrees(y, getattr(reference, kind)(x))

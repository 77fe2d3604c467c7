"""What is said of a network is true: gradients against finite differences, maps against loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn import explain
from tests.strategies import seeds

H, W, C = 7, 8, 2


def network(classes=3, activation="softmax", seed=0):
    """Smooth (no kinks to stand on), nested, with Dropout and running figures; in float64."""
    body = mc.Chain(mc.Conv2D(4, 3, padding="same", activation="tanh"), mc.BatchNorm())
    model = mc.Sequential(
        [
            mc.Conv2D(4, 3, activation="tanh"),
            mc.Residual(body),
            mc.Dropout(0.5),
            mc.AvgPool2D(2),
            mc.Flatten(),
            mc.Dense(classes, activation=activation),
        ],
        input_shape=(H, W, C),
        seed=seed,
    )
    return model.astype("float64")


def pictures(seed=0, count=2):
    return np.random.default_rng(seed).standard_normal((count, H, W, C))


def score(model, x, classes):
    """The logits, read off the probabilities; of a softmax, less a number common to all classes."""
    p = model.predict(x)
    if p.shape[1] == 1:
        return np.log(p[:, 0] / (1 - p[:, 0])) * np.where(classes == 1, 1, -1)
    return np.log(p[np.arange(len(x)), classes])


def one_output(seed=0):
    return network(1, "sigmoid", seed)


# ---- gradients -----------------------------------------------------------------------------------


@given(seeds, st.sampled_from([0, 1, None]))
def test_the_input_gradient_is_the_slope_of_the_score(seed, class_index):
    model, x = one_output(seed % 5), pictures(seed)
    found = explain.score_gradients(model, x, class_index)
    direction = pictures(seed + 1)
    h = 1e-5
    slope = (
        score(model, x + h * direction, found.classes)
        - score(model, x - h * direction, found.classes)
    ) / (2 * h)
    np.testing.assert_allclose((found.x * direction).sum(axis=(1, 2, 3)), slope, rtol=1e-5)
    np.testing.assert_allclose(found.scores, score(model, x, found.classes), rtol=1e-9)


@given(seeds, st.integers(0, 2), st.integers(0, 2))
def test_differences_of_two_classes_slope_as_the_softmax_says(seed, a, b):
    model, x, direction, h = network(seed=seed % 5), pictures(seed), pictures(seed + 1), 1e-5

    def lead(x):
        return score(model, x, [a, a]) - score(model, x, [b, b])

    slope = (lead(x + h * direction) - lead(x - h * direction)) / (2 * h)
    gradient = explain.input_gradient(model, x, a) - explain.input_gradient(model, x, b)
    found = (gradient * direction).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(found, slope, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("path", ["conv2d_1", "residual_1", "avgpool2d_1"])
def test_the_gradient_at_a_layer_is_the_slope_of_what_follows(path):
    model, x = one_output(), pictures()
    found = explain.score_gradients(model, x, 1)
    rest = model.layers[[layer.path for layer in model.layers].index(path) + 1 :]
    rest = [*rest[:-1], rest[-1].split()[0]]

    def after(y):
        for layer in rest:
            y = layer(y)
        return y[:, 0]

    y, h = found.outputs[path], 1e-5
    direction = np.random.default_rng(3).standard_normal(y.shape)
    slope = (after(y + h * direction) - after(y - h * direction)) / (2 * h)
    np.testing.assert_allclose(
        (found.gradients[path] * direction).sum(axis=(1, 2, 3)), slope, rtol=1e-6
    )


def test_saliency_is_the_largest_slope_of_a_pixel():
    model, x = one_output(), pictures()
    assert (
        explain.saliency(model, x, 0) == np.abs(explain.input_gradient(model, x, 0)).max(-1)
    ).all()


def test_two_classes_of_one_output_pull_against_each_other():
    model, x = one_output(), pictures()
    np.testing.assert_array_equal(
        explain.input_gradient(model, x, 0), -explain.input_gradient(model, x, 1)
    )
    predicted = (model.predict(x)[:, 0] > 0.5).astype(int)
    np.testing.assert_array_equal(
        explain.input_gradient(model, x), explain.input_gradient(model, x, predicted)
    )


def test_asking_changes_nothing():
    model, x = network(), pictures()
    before = [w.copy() for w in model.get_weights()], model.predict(x), x.copy()
    explain.gradcam(model, x)
    explain.occlusion(model, x, size=3, stride=3)
    model.layer_outputs(x)
    for old, new in zip(before[0], model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(before[1], model.predict(x))
    np.testing.assert_array_equal(before[2], x)
    assert "forward" not in {name for layer in model.walk() for name in vars(layer)}


# ---- Grad-CAM --------------------------------------------------------------------------------


def test_gradcam_is_its_definition():
    model, x = one_output(), pictures()
    found = explain.score_gradients(model, x, 1)
    A, dA = found.outputs["conv2d_1"], found.gradients["conv2d_1"]
    expected = np.zeros(A.shape[:3])
    for n in range(len(x)):
        for c in range(A.shape[3]):
            expected[n] += dA[n, :, :, c].mean() * A[n, :, :, c]
    cam = explain.gradcam(model, x, 1, layer="conv2d_1", enlarge=False)
    np.testing.assert_allclose(cam, np.maximum(expected, 0), atol=1e-12)
    assert cam.max() > 0


def test_place_by_place_the_maps_account_for_the_score():
    layers = [mc.Conv2D(5, 3, activation="relu"), mc.Flatten(), mc.Dense(2, use_bias=False)]
    model = mc.Sequential(layers, input_shape=(H, W, C)).astype("float64")
    x = pictures(count=5)
    found = explain.score_gradients(model, x, 1)
    places = (found.gradients["conv2d_1"] * found.outputs["conv2d_1"]).sum(axis=-1)
    np.testing.assert_allclose(places.sum(axis=(1, 2)), found.scores)  # a linear end: all of it
    cam = explain.gradcam(model, x, 1, average=False, enlarge=False)
    np.testing.assert_allclose(cam, np.maximum(places, 0))


def test_gradcam_looks_at_the_last_convolution_also_inside_a_container():
    model, x = one_output(), pictures()
    inner = explain.gradcam(model, x, 1, layer="residual_1/chain_1/conv2d_1")
    np.testing.assert_array_equal(explain.gradcam(model, x, 1), inner)
    assert inner.shape == (2, H, W)


def bright_spot_network():
    """The score is the sum of the red channel, so a red spot is all there is to see."""
    model = mc.Sequential(
        [mc.Conv2D(1, 1, activation="relu"), mc.GlobalAvgPool2D(), mc.Dense(1)],
        input_shape=(24, 24, 3),
    )
    model.set_weights([np.reshape([1.0, 0, 0], (1, 1, 3, 1)), [0.0], [[576.0]], [0.0]])
    x = np.zeros((1, 24, 24, 3), np.uint8)
    x[0, 4:9, 14:19, 0] = 255
    return model, x


def test_all_three_point_at_what_counts():
    model, x = bright_spot_network()
    spot = x[0, ..., 0] > 0
    for heat in (
        explain.gradcam(model, x, 1)[0],
        explain.occlusion(model, x, 1, size=5, stride=1, fill=0)[0],
        explain.saliency(model, x, 1)[0],
    ):
        assert heat.shape == (24, 24)
        assert heat[spot].min() > 0
        assert heat[spot].mean() >= heat[~spot].max()


def test_occlusion_is_the_mean_fall_of_the_score():
    model, x = bright_spot_network()
    heat = explain.occlusion(model, x, 1, size=5, stride=5, fill=[0, 7, 9])[0]
    # patches begin at 0, 5, 10, 15, 19: the spot (rows 4-8, columns 14-18) falls into four of them
    covered = explain.occlusion(model, x, 0, size=5, stride=5, fill=0)[0]
    np.testing.assert_allclose(heat, -covered, atol=1e-4)  # class 0 rises as class 1 falls
    assert heat[6, 17] == pytest.approx(16, rel=1e-4)  # rows 5-9, columns 15-19: 4 × 4 of the 25
    assert heat[0, 0] == pytest.approx(0, abs=1e-4)
    assert heat[2, 17] == pytest.approx(4, rel=1e-4)  # rows 0-4 have one row of the spot
    assert heat[6, 19] == pytest.approx(16 / 2, rel=1e-4)  # the mean with the patch of 19-23


def test_bytes_and_floats_give_the_same():
    model = mc.Sequential(
        [mc.Conv2D(3, 3, activation="relu"), mc.Flatten(), mc.Dense(2, activation="softmax")],
        input_shape=(9, 9, 3),
    )
    x = np.random.default_rng(0).integers(0, 256, (2, 9, 9, 3), dtype=np.uint8)
    scaled = (x / 255).astype(np.float32)
    for how in (explain.gradcam, explain.saliency, explain.input_gradient):
        np.testing.assert_allclose(how(model, x, 1), how(model, scaled, 1), atol=1e-5)
    falls = explain.occlusion(model, x, 1, size=3, stride=2, fill=128)
    same = explain.occlusion(model, scaled, 1, size=3, stride=2, fill=128 / 255)
    np.testing.assert_allclose(falls, same, atol=1e-5)


# ---- exciting pictures ---------------------------------------------------------------------------


def test_the_most_exciting_picture_and_place_are_found():
    model, x = bright_spot_network()
    many = np.concatenate([x // 4, x, x // 2])
    found = explain.most_exciting(model, many, "conv2d_1", 0, count=2, batch_size=2)
    assert found.pictures.tolist() == [1, 2]
    assert found.boxes[0].tolist() == [4, 14, 5, 15]
    np.testing.assert_allclose(found.strengths, [1, 127 / 255], rtol=1e-5)


@given(st.integers(0, 3), st.integers(0, 2), st.sampled_from(["valid", "same"]), seeds)
def test_a_box_holds_all_that_a_cell_depends_on_and_no_more(filter_, layer, padding, seed):
    first = mc.Conv2D(4, 3, strides=2, padding=padding)
    layers = [first, mc.AvgPool2D(2, strides=1), mc.Conv2D(4, (2, 3), dilation=2, padding="same")]
    model = mc.Sequential(layers, input_shape=(16, 17, 2)).astype("float64")
    x = np.random.default_rng(seed).standard_normal((1, 16, 17, 2))
    path = layers[layer].path
    found = explain.most_exciting(model, x, path, filter_, count=1)
    top, left, bottom, right = found.boxes[0]
    tallest, widest = [(3, 3), (5, 5), (9, 13)][layer]
    assert 0 < bottom - top <= tallest
    assert 0 < right - left <= widest
    maps = model.layer_outputs(x)[path][0, ..., filter_]
    cell = np.unravel_index(maps.argmax(), maps.shape)
    x[0, top:bottom, left:right] = 0  # all it depends on: now only the bias is left, which is 0
    assert model.layer_outputs(x)[path][0, ..., filter_][cell] == 0


# ---- all layers ----------------------------------------------------------------------------------


def test_layer_outputs_are_those_of_the_layers_one_by_one():
    model, x = network(), pictures()
    outputs = model.layer_outputs(x)
    assert list(outputs) == [
        "conv2d_1",
        "residual_1",
        "residual_1/chain_1",
        "residual_1/chain_1/conv2d_1",
        "residual_1/chain_1/batchnorm_1",
        "residual_1/shortcut",
        "dropout_1",
        "avgpool2d_1",
        "flatten_1",
        "dense_1",
    ]
    y = x
    for layer in model.layers:
        y = layer(y)
        np.testing.assert_array_equal(outputs[layer.path], y)
    np.testing.assert_array_equal(outputs["dropout_1"], outputs["residual_1"])  # it is off
    inner = outputs["residual_1/chain_1"] + outputs["conv2d_1"]
    np.testing.assert_array_equal(inner, outputs["residual_1"])


class Both(mc.Layer):
    """A container of the user's own, which keeps its layers in a dictionary."""

    def __init__(self, one, two, name=None):
        super().__init__(name)
        self.one, self.two = one, two
        self.ways = {"one": one, "two": two}
        one.path, two.path = "both/one", "both/two"

    @property
    def children(self):
        return (self.one, self.two)

    def build(self, input_shape, rng):
        self.one.build(input_shape, rng)
        return self.built(input_shape, self.two.build(input_shape, rng))

    def forward(self, x, training=False):
        return self.ways["one"].forward(x)[0] + self.two.forward(x)[0], None

    def backward(self, dy, cache):
        raise AssertionError


def test_layers_are_heard_wherever_a_container_keeps_them():
    model = mc.Sequential([Both(mc.Tanh(), mc.ReLU())], input_shape=(3,))
    x = np.array([[-1.0, 0.0, 2.0]], np.float32)
    outputs = model.layer_outputs(x)
    np.testing.assert_array_equal(outputs["both/one"], np.tanh(x))
    np.testing.assert_array_equal(outputs["both/two"], [[0, 0, 2]])


def test_on_the_other_backend_everything_is_the_same(cupy_ops):
    def answers():
        model = mc.Sequential(
            [mc.Conv2D(3, 3, activation="relu"), mc.Flatten(), mc.Dense(1, activation="sigmoid")],
            input_shape=(8, 8, 3),
            seed=1,
        )
        x = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
        return [
            *model.layer_outputs(x).values(),
            explain.gradcam(model, x),
            explain.saliency(model, x),
            explain.occlusion(model, x, size=4, stride=3),
            *explain.most_exciting(model, x, "conv2d_1", 1, count=2),
        ]

    there = answers()
    with mc.use_backend("numpy"):
        here = answers()
    for a, b in zip(there, here, strict=True):
        assert isinstance(a, np.ndarray)
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


# ---- mistakes ------------------------------------------------------------------------------------

MODEL, X = network(), pictures()
FLAT = mc.Sequential([mc.Dense(2)], input_shape=(3,))


@pytest.mark.parametrize(
    ("error", "mistake", "message"),
    [
        (mc.ConfigError, lambda: explain.gradcam(MODEL, X, 3), "from 0 to 2, got 3; .* 3 classes"),
        (mc.ConfigError, lambda: explain.saliency(one_output(), X, 2), "from 0 to 1, got 2"),
        (mc.ConfigError, lambda: explain.saliency(MODEL, X, "dog"), "whole number, .*got 'dog'; "),
        (mc.ConfigError, lambda: explain.saliency(MODEL, X, [0, 1, 2]), "each of 2 samples"),
        (mc.ConfigError, lambda: explain.gradcam(MODEL, X, layer="conv9"), "got 'conv9'; .*conv2d"),
        (mc.ConfigError, lambda: explain.gradcam(MODEL, X, layer="dense_1"), "maps .*; try layer="),
        (mc.ConfigError, lambda: explain.gradcam(FLAT, np.ones((1, 3))), "without; saliency"),
        (mc.ShapeError, lambda: explain.saliency(FLAT, np.ones((1, 3))), "got .*; input_gradient"),
        (mc.ShapeError, lambda: explain.gradcam(MODEL, X[0]), "add the batch axis"),
        (mc.ShapeError, lambda: explain.occlusion(MODEL, X[0]), "add the batch axis"),
        (mc.ShapeError, lambda: MODEL.layer_outputs(X[0]), "add the batch axis"),
        (mc.ConfigError, lambda: explain.occlusion(MODEL, X, size=9), "every pixel, got .*; try"),
        (mc.ConfigError, lambda: explain.occlusion(MODEL, X, size=2, stride=3), "every pixel"),
        (mc.ConfigError, lambda: explain.occlusion(MODEL, X, size=3, stride=2, fill=[1, 2, 3]),
         "each of 2 channels, got"),
        (mc.ConfigError, lambda: explain.most_exciting(MODEL, X, "conv2d_1", 4), "0 to 3, got 4; "),
        (mc.ConfigError, lambda: explain.most_exciting(MODEL, X, "dense_1", 0), "got 'dense_1'; "),
        (mc.NotBuiltError, lambda: mc.Sequential([]).layer_outputs(X), "never built; give"),
        (mc.NotBuiltError, lambda: explain.saliency(mc.Sequential([]), X), "never built; give"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_three_parts(error, mistake, message):
    with pytest.raises(error, match=f"expected .*{message}"):
        mistake()

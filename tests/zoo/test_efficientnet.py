import numpy as np
import pytest

import minicnn as mc
from minicnn.layers import Residual


def small(**options):
    return mc.zoo.efficientnet_lite0(**{"classes": 5, "image_size": 32} | options)


def test_it_has_the_original_s_parameters():
    # 4,652,008 with ImageNet's thousand classes, of which 1280 * 1000 + 1000 are the last layer's.
    net = small()
    assert sum(p.size for p in net.params.values()) == 4_652_008 - 1281 * 1000 + 1281 * 5
    assert net.output_shape == (5,)


def test_a_block_that_keeps_its_shape_adds_to_what_it_was_given():
    net = small()
    kept = [layer.name for layer in net.layers if isinstance(layer, Residual)]
    repeats = {2: 2, 3: 2, 4: 3, 5: 3, 6: 4}
    assert kept == [
        f"stage{n}_block{b}" for n, blocks in repeats.items() for b in range(2, blocks + 1)
    ]


def test_without_its_top_it_ends_in_maps():
    assert small(top=False, image_size=64).output_shape == (2, 2, 1280)


def test_it_answers_and_learns_as_the_plain_loop_does():
    rng = np.random.default_rng(0)
    x, y = rng.random((4, 64, 64, 3)), rng.integers(0, 5, 4)
    results = []
    for plain in (True, False):
        net = small(image_size=64)
        net.compile("sgd", "sparse_categorical_crossentropy")
        net.astype(np.float64)
        with mc.engine_options(plain=plain):
            answers = net.predict(x)
            net.train_on_batch(x, y)
        results.append([answers, *net.get_weights()])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"weights": "imagenet"}, "expected weights=None, got 'imagenet'"),
        ({"classes": 1}, "classes"),
        ({"image_size": 31}, "image_size"),
        ({"top": "yes"}, "top"),
    ],
)
def test_what_it_can_not_be(options, says):
    with pytest.raises(mc.ConfigError, match=f"efficientnet_lite0.*{says}"):
        small(**options)

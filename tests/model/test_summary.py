import numpy as np
import pytest

import minicnn as mc
from minicnn.model.summary import megabytes

CATDOG = [
    ("Conv2D", (148, 148, 16), 448),
    ("MaxPool2D", (74, 74, 16), 0),
    ("Conv2D", (72, 72, 32), 4_640),
    ("MaxPool2D", (36, 36, 32), 0),
    ("Conv2D", (34, 34, 64), 18_496),
    ("MaxPool2D", (17, 17, 64), 0),
    ("Flatten", (18_496,), 0),
    ("Dense", (512,), 9_470_464),
    ("Dense", (1,), 513),
]


@pytest.fixture(scope="module")
def catdog():
    return mc.zoo.catdog()


def test_the_mission_s_network_row_for_row(catdog):
    table = catdog.summary(print_fn=None)
    assert [(row.kind, row.output_shape, row.params) for row in table.rows] == CATDOG
    assert table.total == table.trainable == catdog.count_params() == 9_494_561
    assert table.non_trainable == 0


def test_the_table_as_it_is_printed(catdog, capsys):
    catdog.summary()
    lines = capsys.readouterr().out.splitlines()
    for kind, shape, params in CATDOG:
        line = next(line for line in lines if f"({kind})" in line and f"   {shape} " in line)
        assert f"   {params:,}   " in line
    text = "\n".join(lines)
    assert "Total parameters: 9,494,561 (36.22 MB)" in text
    assert "Trainable: 9,494,561 (36.22 MB)" in text
    assert "Non-trainable: 0 (0.00 B)" in text


def test_what_keras_s_table_lacks(catdog):
    small, large = (catdog.summary(batch_size=n, print_fn=None) for n in (1, 20))
    numbers = 150 * 150 * 3 + sum(int(np.prod(shape)) for _, shape, _ in CATDOG)
    assert small.activation_bytes == 4 * numbers
    assert large.activation_bytes == 20 * small.activation_bytes
    assert f"Activations of a batch of 20: {megabytes(large.activation_bytes)}" in str(large)

    windows = [148 * 148 * 27 * 16, 72 * 72 * 144 * 32, 34 * 34 * 288 * 64]
    dense = [18_496 * 512, 512]
    assert small.multiply_adds == sum(windows) + sum(dense)
    assert [row.multiply_adds for row in small.rows if row.multiply_adds] == [*windows, *dense]
    assert f"{windows[0]:,}" in str(small)


def test_running_figures_and_frozen_layers_are_not_trainable():
    layers = [mc.Conv2D(4, 3), mc.BatchNorm(), mc.Flatten(), mc.Dense(2)]
    model = mc.Sequential(layers, input_shape=(5, 5, 2))
    table = model.summary(print_fn=None)
    assert [row.params for row in table.rows] == [76, 16, 0, 74]
    assert (table.total, table.trainable, table.non_trainable) == (166, 158, 8)
    layers[0].trainable = False
    assert model.summary(print_fn=None).trainable == 158 - 76


def test_what_is_inside_containers_stands_below_them_and_is_counted_once():
    body = mc.Chain(mc.Conv2D(2, 3, padding="same"), mc.BatchNorm())
    model = mc.Sequential([mc.Residual(body), mc.GlobalAvgPool2D()], input_shape=(4, 4, 2))
    table = model.summary(batch_size=1, print_fn=None)
    rows = [(row.depth, row.kind, row.params) for row in table.rows]
    assert rows == [
        (0, "Residual", 46),
        (1, "Chain", 46),
        (2, "Conv2D", 38),
        (2, "BatchNorm", 8),
        (1, "Chain", 0),  # the shortcut, which passes x through
        (0, "GlobalAvgPool2D", 0),
    ]
    assert table.total == model.count_params() == 46
    assert table.multiply_adds == 4 * 4 * 9 * 2 * 2
    assert "    conv2d_1 (Conv2D)" in str(table)


def test_a_chain_s_output_is_its_last_layer_s_but_a_sum_and_a_concatenation_are_new():
    ways = mc.Residual(mc.Chain(mc.Dense(5), mc.Dense(3)), shortcut=mc.Dense(3))
    model = mc.Sequential([ways, mc.Concat(mc.Chain(), mc.Dense(2))], input_shape=(4,))
    expected = 4 + (5 + 3) + 3 + 3 + 2 + 5  # x, body, shortcut, their sum, a branch, both
    assert model.summary(batch_size=10, print_fn=None).activation_bytes == 4 * 10 * expected


def test_float64_takes_twice_the_memory():
    model = mc.Sequential([mc.Dense(4)], input_shape=(3,))
    assert "16 (64.00 B)" in str(model.summary(print_fn=None))
    assert "16 (128.00 B)" in str(model.astype("float64").summary(print_fn=None))


@pytest.mark.parametrize(
    ("count", "text"),
    [(1023, "1023.00 B"), (1024, "1.00 KB"), (1024**2, "1.00 MB"), (5 * 1024**3, "5.00 GB")],
)
def test_bytes_for_people(count, text):
    assert megabytes(count) == text


def test_at_a_prompt_the_table_is_not_shown_twice():
    table = mc.zoo.catdog().summary(print_fn=None)
    assert repr(table) == "<Summary of catdog: 9,494,561 parameters>"

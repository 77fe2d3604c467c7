"""From layers to steps: who does the work, what is taken together, what the plan depends on."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine, engine_options
from minicnn.engine.planner.planner import plan_for
from minicnn.engine.planner.purpose import Purpose, key_of


def built(*layers, shape=(16, 16, 3)):
    chain = mc.Chain(*layers)
    chain.build(shape, np.random.default_rng(0))
    return chain


def purpose(training=True, backward=True, convert=False):
    return Purpose(training, backward, np.dtype(np.float32), convert)


def steps_of(plan):
    """Names of parts, those of a segment in a list of their own."""
    return [[name(inner) for inner in part.inner()] or name(part) for part, _ in plan.steps]


def name(part):
    return type(part).__name__.removesuffix("Part")


def residual():
    return mc.Residual(mc.Chain(mc.Conv2D(4, 3, padding=1), mc.BatchNorm()))


def test_a_convolution_takes_its_relu_and_its_pool_along():
    chain = built(mc.Conv2D(4, 3), mc.ReLU(), mc.MaxPool2D(2), mc.Flatten(), mc.Dense(2))
    plan = plan_for(chain, purpose())
    assert steps_of(plan) == [["Conv", "Flatten"], "Layer"]
    assert [part.title for part in plan.parts()] == [
        "", "conv2d_1 + relu_1 + maxpool2d_1", "flatten_1", "dense_1",
    ]  # fmt: skip


def test_every_part_has_a_number_of_its_own():
    numbers = [
        part.number for part in plan_for(built(mc.Conv2D(4, 3), residual()), purpose()).parts()
    ]
    assert len(set(numbers)) == len(numbers)


def test_predicting_a_batchnorm_is_folded_into_the_convolution():
    chain = built(mc.Conv2D(4, 3), mc.BatchNorm(), mc.ReLU())
    assert steps_of(plan_for(chain, purpose())) == [["Conv"], "BatchNorm"]
    assert steps_of(plan_for(chain, purpose(training=False, backward=False))) == [["Conv"]]
    assert steps_of(plan_for(chain, purpose(training=False))) == [["Conv", "Layer", "Layer"]]


def test_pictures_become_floats_in_their_block():
    assert steps_of(plan_for(built(mc.Conv2D(4, 3)), purpose(convert=True))) == [["Float", "Conv"]]


def test_branches_that_need_the_whole_batch_meet_as_a_whole_with_the_relu():
    chain = built(mc.Conv2D(4, 3), residual(), mc.ReLU(), mc.Conv2D(4, 1))
    plan = plan_for(chain, purpose())
    assert steps_of(plan) == [["Conv"], ["Conv"], "BatchNorm", "Same", "Add", ["Pointwise"]]
    assert [reads for _, reads in plan.steps] == [(0,), (1,), (2,), (1,), (3, 4), (5,)]
    assert plan.steps[4].part.relu


def test_branches_of_samples_stay_inside_a_segment():
    body = mc.Residual(mc.Conv2D(4, 3, padding=1))
    chain = built(mc.Conv2D(4, 3), body, mc.ReLU(), mc.Conv2D(4, 1))
    (names,) = steps_of(plan_for(chain, purpose()))
    assert names == ["Conv", "Conv", "Same", "Add", "Layer", "Pointwise"]


def test_a_branch_that_begins_with_branches_reads_x_once():
    inner = mc.Residual(mc.Conv2D(3, 1))
    chain = built(mc.Concat(mc.Conv2D(2, 1), inner, mc.Chain()))
    plan = plan_for(chain, purpose()).steps[0].part.plan
    assert len(plan.readers[0]) == 3  # one for each branch


class Mine(mc.Layer):
    per_sample = False

    def forward(self, x, training=False):
        return x, {}

    def backward(self, dy, cache):
        return dy, {}


class OtherConv(mc.Conv2D):
    def forward(self, x, training=False):
        y, cache = super().forward(x, training)
        return 2 * y, cache


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([mc.Conv2D(4, 3), Mine(), mc.Conv2D(4, 3)], [["Conv"], "Layer", ["Conv"]]),
        ([OtherConv(4, 3), mc.ReLU()], [["Layer", "Layer"]]),
        ([mc.Conv2D(3, 3, groups=3)], [["Depthwise"]]),
        ([mc.Conv2D(6, 3, groups=3)], [["Layer"]]),
        ([mc.Flatten(), mc.Dense(1024)], [["Flatten"], "Dense"]),
        ([mc.Conv2D(4, 3, activation="tanh"), mc.MaxPool2D(2)], [["Conv", "Layer"]]),
        ([mc.Conv2D(4, 3), mc.MaxPool2D(3, 2)], [["Conv", "Layer"]]),
        ([mc.Chain(mc.Chain()), mc.Chain(mc.ReLU())], [["Layer"]]),
    ],
    ids=lambda value: "",
)
def test_who_does_the_work(layers, expected):
    assert steps_of(plan_for(built(*layers), purpose())) == expected


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        ({"fast_conv": False}, [["Layer", "Layer", "Layer"], "BatchNorm"]),
        ({"pool_first": False}, [["Conv", "Layer"], "BatchNorm"]),
        ({"fast_norm": False}, [["Conv"], "Layer", ["Layer"]]),
    ],
    ids=repr,
)
def test_switches_change_the_plan(switch, expected):
    chain = built(mc.Conv2D(4, 3), mc.ReLU(), mc.MaxPool2D(2), mc.BatchNorm(), mc.ReLU())
    with engine_options(**switch):
        assert steps_of(plan_for(chain, purpose())) == expected


# ---- what a plan depends on ----------------------------------------------------------------------


def test_the_key_knows_the_layers_and_what_learns():
    chain = built(mc.Conv2D(4, 3), mc.Chain(mc.ReLU(), mc.Conv2D(4, 3)))
    keys = [key_of(chain)]
    chain["conv2d_1"].trainable = False
    keys.append(key_of(chain))
    chain["conv2d_1"].trainable, chain["chain_1"]["conv2d_1"].trainable = True, False
    keys.append(key_of(chain))
    chain["chain_1"].layers[0] = mc.Tanh(name="relu_1")
    keys.append(key_of(chain))
    assert len(set(keys)) == 4
    assert len({hash(key) for key in keys}) == 4


def test_what_learns_may_change_between_two_steps():
    rng = np.random.default_rng(0)
    model = mc.Sequential(
        [mc.Conv2D(4, 3), mc.Flatten(), mc.Dense(300, activation="relu"), mc.Dense(2)],
        input_shape=(22, 22, 3),
    )
    model.compile(mc.RMSprop(1e-3), "mse")
    x, y = rng.random((5, 22, 22, 3), np.float32), rng.random((5, 2))
    for step in range(8):
        frozen = model[("conv2d_1", "dense_1", "dense_2")[step % 3]]
        frozen.trainable = False
        before = {path: p.copy() for path, p in model.params.items()}
        model.train_on_batch(x, y)
        for path, p in model.params.items():
            assert np.array_equal(p, before[path]) == path.startswith(f"{frozen.name}/"), path
        frozen.trainable = True


def test_an_engine_keeps_few_plans():
    chain = built(mc.Conv2D(4, 3))
    engine, x = Engine(chain), np.zeros((2, 16, 16, 3), np.float32)
    for block in range(1, 60):
        with engine_options(block=block):
            engine.infer(x)
    assert len(engine._plans) < 20

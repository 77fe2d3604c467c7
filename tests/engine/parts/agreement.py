"""A part against the plain loop: what every test of a part asks for."""

import numpy as np

from minicnn.engine import Engine, PlainEngine, engine_options
from minicnn.layers.inputs import floats
from tests.engine.test_equality import close


def built(chain, shape, seed=0):
    """In float64, with biases that are not zero and running figures as if it had been trained."""
    rng = np.random.default_rng(seed)
    chain.build(shape, rng)
    chain.astype("float64")
    for p in chain.params.values():
        p += 0.1 * rng.standard_normal(p.shape)
    for s in chain.state.values():
        s += rng.random(s.shape)
    return chain


def agrees(chain, n=5, training=True, batches=4, x=None, **options):
    """Forward, backward, prediction and running figures of several batches, recorded meanwhile."""
    engine, plain = Engine(chain), PlainEngine(chain)
    for seed in range(batches):
        rng = np.random.default_rng(seed)
        its_x = rng.standard_normal((n, *chain.input_shape)) if x is None else x
        expected, plain_cache = plain.forward(floats(its_x, chain), training)
        dy = rng.standard_normal(expected.shape)
        with engine_options(**options):
            y, cache = engine.forward(its_x, training)
            grads = engine.backward(dy.copy(), cache)
            close(engine.infer(its_x), plain.infer(floats(its_x, chain)))
        close(y, expected)
        for path, gradient in plain.backward(dy, plain_cache).items():
            close(grads[path], gradient, 1e-10, at_least=1)
        state = engine.next_state(cache)
        for path, value in chain.next_state(plain_cache).items():
            close(state[path], value)

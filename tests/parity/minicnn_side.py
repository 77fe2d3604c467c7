"""minicnn's answers to the same cases, under the same names as the frameworks'."""

import numpy as np

import minicnn as mc
from tests.parity.cases import (
    LayerCase,
    LossCase,
    MetricCase,
    NetworkCase,
    OptimizerCase,
    ScheduleCase,
    Spec,
)


def build(spec: Spec) -> mc.Layer:
    """The layer that a spec describes."""
    return getattr(mc, spec.kind)(*(build(inner) for inner in spec.inside), **spec.options)


def answer_layer(case: LayerCase) -> dict[str, np.ndarray]:
    """y, dx, the gradient of each weight, and the running figures after a training step."""
    layer, x = build(case.spec), case.x()
    layer.build(x.shape[1:], np.random.default_rng(0))
    draw_weights(layer, case)
    y, cache = layer.forward(x, training=case.training)
    dx, grads = layer.backward(case.dy(y.shape), cache)
    layer.set_state(layer.next_state(cache))

    places = {kind: [] for kind in ("params", "state")}
    for index, role in enumerate(case.spec.roles()):
        places["state" if role in ("mean", "var") else "params"].append(index)
    answer = {"y": y, "dx": dx}
    for index, key in zip(places["params"], layer.params, strict=True):
        answer[f"dw{index}"] = grads[key]
    for index, key in zip(places["state"], layer.state, strict=True):
        answer[f"state{index}"] = layer.state[key]
    return answer


def draw_weights(layer: mc.Layer, case: LayerCase) -> None:
    index = 0
    for leaf in (inner for inner in layer.walk() if not inner.children):
        for arrays in (leaf.params, leaf.state):
            for role in arrays:
                arrays[role] = case.weight(index, role, arrays[role].shape)
                index += 1


def answer_network(case: NetworkCase, dtype: str) -> dict:
    """Ten steps: the loss of each, predictions before and after, the final weights."""
    model = network(case, dtype)
    x_seen = case.pictures(case.steps, dtype)[0]
    before = model.predict(x_seen)
    losses = [
        model.train_on_batch(*case.pictures(step, dtype))["loss"] for step in range(case.steps)
    ]
    after, weights = model.predict(x_seen), model.get_weights()
    return {"losses": np.array(losses), "before": before, "after": after, "weights": weights}


def network(case: NetworkCase, dtype: str) -> mc.Sequential:
    """The network with the weights that it starts from, ready to be trained."""
    model = mc.Sequential([build(spec) for spec in case.layers], (case.size, case.size, 3))
    model.astype(dtype)
    model.set_weights(case.weights([w.shape for w in model.get_weights()], dtype))
    model.compile(optimizer=mc.RMSprop(1e-3), loss=case.loss)
    return model


def answer_optimizer(case: OptimizerCase) -> dict[str, np.ndarray]:
    """The parameters after each of the ten updates."""
    options = dict(case.options)
    if case.schedule:
        options["learning_rate"] = build(case.schedule)
    optimizer = getattr(mc, case.kind)(**options)
    parameters = {"w": case.start()}
    path = []
    for gradient in case.gradients():
        optimizer.apply(parameters, {"w": gradient})
        path.append(parameters["w"].copy())
    return {"path": np.array(path)}


def answer_schedule(case: ScheduleCase) -> dict[str, np.ndarray]:
    """The learning rate of the first steps."""
    schedule = build(case.spec)
    return {"rates": np.array([schedule(step) for step in range(case.steps)])}


def answer_loss(case: LossCase) -> dict[str, np.ndarray]:
    """The loss and its gradient."""
    options = {} if case.from_logits is None else {"from_logits": case.from_logits}
    loss = getattr(mc, case.kind)(**options)
    value, cache = loss.forward(case.predictions(), case.labels())
    return {"loss": value, "dy_pred": loss.backward(cache)}


def answer_metric(case: MetricCase) -> dict[str, np.ndarray]:
    """The figure over the cases's predictions, given in two batches."""
    metric = mc.metrics.get(case.figure)
    y_true, y_pred = case.labels(), case.predictions()
    for half in (slice(0, 20), slice(20, None)):
        metric.update(y_true[half], y_pred[half])
    return {"value": np.asarray(metric.result())}

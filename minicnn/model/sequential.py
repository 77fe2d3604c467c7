"""Sequential: a chain of layers that can be trained, used and looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from minicnn.arguments import sizes, whole
from minicnn.backends import DeviceOps, ops_for, room_for_a_batch
from minicnn.data.arrays import as_samples
from minicnn.data.dataset import Batch, Dataset
from minicnn.engine import Engine
from minicnn.errors import (
    ConfigError,
    MinicnnError,
    NotBuiltError,
    NotCompiledError,
    NotFiniteError,
    ShapeError,
)
from minicnn.initializers import Unfilled
from minicnn.layers import Chain, Layer
from minicnn.layers.inputs import floats
from minicnn.layers.taps import tap
from minicnn.losses import Loss
from minicnn.metrics import Metric, to_numpy
from minicnn.model.feeding import (
    as_dataset,
    inputs,
    require_batches,
    sample_shape,
    training_data,
)
from minicnn.model.settings import Settings, as_list
from minicnn.model.summary import Summary, summarize
from minicnn.model.weights import put_weights
from minicnn.objective import objective_for
from minicnn.optimizers import Optimizer
from minicnn.randomness import Moment, generator
from minicnn.saving import ModelFile, meaning, slots
from minicnn.training import (
    Callback,
    History,
    Trainer,
    checkpoint_to_resume,
    progress_for,
)
from minicnn.training.diagnose import is_finite, where_it_broke
from minicnn.training.gradients import GradientStep
from minicnn.typing import Array, Shape

FETCHED_AT_ONCE = 8  # batches of answers that wait on a GPU, while it works on the next one


class Sequential(Chain):
    """One layer after another, with everything around it.

    >>> from minicnn import Dense, Sequential
    >>> model = Sequential([Dense(8, activation="relu"), Dense(1)], input_shape=(2,), seed=0)
    >>> model.compile(optimizer="adam", loss="mean_squared_error")
    >>> x = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> history = model.fit(x, np.array([1.0, 0.0]), epochs=3, verbose=0)
    >>> len(history.history["loss"])
    3
    >>> model.predict(x).shape
    (2, 1)
    """

    def __init__(
        self,
        layers: Sequence[Layer] = (),
        input_shape: Shape | None = None,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        if isinstance(layers, Layer) or not isinstance(layers, Iterable):
            raise ConfigError(
                f"Sequential: expected a list of layers, got {layers!r}; write Sequential([...])"
            )
        super().__init__(*layers, name=name)
        self.seed = seed
        self._class_names: Sequence[str] | None = None
        self._preprocessing: dict[str, Any] | None = None
        self._settings: Settings | None = None
        self._trainer: Trainer | None = None
        self._predictor: Engine | None = None
        if input_shape is not None:
            self.build(input_shape)

    # ---- building ----------------------------------------------------------------------------

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None) -> Shape:
        """Make all parameters for inputs of this shape; the draws are named by the seed."""
        input_shape = sizes(input_shape, self.where)
        self._begin_anew("build")
        self._rng = generator(self.seed, "weights") if rng is None else rng
        unbuilt = [layer for layer in self.walk() if layer.input_shape is None]
        try:
            return super().build(input_shape, self._rng)
        except MinicnnError:
            for layer in unbuilt:  # another shape may suit them better
                layer.input_shape = layer.output_shape = None
            raise

    def add(self, layer: Layer) -> None:
        """Append a layer. In a model that is built it alone is drawn: the others keep theirs."""
        longer = Chain(*self.layers, layer)  # complains about what is no layer
        self._begin_anew("add")
        before, self.layers = self.layers, longer.layers
        if self.input_shape is not None:
            shape, self.input_shape = self.input_shape, None  # as if for the first time
            rng = None if isinstance(self._rng, Unfilled) else self._rng
            try:
                self.build(shape, rng)
            except MinicnnError:
                self.layers = before
                self.build(shape, rng)
                raise

    def astype(self, dtype: Any) -> Self:
        """Turn all parameters into ``dtype``, such as "float64" for an exact comparison."""
        self._begin_anew("astype")
        return super().astype(dtype)

    def _begin_anew(self, what: str) -> None:
        """Nothing that was made for the layers as they were is used again."""
        if self._trainer is not None:
            self._trainer.turn.must_rest(what)
        self._trainer = self._predictor = None

    def _build_for(self, x: Any) -> None:
        if self.input_shape is None:
            self.build(tuple(x.shape[1:]))

    def _build_for_data(self, data: Dataset) -> None:
        require_batches(data)
        if self.input_shape is None:
            self.build(sample_shape(data))

    def _require_built(self, what: str) -> None:
        if self.input_shape is None:
            raise NotBuiltError(
                f"{what}: expected a model that knows its input shape, got one that was never "
                f"built; give Sequential(..., input_shape=(150, 150, 3)), or fit it first"
            )

    # ---- training ----------------------------------------------------------------------------

    def compile(
        self,
        optimizer: str | Optimizer = "rmsprop",
        loss: str | Loss = "mean_squared_error",
        metrics: Sequence[str | Metric] | None = (),
        gradients: Sequence[GradientStep] = (),
    ) -> None:
        """Say how to train: what to minimise, how to move, what to watch.

        ``gradients`` are functions between network and optimizer, such as ``mc.ClipNorm(1.0)``.
        """
        settings = Settings.of(optimizer, loss, metrics, gradients)
        self._begin_anew("compile")
        self._settings = settings
        if self.input_shape is not None:
            objective = objective_for(self, self._settings.loss)  # complain now, not while training
            for metric in self._settings.metrics:
                metric.suit(objective.multi_label)

    @property
    def trainer(self) -> Trainer:
        """The training loop of this model, made when it is compiled and built."""
        if self._settings is None:
            raise NotCompiledError(
                "expected a compiled model, got one that is not; call "
                "model.compile(optimizer=..., loss=...) first"
            )
        self._require_built("training")
        settings = self._settings
        # Anew: a layer may have been given other arrays.
        objective = objective_for(self, settings.loss)
        if self._trainer is not None:
            self._trainer.follow(objective)
        else:
            self._trainer = Trainer(
                objective,
                settings.optimizer,
                settings.metrics,
                settings.gradients,
                self.seed,
            )
        return self._trainer

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer that ``compile`` was given."""
        return self.trainer.optimizer

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        epochs: int = 1,
        validation_data: Any = None,
        validation_split: float = 0.0,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        shuffle: bool = True,
        callbacks: Sequence[Callback] = (),
        verbose: int = 1,
        initial_epoch: int = 0,
        resume: str | os.PathLike[str] | bool | None = None,
    ) -> History:
        """Train on arrays (``x``, ``y``) or on a data set; returns the history.

        ``validation_split`` keeps the last share of the arrays out of training. verbose: 0 is
        silent, 1 draws a live line where someone can see it, 2 prints a line an epoch.

        ``resume="run.ckpt"`` goes on where that checkpoint was written, also in the middle of an
        epoch, and ends with the bits of a run that was never stopped; everything else must be
        given as it was. ``resume=True`` takes the file of the ``ModelCheckpoint`` among the
        callbacks, and begins from the start if there is none yet. Ctrl-C finishes the step,
        saves if there is a ``ModelCheckpoint``, and raises ``KeyboardInterrupt``, which says how
        to go on.
        """
        epochs = whole(epochs, "epochs", least=0)
        initial_epoch = whole(initial_epoch, "initial_epoch", least=0)
        if self.input_shape is not None and getattr(x, "shape", None) == self.input_shape:
            raise ShapeError(
                f"fit: expected samples along the first axis of x, got one sample of shape "
                f"{x.shape}; add the batch axis: x[None]"
            )
        data, held_back = training_data(
            x, y, batch_size, validation_split, sample_weight, shuffle, self.seed
        )
        if validation_data is not None:
            held_back = as_dataset(validation_data, batch_size)
        watchers = as_list(callbacks, "callbacks")
        if (progress := progress_for(verbose)) is not None:
            watchers.append(progress)
        for watcher in watchers:
            if not isinstance(watcher, Callback):
                raise ConfigError(f"expected callbacks (mc.Callback subclasses), got {watcher!r}")
            watcher.model = self
        self._build_for_data(data)
        self._take_names(data)
        return self.trainer.fit(
            data,
            epochs,
            held_back,
            watchers,
            class_weight,
            initial_epoch,
            checkpoint_to_resume(resume, watchers, self),
        )

    def train_on_batch(self, x: Any, y: Any, sample_weight: Any = None) -> dict[str, Any]:
        """One step on one batch; the loss and metrics are those before the update."""
        x, y = as_samples(x, "x"), as_samples(y, "y")
        if sample_weight is not None:
            sample_weight = as_samples(sample_weight, "sample_weight")
        if len(x) != len(y):
            raise ShapeError(
                f"train_on_batch: expected as many labels as samples, got {len(y)} labels for "
                f"{len(x)} samples"
            )
        self._build_for(x)
        trainer = self.trainer
        moment = Moment(self.seed, 0, trainer.optimizer.step_count)
        return trainer.single_step(Batch(x, y, sample_weight), moment)

    # ---- using ----------------------------------------------------------------------------------

    def evaluate(self, x: Any, y: Any = None, batch_size: int = 32) -> dict[str, Any]:
        """Loss and metrics over arrays or a data set, as a dictionary."""
        data = as_dataset((x, y) if y is not None else x, batch_size)
        self._build_for_data(data)
        return self.trainer.evaluate(data)

    def predict(self, x: Any, batch_size: int = 32) -> Array:
        """The network's answers, as one NumPy array; ``x`` is an array or a data set."""
        parts: list[Array] = []
        asked: list[tuple[Array, Array]] = []  # batches, and answers that nobody has looked at
        for batch in inputs(x, batch_size):
            answer = self._ask(batch)
            asked.append((batch, answer))
            if len(asked) == (FETCHED_AT_ONCE if isinstance(ops_for(answer), DeviceOps) else 1):
                parts.append(self._fetched(asked))
                asked = []
        if asked:
            parts.append(self._fetched(asked))
        return np.concatenate(parts)

    @room_for_a_batch()
    @np.errstate(over="ignore", invalid="ignore")  # one clear error comes instead of warnings
    def _ask(self, x: Array) -> Array:
        self._build_for(x)
        if self._predictor is None:
            self._predictor = Engine(self)
        return self._predictor.infer(x)

    @room_for_a_batch()
    @np.errstate(over="ignore", invalid="ignore")
    def _fetched(self, asked: list[tuple[Array, Array]]) -> Array:
        """The answers as one NumPy array: a GPU is waited for once for all of them."""
        answers = [answer for _, answer in asked]
        joined = answers[0] if len(answers) == 1 else ops_for(*answers).xp.concatenate(answers)
        y = to_numpy(joined)
        if not is_finite(y):
            broken = next(x for x, answer in asked if not is_finite(to_numpy(answer)))
            reason = where_it_broke(self, floats(broken, self), None, training=False)
            raise NotFiniteError(f"predict: expected finite predictions, got NaN; {reason}")
        return y

    # ---- saving --------------------------------------------------------------------------------

    @property
    def class_names(self) -> Sequence[str] | None:
        """What the outputs stand for: a name for each, or two for a single one."""
        return self._class_names

    @class_names.setter
    def class_names(self, names: Sequence[str] | None) -> None:
        self._class_names = meaning.class_names(names, self._outputs())

    @property
    def preprocessing(self) -> dict[str, Any] | None:
        """What a picture needs before ``predict``, for whoever shows one to the network."""
        return self._preprocessing

    @preprocessing.setter
    def preprocessing(self, wishes: dict[str, Any] | None) -> None:
        self._preprocessing = meaning.preprocessing(wishes)

    def remember(self, names: Sequence[str] | None, wishes: dict[str, Any] | None) -> None:
        """What a file says, which may have other names than outputs: its weights are worth more."""
        self._class_names, self._preprocessing = names, wishes

    def _outputs(self) -> int | None:
        return self.output_shape[-1] if self.output_shape else None

    def _take_names(self, data: Any) -> None:
        """A data set tells what its labels are called; the outputs may stand for something else."""
        names: Any = getattr(data, "classes", None)
        outputs = self._outputs()
        if meaning.are_texts(names):
            meaning.class_names(names)
            if outputs is not None and meaning.fit(names, outputs):
                self.class_names = names
        # Nobody should train for hours, and then not be able to save.
        meaning.class_names(self.class_names, outputs)
        meaning.preprocessing(self.preprocessing)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network, its weights, class names and preprocessing into one safetensors file.

        ``mc.load_model(path)`` reads it. A failure leaves an older file of this name untouched.
        """
        self._require_built("save")
        self.to_file().write(path)

    def to_file(self) -> ModelFile:
        """What :meth:`save` writes, before it is written."""
        names = meaning.class_names(self.class_names, self._outputs())
        wishes = meaning.preprocessing(self.preprocessing) or self._usual_pictures()
        return ModelFile.of(self, names, wishes)

    def _usual_pictures(self) -> dict[str, Any] | None:
        """How pictures reach this network unless someone says otherwise; None for plain rows."""
        if self.input_shape is None or len(self.input_shape) != 3:
            return None
        H, W, C = self.input_shape
        return {"image_size": [H, W], "channels": C, "pixel_scale": 1 / 255}

    # ---- looking --------------------------------------------------------------------------------

    def summary(
        self, batch_size: int = 32, print_fn: Callable[[str], None] | None = print
    ) -> Summary:
        """Print the network as a table (give print_fn=None to only get it back)."""
        self._require_built("summary")
        table = summarize(self, whole(batch_size, "batch_size"))
        if print_fn is not None:
            print_fn(str(table))
        return table

    @room_for_a_batch()
    def layer_outputs(self, x: Any) -> dict[str, Array]:
        """What every layer makes of the samples ``x``, by its path, as NumPy arrays.

        Layers inside containers are there too, and Dropout is off, as in ``predict``.
        ``mc.viz.feature_maps`` shows them.
        """
        self._require_built("layer_outputs")
        copied, heard = tap(self)
        copied.forward(floats(as_samples(x, "x"), self))
        paths = (layer.path for layer in self.walk() if layer is not self)
        return {path: to_numpy(heard.outputs[path]) for path in paths}

    def count_params(self) -> int:
        """All numbers that the model consists of: parameters and running figures."""
        self._require_built("count_params")
        return summarize(self, 1).total

    def get_weights(self) -> list[Array]:
        """Copies of all arrays as NumPy arrays, layer by layer, in Keras's order."""
        self._require_built("get_weights")
        return [to_numpy(holder[key]).copy() for _, holder, key in slots(self)]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Put these arrays in the places that ``get_weights`` lists."""
        self._require_built("set_weights")
        put_weights(self, weights)

    def config(self) -> dict[str, Any]:
        """What it takes to build the same network."""
        return {
            "layers": self.layers,
            "input_shape": self.input_shape,
            "seed": self.seed,
            "name": self.name,
        }

    def __repr__(self) -> str:
        return f"Sequential([{', '.join(map(repr, self.layers))}])"

"""The pictures of ``mc.viz``, each with what it shows in words and how to read it.

They need matplotlib. A picture that does not suit the network, or fails, is named with the
reason, and the others are there all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minicnn import explain, viz
from minicnn.errors import MinicnnError
from minicnn.layers import Conv2D
from minicnn.metrics import auc, calibration, confusion_matrix, precision, recall
from minicnn.report.images import drawing
from minicnn.report.looking import Answers
from minicnn.report.markup import Html, tag
from minicnn.report.words import percent
from minicnn.training import GradientNorms
from minicnn.typing import Array
from minicnn.viz.canvas import PlotsMissingError
from minicnn.viz.thresholds import area_said

WIDTH = 28  # signs above a picture


class Drawn(NamedTuple):
    """A figure, and what it shows."""

    figure: Any
    words: str
    photographs: bool = False


class Insights:
    """Draws figures, and keeps the names of those that need matplotlib."""

    def __init__(self) -> None:
        self.missing: list[str] = []

    def figure(self, title: str, reading: str, draw: Callable[[], Drawn]) -> Html:
        """One figure with its caption; or why it is not there."""
        try:
            drawn = draw()
            image = drawing(drawn.figure, title, drawn.words, drawn.photographs)
        except PlotsMissingError:
            self.missing.append(title)
            return Html()
        except Exception as error:
            said = str(error) if isinstance(error, MinicnnError) else repr(error)
            return tag("p", tag("b", f"{title}: "), f"not drawn: {said}", class_="missing")
        return tag(
            "figure", tag("figcaption", tag("h3", title), tag("p", reading)), image, class_="card"
        )

    def what_is_missing(self) -> Html:
        """One line for all pictures that need matplotlib, and how to get it."""
        if not self.missing:
            return Html()
        return tag(
            "p", f"Not drawn, because matplotlib is not installed: {', '.join(self.missing)}. "
            "They will be there after ", tag("code", "pip install 'minicnn-textbook[plots]'"), ".",
            class_="missing",
        )  # fmt: skip

    # ---- of the network ------------------------------------------------------------------------

    def diagram(self, model: Any) -> Html:
        """The network as a figure, layer below layer, with the shape of what each gives."""
        rows = model.summary(print_fn=None).rows
        chain = "; ".join(f"{r.name} gives {'×'.join(map(str, r.output_shape))}" for r in rows)
        words = f"From {'×'.join(map(str, model.input_shape))} downwards: {chain}."
        return self.figure(
            "The network, drawn",
            "A line for each layer. To the left the pixels across, to the right the kinds of maps, "
            "both by the logarithm: each pool shortens the left bar by the same piece.",
            lambda: Drawn(viz.diagram(model), words),
        )

    def filters(self, model: Any) -> Html:
        """Those of the first convolution."""
        first = next((layer for layer in model.walk() if isinstance(layer, Conv2D)), None)
        if first is None:
            return Html()

        def draw() -> Drawn:
            W = first.params["W"]
            KH, KW, C, F = W.shape
            words = (
                f"{min(F, 16)} of {F} filters of {first.path}, each {KH}×{KW} over {C} channels; "
                f"weights from {float(W.min()):.2g} to {float(W.max()):.2g}."
            )
            return Drawn(viz.filters(first), words)

        return self.figure(
            f"Filters of {first.path}",
            "Middle grey is 0, brighter adds, darker takes away. Smooth patterns were learnt; what "
            "looks like noise has hardly moved from how it began.",
            draw,
        )

    def gradient_flow(self, model: Any) -> Html:
        """If the run has kept the lengths of its gradients."""
        norms = [step for step in model.trainer.gradients if isinstance(step, GradientNorms)]
        if not norms or not norms[0].norms:
            return Html()

        def draw() -> Drawn:
            middles = ", ".join(
                f"{path} {np.median(lengths):.2g}" for path, lengths in norms[0].norms.items()
            )
            return Drawn(viz.gradient_flow(norms[0]), f"Median lengths of gradients: {middles}.")

        return self.figure(
            "Lengths of the gradients",
            "A line for each layer, from the first (dark) to the last. Lines that fall apart by "
            "powers of ten tell of gradients that vanish or explode; spikes, of steps too long.",
            draw,
        )

    def augmentation(self, pictures: Array, augment: Any, seed: int) -> Html:
        """What an epoch makes of three training pictures."""
        if augment is None or pictures.dtype != np.uint8:
            return Html()
        words = f"{len(pictures)} training pictures, each as it is and as six epochs would show it."
        return self.figure(
            "Augmentation",
            "The label stays, so each version should still be what it says.",
            lambda: Drawn(viz.augmentation(pictures, augment, seed=seed), words, True),
        )

    # ---- of pictures ---------------------------------------------------------------------------

    def feature_maps(self, model: Any, picture: Array, name: str) -> Html:
        """One picture's way through all layers."""

        def draw() -> Drawn:
            outputs = model.layer_outputs(picture[None])
            zeros = ", ".join(f"{path} {percent(np.mean(y == 0))}" for path, y in outputs.items())
            words = f"What each layer makes of {name}. Share of zeros: {zeros}."
            return Drawn(viz.feature_maps(model, picture), words, True)

        return self.figure(
            "One picture’s way through the network",
            f"Every map of every layer for {name}. Black is 0; the share of zeros, above each "
            "layer, is how much of the picture it has let go.",
            draw,
        )

    def evidence(self, model: Any, answers: Answers, places: list[int]) -> Html:
        """Where in some pictures the evidence lies."""
        x = answers.samples.x[places]
        side = min(x.shape[1:3])

        def draw() -> Drawn:
            size = max(side // 8, 2)
            maps = {
                "Grad-CAM": explain.gradcam(model, x),
                "place by place": explain.gradcam(model, x, average=False),
                "occlusion": explain.occlusion(model, x, size=size, stride=-(-size * 2 // 3)),
            }
            said = "; ".join(
                f"{answers.samples.names[i]} {answers.verdict(i)}: "
                + ", ".join(f"{name} at most {found[k].max():.2g}" for name, found in maps.items())
                for k, i in enumerate(places)
            )
            captions = [_title(answers.verdict(i)) for i in places]
            return Drawn(viz.evidence(_as_shown(x), maps, captions), f"{said}.", True)

        return self.figure(
            "Where the evidence lies",
            "Bright where the network found what speaks for its answer, by three methods; the line "
            "goes around the upper half. Where they agree, believe them. “At most” is how far "
            "the score moves.",
            draw,
        )

    # ---- of probabilities ----------------------------------------------------------------------

    def thresholds(self, truth: Array, p: Array, classes: list[str]) -> Html:
        """ROC, precision and recall, calibration: for two classes."""
        zero, one = classes
        table = confusion_matrix(truth, p)
        alarms = table[0, 1] / max(table[0].sum(), 1)

        def believed() -> Drawn:
            found = calibration(truth, p)
            gap = np.abs(found.predicted - found.observed) @ found.counts / found.counts.sum()
            bins = ", ".join(
                f"{percent(o)} at {percent(q)} ({n:,})"
                for q, o, n in zip(found.predicted, found.observed, found.counts, strict=True)
            )
            words = f"Share of {one} at each probability, and how many: {bins}. "
            return Drawn(viz.calibration(truth, p), f"{words}Mean distance {percent(gap)}.")

        return tag("div", *(
            self.figure(
                "ROC curve",
                f"Class 0 is {zero}, class 1 is {one}. The square is the threshold of one half; "
                "the nearer the curve to the upper left corner, the better the ranking.",
                lambda: Drawn(
                    viz.roc(truth, p),
                    f"Area under the ROC curve {area_said(auc(truth, p))}. At one half, "
                    f"{percent(recall(table))} of {one} and {percent(alarms)} of {zero} are called "
                    f"{one}.",
                ),
            ),
            self.figure(
                "Precision and recall",
                f"To find more of {one} (to the right) costs precision (downwards).",
                lambda: Drawn(
                    viz.precision_recall(truth, p),
                    f"At the threshold of one half, precision is {percent(precision(table))} and "
                    f"recall {percent(recall(table))}.",
                ),
            ),
            self.figure(
                "Calibration",
                "On the dotted line, 80 % means 80 %. Above it the network is too modest, below it "
                "too bold. The bars say how many got that probability.",
                believed,
            ),
        ), class_="trio")  # fmt: skip


def _title(verdict: str) -> str:
    """A verdict above a picture, in lines that fit."""
    lines = verdict.split(", ")
    lines = [line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in lines]
    return "\n".join(lines)


def _as_shown(x: Array) -> Array:
    """Pictures whose floats lie between 0 and 1, for looking at."""
    if x.dtype == np.uint8 or (x.min() >= 0 and x.max() <= 1):
        return x
    return np.asarray((x - x.min()) / max(float(x.max() - x.min()), 1e-12))

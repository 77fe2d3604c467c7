"""Draw the pictures of lesson 11: ``python docs/pictures/course/lesson_11.py`` (two minutes).

It trains one small network three times on the same 200 drawn pets.
"""

import numpy as np
from plots import BLUE, GREY, INK, ORANGE, keep, new_figure

import minicnn as mc
from minicnn import viz
from minicnn.data import augment

SIZE, EPOCHS = (48, 48), 60
GENTLY = augment.Augmentation(
    augment.Flip(), augment.Shift(0.1, 0.1), augment.Rotation(10), augment.Zoom(0.1)
)


def network(rate: float) -> mc.Sequential:
    """Three rounds of convolution, and Dropout before the dense layers."""
    model = mc.Sequential([
        mc.Conv2D(16, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Conv2D(32, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Conv2D(64, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Flatten(), mc.Dropout(rate), mc.Dense(64, activation="relu"),
        mc.Dense(1, activation="sigmoid"),
    ], input_shape=(*SIZE, 3), seed=0)  # fmt: skip
    model.compile(mc.Adam(5e-4), "binary_crossentropy", ["accuracy"])
    return model


def curves() -> None:
    """Training and validation loss, without and with each remedy."""
    x, y = mc.data.drawn_pets(200, SIZE, seed=0)
    unseen = mc.data.drawn_pets(400, SIZE, seed=1)
    figure = new_figure(7.8, 3.3)
    remedies = [
        ("nothing done", 0.0, None),
        ("with dropout", 0.5, None),
        ("augmented", 0.0, GENTLY),
    ]
    every = figure.subplots(1, 3, sharex=True, sharey=True)
    for axes, (name, rate, change) in zip(every, remedies, strict=True):
        pictures = mc.data.Pictures(x, y, augment=change)
        model = network(rate)
        logs = model.fit(pictures, epochs=EPOCHS, validation_data=unseen, verbose=0).history
        epochs = np.arange(1, EPOCHS + 1)
        axes.fill_between(epochs, logs["loss"], logs["val_loss"], color=GREY, alpha=0.25, lw=0)
        axes.plot(epochs, logs["loss"], color=BLUE, lw=2, label="it trains on these")
        axes.plot(epochs, logs["val_loss"], "--", color=ORANGE, lw=2, label="it never sees these")
        best = int(np.argmin(logs["val_loss"]))
        axes.plot(best + 1, logs["val_loss"][best], "o", color=INK, markersize=7)
        axes.set_title(name, fontsize=13)
        axes.set(xlabel="epoch", ylim=(0, 0.9), xlim=(1, EPOCHS))
        axes.spines[["top", "right"]].set_visible(False)
        last = np.mean(logs["val_loss"][-10:])
        print(f"{name}: lowest {logs['val_loss'][best]:.2f} in epoch {best + 1}, the last ten "
              f"{last:.2f}; training {np.mean(logs['loss'][-10:]):.2f}; accuracy on new pictures "
              f"{np.mean(logs['val_accuracy'][-10:]):.0%}")  # fmt: skip
    every[0].set_ylabel("loss")
    every[2].legend(loc="upper right", frameon=False, fontsize=10.5, borderpad=0)
    keep(figure, "11-curves", dpi=130)


def versions() -> None:
    """One pet, as six epochs show it."""
    x, y = mc.data.drawn_pets(10, (110, 110), seed=4)
    shown = [1, int(np.flatnonzero(y == 1)[1])]  # a cat and a dog
    keep(viz.augmentation(x[shown], GENTLY, versions=5), "11-augmentation", dpi=100)


if __name__ == "__main__":
    versions()
    curves()

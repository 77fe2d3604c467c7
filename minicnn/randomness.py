"""Named randomness (used by everyone who draws, knows nobody).

Nothing in minicnn draws from a global state. Every draw has a name, such as
``(seed, "shuffle", epoch)``, and a counter-based generator (Philox 4x64) turns that name
into numbers. So equal seeds give equal runs whatever the number of threads, a run that was
interrupted goes on with the very same numbers, and a GPU can compute the i-th number of a
stream without the i-1 before it.

>>> generator(0, "shuffle", 3).permutation(5)
array([3, 2, 0, 1, 4])
>>> generator(0, "shuffle", 3).permutation(5)      # the same name, the same draw
array([3, 2, 0, 1, 4])
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from minicnn.arguments import is_whole
from minicnn.errors import ConfigError

Name = str | int


def philox_key(seed: int, *names: Name) -> tuple[int, int]:
    """Two 64-bit words that stand for ``(seed, *names)``: equal names, equal key."""
    if not is_whole(seed):
        raise ConfigError(f"expected a seed that is a whole number, got {seed!r}; such as seed=0")
    words = [int(seed), *(str(n) if isinstance(n, str) else int(n) for n in names)]
    text = "\x1f".join(map(repr, words))  # "3" and 3 stay apart
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def generator(seed: int, *names: Name) -> np.random.Generator:
    """A NumPy generator for the draw called ``names`` in the run with this ``seed``."""
    return np.random.Generator(np.random.Philox(key=np.array(philox_key(seed, *names), np.uint64)))


@dataclass(frozen=True, slots=True)
class Moment:
    """When in a training run: what layers that draw get in place of ``training=True``.

    ``layer.forward(x, training=Moment(seed, epoch, step))`` trains, as ``True`` does, and
    tells a Dropout which mask to draw. ``sample`` is the place in the batch of ``x[0]``, so
    that a batch cut into blocks draws what the whole batch would have drawn.
    """

    seed: int = 0
    epoch: int = 0
    step: int = 0
    sample: int = 0

    @classmethod
    def of(cls, training: bool | Moment) -> Moment:
        """``training`` itself if it is a moment; the first moment of seed 0 if it is ``True``."""
        return training if isinstance(training, Moment) else cls()

    def at_sample(self, sample: int) -> Moment:
        """The same moment for a block that starts ``sample`` places further into the batch."""
        return replace(self, sample=self.sample + sample)

    def key(self, layer: str) -> tuple[int, int]:
        """The Philox key of what ``layer`` draws at this moment (the sample is the counter's)."""
        return philox_key(self.seed, "layer", layer, self.epoch, self.step)

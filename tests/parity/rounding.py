"""How far rounding alone leads ten float32 steps: why the tests compare single ones.

    python -m tests.parity.rounding

trains each network again and again, each time with its starting weights moved by at most one
unit in the last place, and prints how far (rms) each array ends from the float64 answer. Under
OPENBLAS_CORETYPE=Haswell, and others, it prints what another processor would.
"""

from dataclasses import dataclass

import numpy as np

from tests.parity import answers, cases, checks, drawing

RUNS = 12


@dataclass(frozen=True)
class Shaken(cases.NetworkCase):
    """The same network from weights that differ in the last bit."""

    run: int = 0

    def weights(self, shapes, dtype):
        return [
            np.nextafter(w, w + drawing.whole(f"{self.run}/{i}", w.shape, 3).astype(dtype) - 1)
            for i, w in enumerate(super().weights(shapes, dtype))
        ]


def main() -> None:
    for case in cases.NETWORKS:
        exact = answers.load(answers.RECORDED / f"{case.name}-float64.npz")[case.name]
        keras = answers.load(answers.RECORDED / f"{case.name}-float32.npz")[case.name]
        runs = [checks.trained(Shaken(**vars(case), run=run), "float32") for run in range(RUNS)]
        print(f"\n{case.name}: distance from float64\n{'':16} Keras    minicnn: median, worst")
        for what, expected in exact.items():
            ours = [checks.rms(run[what], expected) for run in runs]
            print(
                f"{what:16} {checks.rms(keras[what], expected):.0e}    "
                f"{np.median(ours):.0e}, {max(ours):.0e}"
            )


if __name__ == "__main__":
    main()

"""Random networks, run by the engine in every way it knows: what the plain loop computes."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import minicnn as mc
from benchmarks.campaigns.campaign import Campaign, DefectError
from tests.engine import test_equality

CHECKS = {
    "trained": test_equality.test_training_is_that_of_the_plain_loop,
    "asked for answers": test_equality.test_prediction_is_that_of_the_plain_loop,
}
AT_ONCE = 5  # of a seed: the first that hypothesis draws is always the simplest


class RandomNetworks(Campaign):
    """The tests' own bodies and tolerances, on networks that no test has seen."""

    name = "networks"
    promise = f"{AT_ONCE} networks each compute what the plain loop does"
    small = 12

    def case(self, random: Random, folder: Path) -> str:
        word = random.choice(sorted(CHECKS))
        body = CHECKS[word].hypothesis.inner_test
        more = [st.sampled_from([False, True, mc.Moment(3, 1, 4)])] if word == "trained" else []

        @seed(random.randrange(2**32))
        @settings(
            max_examples=AT_ONCE, deadline=None, database=None, derandomize=False,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck), print_blob=False,
        )  # fmt: skip
        @given(st.tuples(test_equality.situations(), *more))
        def check(drawn: tuple[object, ...]) -> None:
            body(*drawn)

        try:
            check()
        except AssertionError as error:
            raise DefectError(f"{word}: {' '.join(str(error).split())[:200]}") from error
        finally:
            mc.set_threads(None)
        return f"times {AT_ONCE} {word}"

"""How often hypothesis tries, for tests whose examples cost much less or much more than most."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import HealthCheck, settings

USUAL = 25  # examples in `make test`


def examples(count: int, also_fine: Iterable[HealthCheck] = ()) -> settings:
    """``@examples(100)``: four times as many as usual, however hard the profile tries.

    A plain ``@settings(max_examples=100)`` would try no harder in ``make test-thorough``, and one
    that suppresses a health check would bring back those that the profile suppresses: too slow,
    says hypothesis then, on a busy machine.
    """
    profile = settings()
    return settings(
        max_examples=max(1, count * profile.max_examples // USUAL),
        suppress_health_check=[*profile.suppress_health_check, *also_fine],
    )

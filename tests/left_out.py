"""What a run has left out, and what brings it back: the last line of ``make test``.

A test that needs more than Python says so with ``needs``, in words that this line can repeat:
which tests, what is missing, and what to do about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest


def needs(there: object, tests: str, cure: str) -> pytest.MarkDecorator:
    """Skip unless it is there: ``needs(shutil.which("g++"), "of kernels", "no g++: get one")``."""
    return pytest.mark.skipif(not there, reason=because(tests, cure))


def because(tests: str, cure: str) -> str:
    """The reason of a skip, for those that are found out within a test or a fixture."""
    return f"tests {tests} ({cure})"


def in_one_line(reasons: Iterable[str]) -> str:
    """How many tests were skipped for which reason, most first; nothing if none was.

    Equal counts stand in the order of their words: workers report in another order each time.

    >>> in_one_line(["tests of kernels (no g++: get one)"] * 2 + ["no fork here"])
    'left out: 2 tests of kernels (no g++: get one); 1 test (no fork here)'
    """
    counted = sorted(Counter(reasons).items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{count} {_agreeing(count, reason)}" for reason, count in counted]
    return f"left out: {'; '.join(parts)}" if parts else ""


def _agreeing(count: int, reason: str) -> str:
    text = reason if reason.startswith("tests ") else f"tests ({reason})"
    return text if count > 1 else text.replace("tests", "test", 1)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: after pytest's own last words
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker of pytest-xdist: who started it has all the reports
        return
    skipped = reporter.stats.get("skipped", [])
    if line := in_one_line(report.longrepr[2].removeprefix("Skipped: ") for report in skipped):
        reporter.write_line(line)

"""The tests in another order: ``pytest -p tests.shuffle --shuffle=3``.

Files change places, and the tests within a file. A file stays together, for what it has set up
for all its tests would else be set up for nearly each of them.
"""

from __future__ import annotations

import random

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    help = "run the tests in the order that this number stands for"
    parser.addoption("--shuffle", type=int, metavar="SEED", help=help)


@pytest.hookimpl(tryfirst=True)  # afterwards pytest brings those together that share a parameter
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("shuffle")
    if seed is None:
        return
    chance = random.Random(seed)
    files: dict[object, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    groups = list(files.values())
    chance.shuffle(groups)
    for group in groups:
        chance.shuffle(group)
    items[:] = [item for group in groups for item in group]

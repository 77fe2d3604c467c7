"""JSON from a file that anyone may have written.

Python's parser calls itself for each bracket. Ten thousand of them, one in another, end in a
``RecursionError`` on most machines, but in a browser they are the end of Python itself. So the
brackets are counted first.

>>> parse('{"a": [1, 2]}')
{'a': [1, 2]}
"""

from __future__ import annotations

import json
import re
from typing import Any

from minicnn.errors import SavingError

DEEPEST = 200  # brackets in brackets; a layer in a layer in a layer takes three each
# Each string is one token, to its end or to that of the text, so that no byte is looked at twice.
TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|([\[{])|[\]}]', re.DOTALL)


def parse(text: str, **options: Any) -> Any:
    """``json.loads(text, **options)``, unless it is nested too deep."""
    check_depth(text)
    return json.loads(text, **options)


def check_depth(text: str) -> None:
    """Raise unless brackets stand at most ``DEEPEST`` deep in one another."""
    depth = 0
    for token in TOKENS.finditer(text):
        if token[1]:
            depth += 1
            if depth > DEEPEST:
                raise SavingError(f"expected JSON of at most {DEEPEST} levels, got more")
        elif token[0][0] != '"':
            depth -= 1

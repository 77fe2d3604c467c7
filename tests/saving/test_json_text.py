"""JSON that anyone may have written: nested too deep it is refused before it is parsed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.saving import json_text
from minicnn.saving.json_text import DEEPEST

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(PLAIN, st.booleans(), st.integers(0, 6))
def test_what_is_flat_enough_is_read_as_ever_and_nothing_else(
    value: Any, escaped: bool, deepest: int
) -> None:
    """Brackets, quotes and backslashes in texts count for nothing."""
    text = json.dumps(value, ensure_ascii=escaped)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "DEEPEST", deepest)
        if depth(value) <= deepest:
            assert json_text.parse(text) == value
        else:
            with pytest.raises(mc.SavingError, match=f"at most {deepest} levels, got more"):
                json_text.parse(text)


@pytest.mark.parametrize("bracket", ["[", '{"a":', '"]" [', "]["])
def test_too_deep(bracket: str) -> None:
    text = bracket * 10**5
    with pytest.raises((mc.SavingError, ValueError)):
        json_text.parse(text)
    with pytest.raises(mc.SavingError):
        json_text.check_depth("[" * (DEEPEST + 1))
    json_text.check_depth("[" * DEEPEST + "]" * DEEPEST + "[]")


@given(st.text('"\\[]{}:,1 ', max_size=30))
def test_any_text_is_read_or_refused_as_python_would(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(json.JSONDecodeError):
            json_text.parse(text)
    else:
        assert json_text.parse(text) == expected


@pytest.mark.parametrize("hard", ['"' + '\\"' * 500_000, '"\\' * 500_000, '""' * 500_000])
def test_no_text_takes_longer_than_its_length(hard: str) -> None:
    """A million characters take a moment; a search that began anew at each quote took hours."""
    json_text.check_depth(hard)

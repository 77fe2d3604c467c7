"""Every public name has words of its own; an override has them where it adds something.

ruff asks for the docstrings of modules, classes and functions. Of methods it can't tell which one
overrides another: the words of the base class then hold, and `help` and the reference show them.
"""

import importlib
import inspect
import pkgutil
import re

import pytest

import minicnn

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(minicnn.__path__, "minicnn.")
    if not module.name.endswith("__main__")
)
LEAST_WORDS = 4  # fewer say no more than the name does


def methods(cls):
    """The public methods and properties that a class writes itself, with their docstrings."""
    for name, thing in vars(cls).items():
        written = inspect.isfunction(thing) and thing.__name__ != "<lambda>"  # or a field's value
        written |= isinstance(thing, property | classmethod | staticmethod)
        if written and not name.startswith("_"):
            yield name, thing.__doc__ or ""


def inherited(cls, name):
    """Whether a base class of ours, or of Python's, has words for this method."""
    return any(name in vars(base) and vars(base)[name].__doc__ for base in cls.__mro__[1:])


@pytest.mark.parametrize("module", MODULES)
def test_every_method_has_words_of_its_own_or_its_base_class_s(module):
    for cls in vars(importlib.import_module(module)).values():
        if not inspect.isclass(cls) or cls.__module__ != module or cls.__name__.startswith("_"):
            continue
        for name, words in methods(cls):
            where = f"{module}.{cls.__qualname__}.{name}"
            assert words or inherited(cls, name), f"{where}: no docstring"
            if words and inherited(cls, name):
                assert len(words.split()) >= LEAST_WORDS, f"{where}: say why, or nothing: {words}"
            assert not re.fullmatch(r"As :meth:`[\w.]+`\.", words.strip()), f"{where}: {words}"


@pytest.mark.parametrize("module", MODULES)
def test_no_module_says_on_which_floor_it_stands(module):
    """pyproject.toml knows, and import-linter keeps it."""
    assert not re.search(r"\(floor [\d.]+", importlib.import_module(module).__doc__ or "")

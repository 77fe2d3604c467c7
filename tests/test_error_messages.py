"""Every message in the package's source speaks one dialect: expected …, got …; do ….

What the messages say of a certain mistake is in test_errors.py and beside each part; here the
source is read, so that one which no test provokes speaks like the others.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import minicnn as mc
from minicnn import errors

PACKAGE = Path(mc.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
HOLE = "…"  # stands for what an f-string puts in

KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
KINDS |= {"MisuseError", "PlotsMissingError"}

# Findings, of which a report lists many; docs/house.md says so.
FINDINGS = {"PictureError", "ConformanceError"}

# Wholes of which a part is a message already, or the constant that holds it.
AROUND_ANOTHER = {
    "…",
    "…; or put ….zip, or the folder in it, into …",
    "…: cannot go on from here: …",
    'backend "cupy": …',
    'backend "cupy": … (…)',
}


def words(node: ast.AST) -> str:
    """The text of a string as far as the source tells it."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else HOLE
    if isinstance(node, ast.JoinedStr):
        return re.sub(f"{HOLE}+", HOLE, "".join(map(words, node.values)))
    if isinstance(node, ast.BinOp):
        return words(node.left) + words(node.right)
    return HOLE


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each string that is no docstring, with its line."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.JoinedStr) or (
            isinstance(child, ast.Constant) and isinstance(child.value, str)
        ):
            yield child.lineno, words(child)
        else:
            yield from texts(child)


def raised(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Each error of minicnn that is made with a message: line, kind, text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            kind = ast.unparse(node.func).rpartition(".")[2]
            if kind in KINDS:
                yield node.lineno, kind, words(node.args[0])


def complaint(text: str) -> str | None:
    """What is wrong with a message that says what was expected.

    >>> complaint("Dense: expected units above 0, got …; give some")
    >>> complaint("expected units above 0; … came. Give some.")
    'says nothing after ", got"'
    """
    if not re.search(r"expected .*(, got\b|\bgot |, got:)", text, re.DOTALL):
        return 'says nothing after ", got"'
    if re.search(r"[.!?] [A-Z]|(?<!\.)\.$", text):
        return "is more than one sentence, or ends like one"
    return None


def test_the_rules_know_a_bad_message_from_a_good_one() -> None:
    assert complaint("Dense: expected units above 0, got …; give some") is None
    assert complaint("expected units above 0, got: …") is None
    for bad in (
        "expected units above 0; … came",
        "expected to write, but: …",
        "expected a list; there is …, give one",
        "expected units, got …. Give some",
        "expected units, got … .",
    ):
        assert complaint(bad) is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_messages_say_what_was_expected_and_what_they_got(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bad = [
        f"line {line}: {text!r} {why}"
        for line, text in texts(tree)
        if re.search(r"(^|: )expected ", text) and (why := complaint(text))
    ]
    for line, kind, text in raised(tree):
        is_whole = text in AROUND_ANOTHER or kind in FINDINGS or "expected " in text
        if not is_whole:
            bad.append(f"line {line}: {kind} {text!r} does not say what was expected")
        if re.search(r"\bcame\b|\bbut: ", text):
            bad.append(f"line {line}: {kind} {text!r} is of another dialect")
    assert bad == []


def test_the_source_is_really_read() -> None:
    found = [message for path in FILES for message in raised(ast.parse(path.read_text("utf-8")))]
    assert len(found) > 250
    assert {kind for _, kind, _ in found} >= {"ConfigError", "DataError", "SavingError"}

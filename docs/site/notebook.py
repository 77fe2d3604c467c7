"""A page of docs/ as a Jupyter notebook that runs from top to bottom.

Text stays text, with its pictures inside. A session becomes cells without the prompts, one for
each output; a script becomes one cell; library code that a page shows is fetched by ``inspect``, so
that it is the code that runs. Solutions are folded. All is plain dictionaries: no package needed.
"""

import base64
import doctest
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})(?:\{(?P<kind>[\w-]+)\}|(?P<language>\w+))?[ ]*(?P<title>[^\n]*)\n"
    r"(?P<body>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
WORDS = r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"  # brackets may stand in them, and ends of lines
PICTURE = re.compile(rf"!{WORDS}\(([^)\s]+)\)")
LINK = re.compile(rf"(?<![!\w]){WORDS}\(([^)\s]+)\)")  # not the call in `layers[0](x)`
OPTION = re.compile(r"^:([\w-]+):[ ]*(.*)\n?", re.MULTILINE)
OPTIONS = re.compile(r"\A(?::[\w-]+:[^\n]*\n?)+")  # at the top: a listing inside has its own
TARGET = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)
ADMONITIONS = ("note", "tip", "hint", "important", "warning", "caution", "seealso", "admonition")

Cell = dict[str, Any]


def notebook(page: Path) -> dict[str, Any]:
    """The whole notebook of a page, not yet run."""
    cells = list(cells_of(page.read_text(encoding="utf-8"), page))
    where = page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name
    made = f"*Made from `{where}` of minicnn. To run it: `pip install PATH-TO-THE-CLONE`.*"
    cells.insert(1, text_cell(made))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def cells_of(text: str, page: Path, folded: bool = False) -> Iterator[Cell]:
    """The cells of a piece of a page; ``folded`` for what stands in a solution."""
    prose, end = "", 0
    for fence in FENCE.finditer(text):
        prose, end = prose + text[end : fence.start()], fence.end()
        if fence["fence"][0] == "`" and not _is_code(fence):
            prose += _as_markdown(fence, page)
            continue
        yield from prose_cells(prose, page, folded)
        prose = ""
        yield from _fence_cells(fence, page, folded)
    yield from prose_cells(prose + text[end:], page, folded)


def _is_code(fence: re.Match[str]) -> bool:
    if fence["kind"] == "literalinclude":
        return "pyobject" in dict(OPTION.findall(fence["body"])) and "minicnn/" in fence["title"]
    return fence["language"] == "python" and not fence["body"].startswith("# from minicnn/")


def _as_markdown(fence: re.Match[str], page: Path) -> str:
    """A fence that is shown and not run, as plain Markdown."""
    kind, body = fence["kind"], OPTIONS.sub("", fence["body"])
    if kind is None:
        return fence[0]
    if kind == "code-block":
        return f"```{fence['title']}\n{body}```"
    if kind == "literalinclude":
        return f"```python\n{_piece(fence, page)}\n```"
    if kind == "math":
        return f"$$\n{body}$$"
    if kind in ("figure", "image"):
        options = dict(OPTION.findall(fence["body"]))
        return f"![{options.get('alt', '')}]({fence['title'].strip()})\n\n{body.strip()}"
    if kind in ADMONITIONS:
        return _quoted(kind, fence["title"], body)
    raise ValueError(f"{page.name}: a notebook cannot hold the directive {{{kind}}}")


def _fence_cells(fence: re.Match[str], page: Path, folded: bool) -> Iterator[Cell]:
    kind, body = fence["kind"], OPTIONS.sub("", fence["body"])
    if kind == "literalinclude":
        yield code_cell(_fetched_by_inspect(fence), folded, shows_code=True)
    elif fence["language"] == "python":
        yield from code_cells(fence["body"], folded)
    elif kind == "dropdown":
        title = fence["title"].strip() or "Solution"
        yield from cells_of(f"**{title}**\n\n{body}", page, folded=True)
    elif kind in ADMONITIONS:
        yield from prose_cells(_quoted(kind, fence["title"], body), page, folded)
    else:
        raise ValueError(f"{page.name}: a notebook cannot hold :::{{{kind}}}")


def _quoted(kind: str, title: str, body: str) -> str:
    heading = title.strip() or kind.capitalize()
    lines = f"**{heading}.** {body.strip()}".split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines) + "\n"


# ---- text ----------------------------------------------------------------------------------------


def prose_cells(prose: str, page: Path, folded: bool) -> Iterator[Cell]:
    """One cell of text with its pictures, or none; solutions are folded away."""
    prose = TARGET.sub("", prose).strip("\n")
    if not prose.strip():
        return
    pictures: dict[str, Any] = {}

    def embedded(found: re.Match[str]) -> str:
        file = page.parent / found[2]
        data = base64.b64encode(file.read_bytes()).decode("ascii")
        pictures[file.name] = {"image/png": data}
        return f"![{found[1]}](attachment:{file.name})"

    prose = LINK.sub(_followed, PICTURE.sub(embedded, prose))
    if folded:
        title, _, rest = prose.partition("\n\n") if prose.startswith("**") else ("", "", prose)
        summary = title.strip("*") or "More"
        prose = f"<details><summary>{summary}</summary>\n\n{rest}\n\n</details>" if rest else title
    yield {**text_cell(prose), **({"attachments": pictures} if pictures else {})}


def _followed(link: re.Match[str]) -> str:
    """Lessons lead to lessons; what is not among the notebooks keeps its words.

    So does what leads to a heading: each program that shows notebooks names them in its own way.
    """
    address = link[2]
    if re.match(r"[a-z]+:", address):
        return link[0]
    lesson = re.fullmatch(r"(\d\d[a-z]?-[\w-]+)\.md(#.*)?", address)
    return f"[{link[1]}]({lesson[1]}.ipynb)" if lesson else link[1]


def text_cell(text: str) -> Cell:
    """A cell of Markdown."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


# ---- code ----------------------------------------------------------------------------------------


def code_cells(listing: str, folded: bool = False) -> Iterator[Cell]:
    """A script as one cell; a session cut behind each output: a cell shows its last one only."""
    if ">>> " not in listing:
        yield code_cell(listing.strip("\n"), folded)
        return
    lines: list[str] = []
    for example in doctest.DocTestParser().get_examples(listing):
        source = example.source.rstrip("\n")
        if example.exc_msg is not None and lines:  # what goes before it runs
            yield code_cell("\n".join(lines), folded)
            lines = []
        lines.append(source)
        if example.want:
            yield code_cell("\n".join(lines), folded, raises=example.exc_msg is not None)
            lines = []
    if lines:
        yield code_cell("\n".join(lines), folded)


def code_cell(
    source: str, folded: bool = False, raises: bool = False, shows_code: bool = False
) -> Cell:
    """A cell to run; ``raises`` says that it is meant to end in an error.

    Folded, its source is hidden, and what it prints, too, if that is the code that it shows.
    """
    metadata: dict[str, Any] = {}
    if folded:
        metadata["jupyter"] = {"source_hidden": True}
        if shows_code:
            metadata["jupyter"]["outputs_hidden"] = True
    if raises:
        metadata["tags"] = ["raises-exception"]
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def _fetched_by_inspect(fence: re.Match[str]) -> str:
    """A cell that prints the source of what it names, and takes no name that a lesson may use."""
    module = fence["title"].strip().rpartition("minicnn/")[2].removesuffix(".py")
    module = f"minicnn.{module.replace('/', '.')}".removesuffix(".__init__")
    name = dict(OPTION.findall(fence["body"]))["pyobject"].strip()
    return (
        "import importlib, inspect\n"
        f'print(inspect.getsource(importlib.import_module("{module}").{name}))'
    )


def _piece(fence: re.Match[str], page: Path) -> str:
    """The lines of a file that a literalinclude shows by their numbers or their neighbours."""
    lines = (page.parent / fence["title"].strip()).read_text(encoding="utf-8").split("\n")
    options = {key: value.strip().strip("\"'") for key, value in OPTION.findall(fence["body"])}
    for key, value in options.items():
        at = next((i for i, line in enumerate(lines) if value in line), None)
        if key in ("start-after", "start-at") and at is not None:
            lines = lines[at + (key == "start-after") :]
        elif key in ("end-before", "end-at") and at is not None:
            lines = lines[: at + (key == "end-at")]
    if "lines" in options:
        spans = [span.strip().partition("-") for span in options["lines"].split(",")]
        lines = [
            line
            for first, dash, last in spans
            for line in lines[int(first or 1) - 1 : int(last or len(lines)) if dash else int(first)]
        ]
    return textwrap.dedent("\n".join(lines)).strip("\n")

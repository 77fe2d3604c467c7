"""docs/site at work: pages as notebooks, docstrings as reference, the proof of nothing fetched."""

import base64
import importlib.util
import re
import sys
from pathlib import Path

import pytest

from tests.docs.test_listings import DOCS

LESSONS = sorted((DOCS / "course").glob("[0-9]*.md"))
PIXEL = bytes.fromhex("89504e470d0a1a0a")  # enough of a PNG to be carried along


def tool(name):
    """A module of docs/site, which is no package."""
    spec = importlib.util.spec_from_file_location(f"site_{name}", DOCS / "site" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


notebook = tool("notebook")
docstrings = tool("docstrings")
sys.modules["notebook"] = notebook  # as the script finds it, beside itself
run_notebooks = tool("run_notebooks")
del sys.modules["notebook"]
nothing_fetched = tool("nothing_fetched")
wide = tool("wide")


def cells(tmp_path, text):
    page = tmp_path / "01-page.md"
    page.write_text(text)
    return list(notebook.cells_of(text, page))


def sources(tmp_path, text):
    return [(cell["cell_type"], cell["source"]) for cell in cells(tmp_path, text)]


# ---- pages as notebooks --------------------------------------------------------------------------


def test_a_session_becomes_a_cell_for_each_output_without_prompts(tmp_path):
    session = ">>> a = 1\n>>> a + 1\n2\n>>> for i in range(2):\n...     b = i\n"
    text = f"Before.\n\n```python\n{session}```\nAfter.\n"
    assert sources(tmp_path, text) == [
        ("markdown", "Before."),
        ("code", "a = 1\na + 1"),
        ("code", "for i in range(2):\n    b = i"),
        ("markdown", "After."),
    ]


def test_a_script_is_one_cell_and_other_fences_stay_text(tmp_path):
    text = "```python\na = 1\n\nb = 2\n```\n\n```sh\nmake test\n```\n\n```text\n>>> no\n```\n"
    (script, prose) = cells(tmp_path, text)
    assert script["source"] == "a = 1\n\nb = 2"
    assert prose["source"] == "```sh\nmake test\n```\n\n```text\n>>> no\n```"


def test_an_excerpt_is_shown_and_not_run(tmp_path):
    text = "```python\n# from minicnn/layers/relu.py\nreturn y\n```\n"
    assert [kind for kind, _ in sources(tmp_path, text)] == ["markdown"]


def test_an_error_that_is_meant_has_a_cell_of_its_own(tmp_path):
    error = "Traceback (most recent call last):\nZeroDivisionError: x\n"
    text = f"```python\n>>> a = 0\n>>> 1 / a\n{error}>>> a\n0\n```\n"
    first, error, last = cells(tmp_path, text)
    assert (first["source"], error["source"], last["source"]) == ("a = 0", "1 / a", "a")
    assert error["metadata"] == {"tags": ["raises-exception"]}
    assert first["metadata"] == last["metadata"] == {}


def test_shown_code_of_the_library_is_fetched_from_the_library_that_runs(tmp_path, capsys):
    text = "```{literalinclude} ../../minicnn/layers/relu.py\n:pyobject: ReLU.forward\n```\n"
    ((kind, source),) = sources(tmp_path, text)
    assert kind == "code"
    names = {"ReLU": "the reader's own"}
    exec(source, names)
    assert "xp.maximum(x, 0)" in capsys.readouterr().out
    assert names["ReLU"] == "the reader's own"


def test_lines_of_a_file_are_copied(tmp_path):
    (tmp_path / "code.txt").write_text("one\ntwo\nthree\nfour\n")
    for options, expected in [
        (":lines: 2-3", "two\nthree"),
        (":lines: 1,4", "one\nfour"),
        (":start-after: one\n:end-before: four", "two\nthree"),
        (":start-at: two\n:end-at: 'three'", "two\nthree"),
    ]:
        text = f"```{{literalinclude}} code.txt\n{options}\n```\n"
        assert sources(tmp_path, text) == [("markdown", f"```python\n{expected}\n```")]


def test_solutions_are_folded_and_run(tmp_path):
    text = "1. Add.\n\n:::{dropdown} Solution\nLike this:\n\n```python\n>>> 1 + 1\n2\n```\n:::\n"
    question, words, code = cells(tmp_path, text)
    assert question["source"] == "1. Add."
    assert words["source"].startswith("<details><summary>Solution</summary>\n\nLike this:")
    assert (code["source"], code["metadata"]) == ("1 + 1", {"jupyter": {"source_hidden": True}})


def test_a_folded_listing_of_the_library_is_folded_with_what_it_prints(tmp_path):
    shown = "```{literalinclude} ../../minicnn/losses/loss.py\n:pyobject: Loss.forward\n```\n"
    folded = f"Text.\n\n:::{{dropdown}} In the library\nWhole.\n\n{shown}:::\n"
    _, words, code = cells(tmp_path, folded)
    assert words["source"].startswith("<details><summary>In the library</summary>")
    assert code["metadata"] == {"jupyter": {"source_hidden": True, "outputs_hidden": True}}
    assert cells(tmp_path, shown)[0]["metadata"] == {}


def test_notes_pictures_mathematics_and_links(tmp_path):
    (tmp_path / "cat.png").write_bytes(PIXEL)
    text = (
        "(top)=\n# One\n\n$x^2$ ![A cat](cat.png) [two](02-more.md) [half](02b-half.md) "
        "[house](../house.md)\n\n"
        ":::{note} Mind\nthe step\n:::\n\n```{math}\n:label: a\nx = 1\n```\n"
    )
    prose, note, mathematics = cells(tmp_path, text)
    assert (
        prose["source"] == "# One\n\n$x^2$ ![A cat](attachment:cat.png) [two](02-more.ipynb) "
        "[half](02b-half.ipynb) house"
    )
    assert list(prose["attachments"]) == ["cat.png"]
    assert note["source"] == "> **Mind.** the step"
    assert mathematics["source"] == "$$\nx = 1\n$$"


def test_what_a_notebook_cannot_hold_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"cannot hold .*tab-set"):
        cells(tmp_path, ":::{tab-set}\n:::\n")


@pytest.mark.parametrize("page", LESSONS, ids=lambda p: p.stem)
def test_every_lesson_is_a_notebook(page):
    made = notebook.notebook(page)
    ids = [cell["id"] for cell in made["cells"]]
    assert len(ids) == len(set(ids)) > 5
    assert made["cells"][0]["source"].startswith("# ")
    code = [cell["source"] for cell in made["cells"] if cell["cell_type"] == "code"]
    assert code
    for source in code:
        compile(source, page.stem, "exec")


TARGET = re.compile(r"\]\(([^)\s]+)\)")  # of a picture or a link, whatever its words hold


@pytest.mark.parametrize("page", LESSONS, ids=lambda p: p.stem)
def test_every_picture_and_link_of_a_notebook_leads_somewhere(page):
    shown = []
    for cell in notebook.notebook(page)["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        for target in TARGET.findall(cell["source"]):
            kind, _, rest = target.partition(":")
            if kind == "attachment":
                picture = base64.b64decode(cell["attachments"][rest]["image/png"], validate=True)
                assert picture.startswith(PIXEL)
                shown.append(rest)
            elif kind not in ("http", "https"):
                assert target.removesuffix(".ipynb") in {p.stem for p in LESSONS}
    text = page.read_text(encoding="utf-8")
    pictures = re.findall(r"(?:pictures|\.\.)/[\w/.-]+/([\w.-]+\.png)", text)
    assert sorted(shown) == sorted(pictures)


def test_words_of_pictures_and_links_may_have_brackets_and_end_a_line(tmp_path):
    (tmp_path / "cat.png").write_bytes(PIXEL)
    text = "![x = [1, 2] and y](cat.png) [the\nhouse](../house.md) [a[0]](02-b.md) `layers[0](x)`\n"
    (cell,) = cells(tmp_path, text)
    assert cell["source"] == (
        "![x = [1, 2] and y](attachment:cat.png) the\nhouse [a[0]](02-b.ipynb) `layers[0](x)`"
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--help"], 0, "usage"),
        ([], 2, "required: TO"),
        (["to", "99-none"], 2, "expected lessons from 01-pictures-as-numbers, "),
        (["to", "--all"], 2, "--all"),
    ],
)
def test_what_is_asked_of_the_notebooks_runner_runs_none(words, code, said, monkeypatch, capsys):
    monkeypatch.setattr(run_notebooks, "run", None)
    with pytest.raises(SystemExit) as done:
        run_notebooks.main(words)
    assert done.value.code == code
    assert said in "".join(capsys.readouterr())


def test_lessons_are_run_by_name_or_all(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setenv("MINICNN_THREADS", "1")
    monkeypatch.setattr(run_notebooks, "run", lambda page, to: ran.append(page.stem))
    assert run_notebooks.main([str(tmp_path / "to"), "04-im2col"]) == 0
    assert ran == ["04-im2col"]
    assert run_notebooks.main([str(tmp_path / "to")]) == 0
    assert sorted(ran[1:]) == [page.stem for page in LESSONS]
    monkeypatch.setattr(run_notebooks, "run", lambda page, to: f"{page.stem}: broken")
    assert run_notebooks.main([str(tmp_path / "to"), "04-im2col"]) == 1


# ---- docstrings as the reference shows them ------------------------------------------------------


def test_a_docstring_keeps_its_words_its_columns_and_its_sessions():
    lines = [
        "x_ * y*: a |bar| of ``a_ * b``, see :class:`Layer`.",
        "",
        "    x (N, C)   W_",
        "    y (N,)",
        "",
        "More, docs/derivations/dense.md.",
        "",
        ">>> a * b_",
        "[*]",
    ]
    assert docstrings.rewritten(lines) == [
        r"x\_ \* y\*: a \|bar\| of ``a_ * b``, see :class:`Layer`.",
        "",
        "::",
        "",
        "    x (N, C)   W_",
        "    y (N,)",
        "",
        "More, :doc:`/derivations/dense`.",
        "",
        ">>> a * b_",
        "[*]",
    ]


def test_a_class_leads_to_its_derivation():
    import minicnn as mc

    assert docstrings.derivation(mc.Dense.__module__)[-1].endswith(":doc:`/derivations/dense`.")
    assert docstrings.derivation("minicnn.errors") == []


# ---- wide pictures -------------------------------------------------------------------------------


def test_pictures_drawn_for_a_desk_get_a_box_if_they_are_wide(tmp_path):
    from PIL import Image

    (tmp_path / "pictures" / "course").mkdir(parents=True)
    for name, across in [("a", 900), ("b", 599), ("course/c", 900), ("course/12-maps", 600)]:
        Image.new("L", (across, 5)).save(tmp_path / "pictures" / f"{name}.png")
    (tmp_path / "pictures" / "no.png").write_bytes(b"GIF89a" + bytes(20))
    patterns = ["pictures/*.png", "course/12-[em]*.png"]
    found = [
        str(path.relative_to(tmp_path / "pictures"))
        for path in sorted(tmp_path.rglob("*.png"))
        if wide.is_wide(path.relative_to(tmp_path).as_posix(), tmp_path, patterns)
    ]
    assert found == ["a.png", "course/12-maps.png"]


# ---- nothing is fetched --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "bad"),
    [
        ('<a href="https://example.org">to click</a>', 0),
        ('<link rel="canonical" href="https://example.org/x">', 0),
        ('<script src="_static/a.js"></script><img src="data:image/png;base64,x">', 0),
        ('<script src="https://cdn.example/a.js"></script>', 1),
        ('<link rel="stylesheet" href="//cdn.example/a.css">', 1),
        ('<link rel="preload stylesheet" href="HTTP://cdn.example/a.css">', 1),
        ('<img src="https://example.org/a.png"><iframe src="//example.org"></iframe>', 2),
        ('<p style="background: url(https://example.org/a.png)">', 1),
        ("<style>@import 'https://fonts.example/a.css';</style>", 1),
    ],
)
def test_what_a_browser_would_fetch_is_found(tmp_path, capsys, html, bad):
    assert nothing_fetched.main(tmp_path) == 1  # no site at all
    capsys.readouterr()
    (tmp_path / "index.html").write_text(html)
    assert nothing_fetched.main(tmp_path) == bool(bad)
    assert capsys.readouterr().out.count("would fetch") == bad


def test_styles_are_read_too(tmp_path):
    (tmp_path / "index.html").write_text("<p>")
    (tmp_path / "a.css").write_text('@font-face { src: url("https://fonts.example/a.woff2"); }')
    assert nothing_fetched.main(Path(tmp_path)) == 1

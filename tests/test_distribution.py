"""What is installed is minicnn-textbook: ``minicnn`` on the index is somebody else's code."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

import minicnn as mc

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAME = PROJECT["name"]
READ = ("minicnn", "docs", "examples", "benchmarks", "tests", ".ci", ".github")
ENDINGS = {".py", ".md", ".mk", ".toml", ".txt", ".sh", ".yml", ".js", ".mjs", ".html"}

# minicnn[plots], and minicnn as a word by itself anywhere behind "pip install" on its line
WITH_EXTRA = re.compile(r"(?<![\w.-])minicnn\\?\[[a-z][\w,-]*\\?\]")
ASKED_FOR = re.compile(r"pip3? (?:install|download)\b[^\n`]*?(?<![\w./-])minicnn(?![\w./-])")
OURS_WITH_EXTRA = re.compile(rf"{NAME}\\?\[([a-z][\w,-]*)\\?\]")


def files():
    """Every text of the project that somebody may read, or copy a command from."""
    built = ROOT / "docs" / "_build"
    for room in READ:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in ENDINGS and built not in path.parents and path.is_file():
                yield path
    yield from (
        path for path in ROOT.iterdir() if path.suffix in ENDINGS or path.stem == "Makefile"
    )


def strangers(text):
    """The places where a text asks pip for the stranger's package."""
    return [match[0] for what in (WITH_EXTRA, ASKED_FOR) for match in what.finditer(text)]


def test_no_message_and_no_page_asks_pip_for_the_strangers_package():
    read = {path: path.read_text(encoding="utf-8") for path in files() if path != Path(__file__)}
    assert len(read) > 300
    assert {path: found for path, text in read.items() if (found := strangers(text))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "pip install 'minicnn[plots]'",
        "take minicnn[cuda12x]",
        r"pip install 'minicnn\[cuda12x\]'",
        "python -m pip install --quiet minicnn",
        "pip install minicnn matplotlib",
        "uv pip install --upgrade minicnn",
        "pip download minicnn",
    ],
)
def test_such_a_line_is_found(line):
    assert strangers(line)


@pytest.mark.parametrize(
    "line",
    [
        f"pip install '{NAME}[plots]'",
        "pip install PATH-TO-THE-CLONE",
        "pip install dist/minicnn_textbook-0.2.0-py3-none-any.whl",
        "`pip install x`, then the command `minicnn`",
        "python -m minicnn predict",
    ],
)
def test_any_other_is_not(line):
    assert not strangers(line)


def test_every_extra_that_is_advised_exists():
    advised = {
        extra
        for path in files()
        for extras in OURS_WITH_EXTRA.findall(path.read_text(encoding="utf-8"))
        for extra in extras.split(",")
    }
    assert {"plots", "cuda12x", "cuda13x"} <= advised
    assert advised <= set(PROJECT["optional-dependencies"])


def test_what_is_installed_has_this_name_and_this_version():
    try:
        installed = distribution(NAME)
    except PackageNotFoundError:
        pytest.skip(f"{NAME} is not installed here: minicnn is run from its folder")
    assert installed.version == mc.__version__ == PROJECT["version"]
    commands = installed.entry_points.select(group="console_scripts")
    assert [(command.name, command.value) for command in commands] == [
        ("minicnn", "minicnn.cli:main")
    ]

"""Exit codes, and errors of one line."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.cli import command_line, evaluate, gradcheck, predict, summary, train
from minicnn.saving import ModelFile
from tests.cli.conftest import save_picture
from tests.effort import examples
from tests.patience import PATIENCE
from tests.systems import needs_signals

TRAIN = ("train", "photographs", "--epochs", "1")

# What was typed, the exit code, and words of the one line that comes of it.
MISTAKES = {
    "no command": ((), 2, "required: <command>"),
    "no such command": (("trian", "x"), 2, "invalid choice: 'trian'"),
    "no photographs": (("train",), 2, "DIR"),
    "the report has taken the folder": (
        ("train", "--report", "photographs"), 2, "--report has taken 'photographs' for its FILE",
    ),
    "two forms at once": (
        ("predict", "model.safetensors", "photographs", "--json", "--csv", "t.csv"),
        2,
        "not allowed with",
    ),
    "a table in the place of a picture": (
        ("predict", "model.safetensors", "photographs", "--csv", "photographs/day/0.png"),
        2,
        "expected a new file for --csv",
    ),
    "a table in the place of the model": (
        ("predict", "model.safetensors", "photographs", "--csv", "./model.safetensors"),
        2,
        "expected a new file for --csv",
    ),
    "photographs and drawings": (("train", "x", "--drawn", "9"), 2, "not allowed with"),
    "no epochs": ((*TRAIN, "--epochs", "0"), 2, "--epochs: expected it to be a whole number"),
    "half an epoch": ((*TRAIN, "--epochs", "0.5"), 2, "got '0.5'"),
    "no batch": ((*TRAIN, "--batch-size", "0"), 2, "at least 1, got 0"),
    "all dropped": ((*TRAIN, "--dropout", "1"), 2, "less than 1, got 1.0"),
    "a step uphill": ((*TRAIN, "--learning-rate=-1"), 2, "above 0, got -1.0"),
    "no number": ((*TRAIN, "--learning-rate", "nan"), 2, "above 0, got nan"),
    "no such recipe": ((*TRAIN, "--augment", "strong"), 2, "invalid choice: 'strong'"),
    "no such backend": ((*TRAIN, "--backend", "tpu"), 2, "invalid choice: 'tpu'"),
    "no threads": ((*TRAIN, "--threads", "0"), 2, "at least 1, got 0"),
    "no such option": ((*TRAIN, "--epoch-count", "9"), 2, "unrecognized arguments"),
    "no such folder": (("train", "nowhere"), 1, "got nothing of this name"),
    "a file for a folder": (("train", "model.safetensors"), 1, "got a file"),
    "an empty folder": (("train", "empty"), 1, "no folder and no picture"),
    "one class": (("train", "one"), 1, "two or more classes"),
    "nothing readable": (("train", "broken"), 1, "could be read"),
    "out is a file": ((*TRAIN, "--out", "model.safetensors"), 1, "model.safetensors"),
    "too few drawn": (("train", "--drawn", "1"), 1, "expected"),
    "no such model": (("predict", "m.safetensors", "x.png"), 1, "no such file"),
    "no model": (("predict", "photographs/day/0.png", "x.png"), 1, "expected a file saved by"),
    "a folder for a model": (("predict", "photographs", "x.png"), 1, "got a folder"),
    "nothing to predict": (("predict", "model.safetensors"), 2, "PICTURE"),
    "an empty folder to predict": (("predict", "model.safetensors", "empty"), 1, "without any"),
    "a model of rows": (("predict", "rows.safetensors", "photographs"), 1, "a model of pictures"),
    "too many names": (("predict", "names.safetensors", "photographs"), 1, "for each of its"),
    "no probabilities": (("predict", "linear.safetensors", "photographs"), 1, "probabilities"),
    "csv under a file": (
        ("predict", "model.safetensors", "photographs", "--csv", "model.safetensors/tags.csv"),
        1,
        "tags.csv",
    ),
    "other classes": (("evaluate", "model.safetensors", "broken"), 1, "only ['cat', 'dog']"),
    "no such part": (
        ("evaluate", "model.safetensors", "photographs", "--part", "test"), 1, "'test' part",
    ),
    "a damaged model": (("evaluate", "damaged.safetensors", "photographs"), 1, "damaged"),
    "no network of this name": (("summary", "resnet"), 1, "resnet"),
    "a layer without a shape": (("gradcheck", "--layer", "a:B"), 2, "--shape together"),
    "a shape of words": (("gradcheck", "--layer", "a:B", "--shape", "8,x"), 2, "got 'x'"),
    "no such module": (
        ("gradcheck", "--layer", "no_such:B", "--shape", "8"), 1, "No module named 'no_such'",
    ),
    "no colon": (("gradcheck", "--layer", "mine.B", "--shape", "8"), 1, "MODULE:NAME"),
}  # fmt: skip


@pytest.fixture
def a_few_files(here: Path, model: str, photographs: Path) -> None:
    (here / "empty").mkdir()
    save_picture(here / "one" / "cat" / "1.png", 9)
    for name in ("cat", "dog"):
        (here / "broken" / name).mkdir(parents=True)
        (here / "broken" / name / "1.png").write_bytes(b"hello")
    rows = mc.Sequential([mc.Dense(1)], input_shape=(3,))
    rows.save("rows.safetensors")
    linear = mc.Sequential([mc.GlobalAvgPool2D(), mc.Dense(2)], input_shape=(8, 8, 3))
    linear.save("linear.safetensors")
    ModelFile.of(linear, ("a", "b", "c")).write("names.safetensors")
    damaged = bytearray((here / model).read_bytes())
    damaged[-3] ^= 1
    (here / "damaged.safetensors").write_bytes(damaged)


@pytest.mark.usefixtures("a_few_files", "small_catdog")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line(minicnn, mistake):
    words, code, complaint = MISTAKES[mistake]
    said = minicnn(*words)
    assert complaint in said.err
    assert said.code == code
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("minicnn")


@pytest.mark.usefixtures("a_few_files", "small_catdog")
@pytest.mark.parametrize("mistake", ["no such folder", "a damaged model", "no such module"])
def test_with_a_wish_for_it_the_traceback_is_shown(minicnn, monkeypatch, mistake):
    monkeypatch.setenv("MINICNN_TRACEBACK", "1")
    words, code, complaint = MISTAKES[mistake]
    said = minicnn(*words)
    assert said.err.startswith("Traceback")
    assert complaint in said.err.splitlines()[-1]
    assert said.code == code


@pytest.mark.usefixtures("small_catdog")
def test_another_run_is_not_gone_on_with(minicnn, photographs):
    minicnn(*TRAIN)
    said = minicnn(*TRAIN, "--resume", "--seed", "1")
    assert said.code == 1
    assert "seed" in said.err
    assert len(said.err.splitlines()) == 1


def test_even_a_bug_is_one_line(minicnn, monkeypatch):
    monkeypatch.setattr("minicnn.zoo.catdog", lambda: 1 / 0)
    said = minicnn("summary", "catdog")
    assert said.code == 1
    assert "expected no ZeroDivisionError ever" in said.err
    assert len(said.err.splitlines()) == 1


WORDS = ["train", "evaluate", "predict", "summary", "gradcheck", "catdog", "nowhere", "-1", "x\ny"]
OPTIONS = ["--json", "--out", "--epochs", "--shape", "--layer", "--help", "--version", "--resume"]


@given(words=st.lists(st.sampled_from(WORDS + OPTIONS) | st.text(max_size=5), max_size=5))
@examples(25, also_fine=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_there_is_a_code_and_at_most_one_line(minicnn, words):
    said = minicnn(*words)
    assert said.code in (0, 1, 2)
    assert len(said.err.splitlines()) == (said.code > 0)
    assert (said.out == "") == (said.code > 0)


# ---- values that make no sense -------------------------------------------------------------------

HUGE = "9" * 25
NO_NUMBERS = ["", " ", "-1", "0", "nan", "inf", "-inf", "1e999", "0x10", "1.5.1", "½", "\0", "a\nb"]
NO_NUMBERS += [HUGE, f"-{HUGE}", "9" * 5000, "x" * 5000]
FITS = {"--seed": {"-1", "0", " 0"}, "--dropout": {"0"}, "--learning-rate": {HUGE}}
ELSE_GIVEN = {
    "train": ["photographs"],
    "evaluate": ["model.safetensors", "photographs"],
    "predict": ["model.safetensors", "photographs"],
    "summary": ["model.safetensors"],
    "gradcheck": ["--layer", "minicnn:ReLU", "--shape", "3"],
}


def options_with_a_value():
    """(command, option) for all that take one, as the parser itself knows them."""
    commands = command_line._parser()._subparsers._group_actions[0].choices
    for name, parser in commands.items():
        for action in parser._actions:
            if action.option_strings and action.nargs != 0:
                yield name, action.option_strings[-1], action


NUMBERS = [
    (command, option)
    for command, option, action in options_with_a_value()
    if action.choices is None and option not in ("--out", "--report", "--csv", "--layer")
]


def test_the_options_with_numbers_are_known():
    assert {option for _, option in NUMBERS} == {
        "--epochs", "--batch-size", "--learning-rate", "--dropout", "--seed", "--patience",
        "--drawn", "--threads", "--shape",
    }  # fmt: skip


@pytest.mark.parametrize(("command", "option"), NUMBERS)
@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda v: repr(v[:8]))
def test_a_number_that_makes_no_sense_is_one_line(minicnn, command, option, value):
    if value in FITS.get(option, ()):
        return
    if command == "train" and option == "--drawn":
        said = minicnn("train", f"{option}={value}")
    else:
        said = minicnn(command, *ELSE_GIVEN[command], f"{option}={value}")
    assert said.code == 2
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(f"minicnn {command}: argument {option}: ")
    assert len(said.err) < 500


@pytest.mark.parametrize("option", ["--out", "--report", "--csv"])
@pytest.mark.parametrize("value", ["", "a\0b"])
def test_a_name_that_names_nothing(minicnn, option, value):
    command = next(command for command, known, _ in options_with_a_value() if known == option)
    said = minicnn(command, *ELSE_GIVEN[command], f"{option}={value}")
    assert (said.code, len(said.err.splitlines())) == (2, 1)


@pytest.mark.parametrize("command", [c for c in ELSE_GIVEN if c != "gradcheck"])
def test_an_empty_name(minicnn, command):
    said = minicnn(command, *["" for _ in ELSE_GIVEN[command]])
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert "expected a name, got ''" in said.err


@pytest.mark.usefixtures("a_few_files", "small_catdog")
@pytest.mark.parametrize(
    "words",
    [
        ("summary", "model.safetensors", "--batch-size", "1000000000"),
        ("evaluate", "model.safetensors", "photographs", "--batch-size", "1000000000"),
        ("evaluate", "model.safetensors", "photographs", "--threads", "1024"),
        ("predict", "model.safetensors", "photographs", "--threads", "1024"),
        (*TRAIN, "--batch-size", "1000000000", "--threads", "1024", "--seed", str(-(2**63))),
        (*TRAIN, "--patience", "1000000000", "--seed", str(2**63 - 1)),
    ],
    ids=lambda words: " ".join(words[-2:]),
)
def test_the_largest_numbers_that_are_taken_work(minicnn, words):
    assert minicnn(*words).code == 0


LONG = "y" * 300


@pytest.mark.usefixtures("a_few_files")
@pytest.mark.parametrize(
    "words",
    [
        ("train", LONG),
        ("train", "--drawn", "9", "--out", LONG),
        ("evaluate", "model.safetensors", LONG),
        ("predict", LONG, "photographs"),
        ("predict", "model.safetensors", "photographs", "--csv", LONG),
        ("summary", LONG),
    ],
    ids=lambda words: " ".join(words)[:20],
)
def test_a_name_that_no_disk_takes_is_one_short_line(minicnn, words):
    said = minicnn(*words)
    assert (said.code, said.out) == (1, "")
    assert "File name too long" in said.err
    assert "[Errno" not in said.err
    assert len(said.err.splitlines()) == 1
    assert len(said.err) < 400


def test_where_memory_is_short_it_is_one_line(minicnn, monkeypatch):
    def greedy(*_):
        raise MemoryError("Unable to allocate 61.4 TiB")

    monkeypatch.setattr(train, "pictures", greedy)
    said = minicnn("train", "--drawn", "9")
    assert said == (1, "", "minicnn: expected enough memory, got: Unable to allocate 61.4 TiB\n")


# ---- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", "train", "evaluate", "predict", "summary", "gradcheck"])
def test_help(minicnn, command):
    said = minicnn(*[command] * bool(command), "--help")
    assert said.code == 0
    assert "usage: minicnn" in said.out
    assert all(len(line) <= 100 for line in said.out.splitlines())


@pytest.mark.parametrize("command", [train, evaluate, predict, summary, gradcheck])
def test_the_examples_of_the_help_can_be_typed(command):
    examples = [line.strip() for line in command.EXAMPLES.splitlines()]
    for example in examples:
        words = re.split(r" {2,}| \| ", example)[0].split()  # the explanation, a pipe
        assert words[0] == "minicnn"
        assert command_line._parser().parse_args(words[1:]).run is command.run


def test_the_version(minicnn):
    assert minicnn("--version") == (0, f"minicnn {mc.__version__}\n", "")


# ---- in a process of its own ---------------------------------------------------------------------

COMMAND = [sys.executable, "-m", "minicnn"]
ROOT = Path(mc.__file__).parents[1]


@pytest.fixture
def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}


def test_the_module_is_the_command(environment):
    done = subprocess.run(
        [*COMMAND, "summary", "catdog"], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "9,494,561" in done.stdout  # and no sign has failed for want of a better terminal


def test_the_installed_script_is_the_same_function():
    script = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'minicnn = "minicnn.cli:main"' in script


@needs_signals
def test_a_reader_that_goes_away_is_no_error(environment):
    process = subprocess.Popen(
        [*COMMAND, "gradcheck"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=PATIENCE) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


@needs_signals
def test_ctrl_c_saves_and_says_how_to_go_on(environment, minicnn):
    words = ["train", "--drawn", "36", "--batch-size", "6", "--out", "run"]
    process = subprocess.Popen(
        [*COMMAND, *words, "--epochs", "500"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert any(line.startswith("Epoch 1/500") for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert errors.splitlines()[-1].endswith(
        "the run is saved; go on with the same command and --resume"
    )
    begun = len(
        Path("run/log.csv").read_text(encoding="utf-8").splitlines()
    )  # and a heading: one epoch less
    said = minicnn(*words, "--epochs", begun, "--resume")
    assert said.code == 0, said.err
    epochs = [
        line.split(",")[0] for line in Path("run/log.csv").read_text(encoding="utf-8").splitlines()
    ]
    assert epochs == ["epoch", *map(str, range(1, begun + 1))]


# ---- Ctrl-C before there is anybody to answer ----------------------------------------------------

STOPS = "import os, signal; os.kill(os.getpid(), signal.SIGINT); raise ImportError('not stopped')"


@pytest.mark.parametrize("module", ["numpy", "argparse"])
@pytest.mark.parametrize("typed", ["the module", "the script"])
def test_ctrl_c_while_modules_load_is_no_traceback(typed, module, environment, tmp_path):
    """``module`` loads before the library's own ones, and ``argparse`` with the commands."""
    (tmp_path / f"{module}.py").write_text(STOPS)
    script = tmp_path / "minicnn"
    script.write_text("import sys\nfrom minicnn.cli import main\nsys.exit(main())\n")
    command = COMMAND if typed == "the module" else [sys.executable, str(script)]
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [*command, "summary", "catdog"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGINT  # a shell says 130
    assert (done.stdout, done.stderr) == ("", "")


def test_a_program_that_imports_the_library_keeps_its_ctrl_c(environment, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(
        "import signal, minicnn\n"
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
    )
    subprocess.run([sys.executable, str(script)], env=environment, check=True)


def test_within_a_command_ctrl_c_is_answered_again(environment, tmp_path):
    script = tmp_path / "minicnn"
    script.write_text(
        "import signal, sys\n"
        "from minicnn.cli import main, command_line\n"
        "assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL\n"
        "command_line._carry_out = lambda _: signal.raise_signal(signal.SIGINT) or 0\n"
        "sys.exit(main([]))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (130, "minicnn: interrupted\n")

"""Commands whose input, output or errors are closed, full, or left by a reader."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import minicnn as mc
from minicnn import streams
from minicnn.cli import main
from tests.patience import PATIENCE
from tests.systems import needs_shell

ROOT = Path(mc.__file__).parents[1]
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")

# What is typed, and the exit code.
TRAIN = "train photographs --epochs 1 --out run"
COMMANDS = {
    "evaluate model.safetensors photographs": 0,
    "predict model.safetensors photographs broken.png": 0,
    "predict model.safetensors photographs --csv tags.csv": 0,
    "summary model.safetensors": 0,
    "gradcheck --layer minicnn:ReLU --shape 3": 0,
    "trian": 2,
    "summary nowhere": 1,
    "--help": 0,
}
# Whatever happens to the streams, this one tells by a file.
ALL_OF_THEM = """
import json, sys, minicnn.zoo
from pathlib import Path
from tests.cli.conftest import small_network
minicnn.zoo.catdog = small_network
from minicnn.cli import main
codes = {words: main(words.split()) for words in json.loads(sys.argv[1])}
Path("codes.json").write_text(json.dumps(codes))
"""
COMMAND = (sys.executable, ALL_OF_THEM)


def typed(streams, *words):
    """Commands in a process whose streams a shell closes: their exit codes, output, errors."""
    Path("codes.json").unlink(missing_ok=True)
    done = subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" "$2" {streams}', *COMMAND, json.dumps(words)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    return json.loads(Path("codes.json").read_text(encoding="utf-8")), done.stdout, done.stderr


@pytest.fixture(autouse=True)
def everything(model, photographs, here):
    (here / "broken.png").write_bytes(b"hello")


def assert_trained(epochs):
    for file in ("run/model.safetensors", "run/run.ckpt"):
        assert mc.load_model(file).class_names == ["day", "night"]
    assert len(Path("run/log.csv").read_text(encoding="utf-8").splitlines()) == 1 + epochs
    assert Path("run/curves.png").exists()


@needs_shell
def test_all_is_closed():
    commands = {TRAIN: 0, **COMMANDS}
    codes, out, err = typed("<&- >&- 2>&-", *commands)
    assert (codes, out, err) == (commands, "", "")
    assert_trained(epochs=1)
    assert len(Path("tags.csv").read_text(encoding="utf-8").splitlines()) == 13


@needs_shell
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_what_is_closed_stops_nobody(closed):
    codes, out, err = typed(closed, *COMMANDS)
    assert codes == COMMANDS, err
    assert len(Path("tags.csv").read_text(encoding="utf-8").splitlines()) == 13
    assert ("usage: minicnn" in out) == (closed != ">&-")
    assert len(err.splitlines()) == (0 if closed == "2>&-" else 3)  # broken.png, trian, nowhere


@needs_shell
@FULL
@pytest.mark.parametrize("words", [TRAIN, "summary model.safetensors"])
def test_an_output_that_is_full_is_an_error_once_the_work_is_done(words):
    codes, _, err = typed(">/dev/full", words)
    assert codes == {words: 1}
    assert err == "minicnn: expected to write the output, got: No space left on device\n"
    if words == TRAIN:
        assert_trained(epochs=1)


@needs_shell
@FULL
def test_complaints_that_nobody_takes_leave_the_exit_code():
    codes, out, _ = typed("2>/dev/full", *COMMANDS)
    assert codes == COMMANDS
    assert "usage: minicnn" in out
    alone = subprocess.run(
        ["sh", "-c", '"$0" -m minicnn trian 2>/dev/full', sys.executable],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""},
    )
    assert alone.returncode == 2  # and not 120, by which Python says that it could not end well


@needs_shell
def test_training_goes_on_when_the_reader_has_gone():
    words = "train photographs --epochs 2 --out run"
    codes, _, err = typed("| sleep 0", words)
    assert (codes, err) == ({words: 141}, "")
    assert_trained(epochs=2)


def test_a_reader_that_has_gone_is_no_error_on_any_system():
    """Without a shell: the pipe is shut as soon as the first line has come through it."""
    with subprocess.Popen(
        [sys.executable, "-u", "-c", ALL_OF_THEM, json.dumps([TRAIN])],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.wait(PATIENCE)
    assert json.loads(Path("codes.json").read_text(encoding="utf-8")) == {TRAIN: 141}
    assert_trained(epochs=1)


class Fails(io.StringIO):
    """An output that fails when it is written to, or only when it is flushed."""

    def __init__(self, number, at):
        super().__init__()
        self.number, self.at = number, at

    def write(self, text):
        return self.fail("write") or len(text)

    def flush(self):
        self.fail("flush")

    def fail(self, now):
        if now == self.at:
            raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("at", ["write", "flush"])
@pytest.mark.parametrize("calls_it_invalid", [False, True])
def test_a_pipe_without_reader_is_an_invalid_argument_on_windows(calls_it_invalid, at, monkeypatch):
    names = {errno.EINVAL} if calls_it_invalid else set()
    monkeypatch.setattr(streams, "AN_INVALID_ARGUMENT", names)
    monkeypatch.setattr(sys, "stdout", Fails(errno.EINVAL, at))
    monkeypatch.setattr(sys, "stderr", complaints := io.StringIO())
    code = main(["summary", "model.safetensors"])
    assert (code, bool(complaints.getvalue())) == ((141, False) if calls_it_invalid else (1, True))
    monkeypatch.setattr(sys, "stdout", Fails(errno.EPIPE, at))
    assert main(["summary", "model.safetensors"]) == 141


@needs_shell
def test_a_file_that_is_opened_is_never_taken_for_the_output(monkeypatch):
    """The lowest free number is the next file's: without output, a model would be number 1."""
    script = (
        "import os, sys\n"
        "from minicnn.cli import main\n"
        "assert main(['--help']) == 0\n"
        "file = os.open('codes.json', os.O_WRONLY | os.O_CREAT)\n"
        "os.write(file, str(file).encode())\n"
    )
    subprocess.run(
        ["sh", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    assert int(Path("codes.json").read_text(encoding="utf-8")) > 2


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_in_a_program_that_has_no_streams(name, monkeypatch):
    """As on Windows without a console; what was there before is there afterwards."""
    monkeypatch.setattr(sys, name, None)
    assert main(["summary", "model.safetensors"]) == 0
    assert main(["summary", "nowhere"]) == 1
    assert getattr(sys, name) is None

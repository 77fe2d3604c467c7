"""Words on the way reach who listens, and nobody who has gone can stop the work."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minicnn as mc
from minicnn import streams
from minicnn.streams import Forgiving, is_terminal, reader_has_gone, tell
from tests.patience import PATIENCE
from tests.systems import needs_terminals


class Shut(io.StringIO):
    """A terminal that was shut: it fails at everything that it is asked."""

    encoding = "utf-8"

    def isatty(self):
        return True

    def write(self, text):
        raise OSError(5, "Input/output error")

    def flush(self):
        raise OSError(5, "Input/output error")

    fileno = flush


class ReaderGone(Shut):
    def write(self, text):
        raise BrokenPipeError(32, "Broken pipe")

    def flush(self):
        raise BrokenPipeError(32, "Broken pipe")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


class Nothing:
    """What some programs put in the place of an output."""


STREAMS = {"none": lambda: None, "closed": closed, "shut": Shut, "a pipe": ReaderGone}


@pytest.mark.parametrize("stream", [*STREAMS.values(), Nothing])
def test_whether_it_is_a_terminal_can_always_be_asked(stream):
    assert is_terminal(stream()) == (stream in (Shut, ReaderGone))


@pytest.mark.parametrize("stream", STREAMS.values())
def test_a_line_is_told_or_not(stream, monkeypatch):
    monkeypatch.setattr(sys, "stdout", stream())
    tell("Epoch 1/2")


def test_a_sign_that_the_output_lacks_is_written_plainer_or_as_its_number(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    tell("1.0 s · lößs")
    assert raw.getvalue() == b"1.0 s - l\\xf6\\xdfs\n"


@pytest.mark.parametrize("calls_it_invalid", [False, True])
def test_that_a_reader_has_gone_is_told_from_other_errors(calls_it_invalid, monkeypatch):
    names = {errno.EINVAL} if calls_it_invalid else set()
    monkeypatch.setattr(streams, "AN_INVALID_ARGUMENT", names)
    assert reader_has_gone(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert reader_has_gone(OSError(errno.EINVAL, "Invalid argument")) == calls_it_invalid
    assert not reader_has_gone(OSError(errno.EINVAL, "Invalid argument", "a?.png"))
    assert not reader_has_gone(OSError(errno.ENOSPC, "No space left on device"))


def test_it_is_the_stream_for_the_rest():
    stream = io.StringIO()
    forgiving = Forgiving(stream)
    assert forgiving.write("abc") == 3
    assert (forgiving.getvalue(), forgiving.isatty()) == ("abc", False)


# ---- what the library tells on its way -----------------------------------------------------------


@pytest.mark.parametrize("verbose", [0, 1, 2])
@pytest.mark.parametrize("stream", STREAMS)
def test_training_goes_on(stream, verbose, monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, STREAMS[stream]())
    model = mc.Sequential([mc.Dense(1)], input_shape=(3,))
    model.compile("sgd")
    history = model.fit(np.ones((4, 3)), np.ones(4), epochs=3, verbose=verbose)
    assert len(history.epochs) == 3


@pytest.mark.parametrize("progress", [None, True, False])
@pytest.mark.parametrize("stream", STREAMS)
def test_pictures_are_read(stream, progress, monkeypatch, tmp_path):
    for i in range(4):
        folder = tmp_path / "photographs" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), 50 * i, np.uint8)).save(folder / f"{i}.png")
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, STREAMS[stream]())
    data = mc.data.ImageFolder(
        tmp_path / "photographs", image_size=(4, 4), cache=tmp_path / "cache", progress=progress
    )
    assert len(data.labels) == 4


TERMINAL_THAT_IS_SHUT = """
import signal, sys
import numpy as np
import minicnn as mc

class Shut(mc.Callback):
    def on_epoch_end(self, epoch, logs):
        if epoch == 1:
            sys.__stderr__.write("two epochs\\n")
            sys.stdin.readline()

model = mc.Sequential([mc.Dense(1)], input_shape=(3,))
model.compile("sgd")
x = np.ones((64, 3))
history = model.fit(x, np.ones(64), 64, epochs=20, verbose=int(sys.argv[1]), callbacks=[Shut()])
sys.__stderr__.write(f"{len(history.epochs)} epochs\\n")
sys.stdout = None
"""


@needs_terminals
@pytest.mark.parametrize("verbose", [1, 2])
def test_a_terminal_may_be_shut_while_a_network_is_trained(verbose):
    """As when someone logs out: from then on, each word is an error.

    (It speaks through ``sys.__stderr__``: the bar takes over the other one.)
    """
    try:
        ours, theirs = os.openpty()
    except OSError:
        pytest.skip("needs a terminal that can be made")
    with subprocess.Popen(
        [sys.executable, "-c", TERMINAL_THAT_IS_SHUT, str(verbose)],
        stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[1],
    ) as process:  # fmt: skip
        os.close(theirs)
        assert process.stderr is not None
        assert process.stderr.readline() == "two epochs\n"
        os.close(ours)
        _, errors = process.communicate("\n", timeout=PATIENCE)
        assert (process.returncode, errors) == (0, "20 epochs\n")

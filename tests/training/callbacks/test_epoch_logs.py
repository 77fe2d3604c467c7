"""CSVLogger and JSONLogger: a line an epoch, at once, and never one twice."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minicnn as mc
from minicnn.saving import ModelFile
from tests.left_out import needs
from tests.systems import needs_named_pipes
from tests.training.callbacks.scripted import begun

TABLE = np.array([[3, 1], [0, 4]])
LOGGERS = [mc.CSVLogger, mc.JSONLogger]


def write(logger: Any, first: int, last: int, **more: Any) -> None:
    begun(logger, initial_epoch=first)
    try:
        for epoch in range(first, last):
            logger.on_epoch_begin(epoch)
            logger.on_epoch_end(epoch, {"loss": 0.1 + epoch, **more})
    finally:
        logger.on_train_end()


def epochs(path: Path) -> list[int]:
    text = path.read_text(encoding="utf-8")
    if text.startswith("{"):
        return [json.loads(line)["epoch"] for line in text.splitlines()]
    return [int(row["epoch"]) for row in csv.DictReader(text.splitlines())]


@pytest.mark.parametrize("kind", LOGGERS)
def test_a_line_can_be_read_as_soon_as_the_epoch_is_over(kind: Any, tmp_path: Path) -> None:
    logger = begun(kind(tmp_path / "new" / "log"))
    for epoch in range(3):
        logger.on_epoch_begin(epoch)
        logger.on_epoch_end(epoch, {"loss": 0.5})
        assert epochs(logger.path) == list(range(1, epoch + 2))
    logger.on_train_end()


@pytest.mark.parametrize("kind", LOGGERS)
def test_a_resumed_run_writes_no_epoch_twice(kind: Any, tmp_path: Path) -> None:
    whole, path = tmp_path / "whole", tmp_path / "log"
    write(kind(whole), 0, 6)
    write(kind(path), 0, 4)  # the last checkpoint was after epoch 2, then it was killed
    with path.open("a") as file:
        file.write(path.read_text(encoding="utf-8").splitlines()[-1][:7])  # and tore a line
    write(kind(path), 2, 6)
    assert path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("kind", LOGGERS)
def test_a_new_run_begins_a_new_file(kind: Any, tmp_path: Path) -> None:
    write(kind(tmp_path / "log"), 0, 5)
    write(kind(tmp_path / "log"), 0, 2)
    assert epochs(tmp_path / "log") == [1, 2]


@pytest.mark.parametrize("kind", LOGGERS)
def test_a_file_that_is_no_log_is_not_overwritten_by_a_resumed_run(
    kind: Any, tmp_path: Path
) -> None:
    (tmp_path / "log").write_text("my,diary\n[1]\n")
    with pytest.raises(mc.SavingError, match="move it away"):
        begun(kind(tmp_path / "log"), initial_epoch=2)
    assert (tmp_path / "log").read_text(encoding="utf-8") == "my,diary\n[1]\n"


@pytest.mark.parametrize("kind", LOGGERS)
def test_the_rate_is_that_of_the_epoch_not_of_the_next_one(kind: Any, tmp_path: Path) -> None:
    class Lower(mc.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
            self.model.optimizer.learning_rate = 0.25

    model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    model.compile(mc.SGD(0.5), "mean_squared_error")
    x, y = np.zeros((3, 2)), np.zeros(3)
    model.fit(x, y, epochs=2, callbacks=[Lower(), kind(tmp_path / "log")], verbose=0)
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert text.index("0.5") < text.index("0.25")


def test_csv_has_every_digit_and_leaves_tables_out(tmp_path: Path) -> None:
    third = np.float64(1) / 3
    write(mc.CSVLogger(tmp_path / "log"), 0, 1, third=third, nan=math.nan, table=TABLE)
    (row,) = csv.DictReader((tmp_path / "log").read_text(encoding="utf-8").splitlines())
    expected = {"epoch": "1", "learning_rate": "0.1", "loss": "0.1", "nan": "nan"}
    assert row == expected | {"third": "0.3333333333333333"}


def test_csv_refuses_other_columns(tmp_path: Path) -> None:
    write(mc.CSVLogger(tmp_path / "log"), 0, 2)
    with pytest.raises(mc.SavingError, match=r"columns that are there \(epoch,.*got .*more"):
        write(mc.CSVLogger(tmp_path / "log"), 2, 4, more=1.0)
    assert epochs(tmp_path / "log") == [1, 2]


def test_json_has_tables_and_says_null_for_what_is_no_number(tmp_path: Path) -> None:
    write(mc.JSONLogger(tmp_path / "log"), 0, 1, nan=math.nan, inf=-math.inf, table=TABLE)

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    line = json.loads((tmp_path / "log").read_text(encoding="utf-8"), parse_constant=refuse)
    expected = {"epoch": 1, "learning_rate": 0.1, "loss": 0.1, "nan": None, "inf": None}
    assert line == expected | {"table": TABLE.tolist()}


# ---- where there is nothing to write to --------------------------------------------------------


@needs(Path("/dev/full").exists(), "of a full disk", "no /dev/full: Linux has it")
@pytest.mark.parametrize("kind", LOGGERS)
def test_a_full_disk_is_one_clear_error(kind: Any) -> None:
    logger = begun(kind("/dev/full"))
    logger.on_epoch_begin(0)
    with pytest.raises(mc.SavingError, match="No space left"):
        logger.on_epoch_end(0, {"loss": 1.0})
    logger.on_train_end()


@needs_named_pipes
@pytest.mark.parametrize("kind", LOGGERS)
@pytest.mark.parametrize("first", [0, 2])
def test_a_pipe_gets_lines_and_is_never_read(kind: Any, first: int, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(mc.SavingError, match="nobody reads it; start who reads it first"):
        begun(kind(path), initial_epoch=first)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(kind(path), first, 5)
        text = os.read(reader, 1 << 16).decode()
    finally:
        os.close(reader)
    write(kind(tmp_path / "log"), 0, 5)
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines(keepends=True)
    headings = len(lines) - 5
    assert text == "".join(lines[:headings] + lines[headings + first :])


@needs_named_pipes
@pytest.mark.parametrize("kind", LOGGERS)
def test_a_reader_that_has_gone_is_one_clear_error(kind: Any, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    logger = begun(kind(path))
    os.close(reader)
    logger.on_epoch_begin(0)
    with pytest.raises(mc.SavingError, match="Broken pipe"):
        logger.on_epoch_end(0, {"loss": 1.0})
    logger.on_train_end()


@pytest.mark.parametrize("kind", LOGGERS)
@pytest.mark.parametrize("gone", ["file", "folder", "renamed"])
def test_a_log_that_is_taken_away_is_begun_anew(kind: Any, gone: str, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "log"
    logger = begun(kind(path))
    for epoch in range(4):
        logger.on_epoch_begin(epoch)
        logger.on_epoch_end(epoch, {"loss": 1.0})
        if epoch == 1:
            {
                "file": path.unlink,
                "folder": lambda: shutil.rmtree(path.parent),
                "renamed": lambda: path.rename(tmp_path / "old"),
            }[gone]()
    assert epochs(path) == [3, 4]


@pytest.mark.parametrize("kind", LOGGERS)
def test_a_line_that_an_editor_left_open_is_ended_first(kind: Any, tmp_path: Path) -> None:
    path = tmp_path / "log"
    logger = begun(kind(path))
    for epoch in range(2):
        logger.on_epoch_begin(epoch)
        logger.on_epoch_end(epoch, {"loss": 1.0})
        path.write_text(path.read_text(encoding="utf-8").rstrip("\n"))
    assert epochs(path) == [1, 2]


EDITS = {
    "an empty line": lambda text: text.replace("\n", "\n\n", 1),
    "a long field": lambda text: text.replace("0.1", f'"{"9" * 200_000}"'),
    "a text for an epoch": lambda text: text.replace("1,", "one,", 1).replace("1", '"1"', 1),
    "a NUL": lambda text: text.replace("0.1", "\0"),
    "no heading": lambda text: text.split("\n", 1)[1],
    "bytes of another encoding": lambda text: text.replace("0.1", "\udce9"),
    "a quote that is left open": lambda text: text.replace("0.1", '"0.1'),
    "ends of lines as on Windows": lambda text: text.replace("\n", "\r\n"),
    "nothing": lambda text: "",
    "deep": lambda text: "[" * 100_000 + "\n" + text,
}


@pytest.mark.parametrize("kind", LOGGERS)
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_a_log_edited_by_hand_goes_on_or_is_one_clear_error(
    kind: Any, edit: Any, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    write(kind(path), 0, 3)
    path.write_bytes(edit(path.read_text(encoding="utf-8")).encode(errors="surrogateescape"))
    edited = path.read_bytes()
    try:
        write(kind(path), 3, 5)
    except mc.SavingError as error:
        assert str(error).startswith(f"{path}: expected ")  # noqa: PT017
        assert path.read_bytes() == edited
    else:
        kept = [line for line in edited.splitlines() if line.strip()]
        assert [line.rstrip() for line in path.read_bytes().splitlines()][: len(kept)] == kept


@pytest.mark.parametrize("kind", LOGGERS)
def test_a_log_that_cannot_be_written_does_not_cost_the_checkpoint(
    kind: Any, tmp_path: Path
) -> None:
    class InTheWay(mc.Callback):
        def on_epoch_begin(self, epoch: int) -> None:
            if epoch == 2:
                path.unlink()
                path.mkdir()

    path, checkpoint = tmp_path / "log", tmp_path / "run.ckpt"
    model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    model.compile("sgd", "mean_squared_error")
    callbacks = [InTheWay(), kind(path), mc.ModelCheckpoint(checkpoint)]
    with pytest.raises(mc.SavingError, match="expected to write a line"):
        model.fit(np.ones((4, 2)), np.ones(4), epochs=5, callbacks=callbacks, verbose=0)
    assert len(ModelFile.read(checkpoint).training["history"]["epochs"]) == 3

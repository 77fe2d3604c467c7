"""Whoever writes a file looks at its path when it is given, not when an epoch is over."""

from typing import Any

import pytest

import minicnn as mc


@pytest.mark.parametrize("kind", [mc.CSVLogger, mc.JSONLogger, mc.ModelCheckpoint, mc.Report])
@pytest.mark.parametrize("path", [None, 3, "", b"run", "a\0b"])
def test_what_is_no_path_is_one_clear_error(kind: Any, path: Any) -> None:
    with pytest.raises(mc.ConfigError, match="expected the path of a file, got"):
        kind(path)

"""No picture starts a program, and none makes Pillow open another picture by itself."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from minicnn.data import ImageFolder, PictureError
from minicnn.data.decode import decode, readable_formats
from minicnn.data.formats.signature import SIGNATURES
from tests.data.formats.made import icon, iptc, saved

SCENE = Image.effect_noise((16, 16), 60).convert("RGB")
FEW = {"AVIF", "BMP", "GIF", "HEIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP"}
Image.init()
OTHERS = sorted(set(Image.OPEN) - FEW)


def test_the_list_is_short() -> None:
    assert set(SIGNATURES) == FEW
    assert readable_formats() <= FEW
    assert {"EPS", "IPTC", "ICNS", "WMF", "PSD", "BLP"} <= set(OTHERS)


def test_a_planted_picture_starts_no_ghostscript(tmp_path: Path) -> None:
    """Pillow 13 by itself does, also for an IPTC file (named .jpg) with PostScript inside."""
    programs, pictures = tmp_path / "programs", tmp_path / "pictures"
    programs.mkdir()
    marker = tmp_path / "a program ran"
    for name in ("gs", "gswin32c", "gswin64c", "djpeg"):
        (programs / name).write_text(f"#!/bin/sh\necho > '{marker}'\nexit 1\n")
        (programs / name).chmod(0o755)
    planted = {
        "iptc.jpg": iptc(saved(SCENE, "EPS")),
        "postscript.jpg": saved(SCENE, "EPS"),
        "icon.jpg": icon(saved(SCENE, "EPS")),
        "icon of iptc.jpg": icon(iptc(saved(SCENE, "EPS"))),
    }
    for label in ("cat", "dog"):
        (pictures / label).mkdir(parents=True)
        SCENE.save(pictures / label / "fine.png")
        for name, data in planted.items():
            (pictures / label / name).write_bytes(data)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def run(code: str) -> str:
        command = [sys.executable, "-c", code, str(pictures)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    by_us = "import sys, minicnn as mc; print(len(mc.data.ImageFolder(sys.argv[1]).report.skipped))"
    assert run(by_us) == str(2 * len(planted))
    assert not marker.exists()
    if sys.platform != "win32":  # where the trap would need another kind of program
        by_pillow = (
            "import contextlib, sys; from PIL import Image\n"
            "with contextlib.suppress(Exception):\n"
            "    Image.open(sys.argv[1] + '/cat/postscript.jpg').load()"
        )
        run(by_pillow)
        assert marker.exists()  # the trap works


def other_openers_trapped(patch: pytest.MonkeyPatch) -> list[str]:
    """Every opener of Pillow's that is not on the list writes down that it was reached."""
    reached: list[str] = []

    def trap(name: str) -> object:
        def opened(*_: object) -> None:
            reached.append(name)
            raise SyntaxError

        return opened

    for name in OTHERS:
        patch.setitem(Image.OPEN, name, (trap(name), None))
    return reached


def starts() -> list[bytes]:
    """Beginnings that some opener of Pillow's takes for its own."""
    found = [iptc(b""), b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"8BPS\0\1", b"icns"]
    for name in Image.SAVE:
        if name in Image.OPEN:
            with warnings.catch_warnings(), contextlib.suppress(OSError, ValueError, KeyError):
                warnings.simplefilter("ignore")  # that Pillow will forget a format
                found.append(saved(SCENE, name))  # suppressed: it takes no pixels of this kind
    return found


STARTS = starts()


@given(st.sampled_from(STARTS), st.binary(max_size=40), st.integers(0, 60))
def test_no_other_opener_is_reached(start: bytes, rest: bytes, cut: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        reached = other_openers_trapped(patch)
        for data in (start + rest, start[:cut] + rest, icon(start + rest), icon(start[:cut])):
            with contextlib.suppress(PictureError):
                assert decode(data, (8, 8)).shape == (8, 8, 3)
        assert reached == []


def test_nobody_opens_a_picture_while_another_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """One format by name at each call, and no call from inside Pillow."""
    asked = []
    really = Image.open

    def opened(fp: object, mode: str = "r", formats: object = None) -> Image.Image:
        asked.append((sys._getframe(1).f_globals["__name__"], formats))
        return really(fp, mode, formats)

    monkeypatch.setattr(Image, "open", opened)
    for data in STARTS:
        try:
            decode(data, (8, 8))
        except PictureError:
            continue
    assert len(asked) > 10
    for who, formats in asked:
        assert who.startswith("minicnn.data.")
        assert isinstance(formats, tuple)
        assert len(formats) == 1
        assert formats[0] in FEW


@pytest.mark.parametrize("inside", ["PNG", "JPEG", "EPS", "GIF", "ICO"])
def test_an_icon_holds_a_png_or_a_bitmap_and_nothing_else(
    inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = other_openers_trapped(monkeypatch)
    data = icon(saved(SCENE, inside))
    if inside == "PNG":
        np.testing.assert_array_equal(decode(data, (16, 16)), np.asarray(SCENE))
    else:
        with pytest.raises(PictureError):
            decode(data, (16, 16))
    assert reached == []


def test_a_format_that_this_pillow_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    readable_formats.cache_clear()
    monkeypatch.delitem(Image.OPEN, "GIF")
    try:
        with pytest.raises(PictureError, match=r"GIF, which this Pillow \(.*\) cannot read"):
            decode(saved(SCENE, "GIF"), (8, 8))
    finally:
        readable_formats.cache_clear()


def test_a_second_view_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An MPO file is a JPEG with more behind it; its parts need not lie where it says."""
    second = Image.effect_noise((16, 16), 60).convert("RGB")
    data = saved(SCENE, "MPO", save_all=True, append_images=[second])
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.mpo").write_bytes(data)
    seen: list[str] = []
    really = ImageFile.ImageFile.load

    def load(image: ImageFile.ImageFile) -> object:
        seen.append(type(image).__name__)
        return really(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    ImageFolder(tmp_path, classes=["a"], image_size=(16, 16))
    assert set(seen) == {"JpegImageFile"}

"""Make the picture of ``docs/report.md``: a report as a browser shows it, of drawn pets.

    python docs/pictures/make_report.py                                trains first: three minutes
    python docs/pictures/make_report.py --page runs/catdog/report.html    takes one that is there

It needs Chromium. On the left a screen by day, on the right a telephone by night.
"""

import argparse
import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from tests.report.browser import Browser, find_browser  # noqa: E402

HEIGHT = 1500  # of the part that is shown
GAP = 24
LIMIT = 300_000  # bytes


def seen(browser: Browser, page: Path, width: int, dark: bool) -> Image.Image:
    """The top of the page."""
    browser.open(page, width, HEIGHT, dark)
    return Image.open(io.BytesIO(browser.screenshot())).convert("RGB")


def main() -> None:
    """Train if need be, look at the page, and keep what is seen."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--page", type=Path, help="a report; without it, one is made")
    page = parser.parse_args().page
    program = find_browser()
    if program is None:
        sys.exit("make_report: expected Chromium, found none; install it, or name it in CHROMIUM")
    with tempfile.TemporaryDirectory() as folder:
        if page is None:
            example = ROOT / "examples" / "catdog.py"
            subprocess.run([sys.executable, example, "--out", folder], cwd=ROOT, check=True)
            page = Path(folder) / "report.html"
        with Browser(program, Path(folder) / "profile") as browser:
            desk = seen(browser, page, 1280, dark=False)
            telephone = seen(browser, page, 390, dark=True)
    both = Image.new("RGB", (desk.width + GAP + telephone.width, HEIGHT), "white")
    both.paste(desk, (0, 0))
    both.paste(telephone, (desk.width + GAP, 0))
    for colours in (256, 128, 64, 32):
        small = io.BytesIO()
        both.quantize(colours, dither=Image.Dither.NONE).save(small, "png", optimize=True)
        if small.tell() < LIMIT:
            break
    (HERE / "report.png").write_bytes(small.getvalue())
    print(f"report.png: {both.width}×{both.height}, {small.tell() / 1000:.0f} kB")


if __name__ == "__main__":
    main()

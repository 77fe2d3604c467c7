"""Draw ``pets.png``: two rows of drawn pets as they come, and one that turns up a knob at a time.

Run from anywhere: ``python docs/pictures/make_pets.py``.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from minicnn.data.pets import Knobs, drawn_pets

SIDE, COLUMNS, GAP, CAPTION = 148, 8, 2, 28
FIRST_ROWS = 2 * COLUMNS
COLOURS = 144  # of the PNG's palette: small enough for a README, and nobody sees it


def main() -> None:
    """Draw the sheet and write it beside this script."""
    cell = SIDE + GAP
    sheet = Image.new("RGB", (COLUMNS * cell - GAP, 3 * cell + CAPTION), "white")
    pictures, _ = drawn_pets(FIRST_ROWS, (SIDE, SIDE), seed=3)
    for place, picture in enumerate(pictures):
        sheet.paste(Image.fromarray(picture), (place % COLUMNS * cell, place // COLUMNS * cell))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(22)  # read at half the size
    for column, name in enumerate(("none", *Knobs.names())):
        knobs = Knobs.all(0) if name == "none" else Knobs.only(name)
        picture = drawn_pets(COLUMNS, (SIDE, SIDE), seed=5, knobs=knobs)[0][column]
        sheet.paste(Image.fromarray(picture), (column * cell, 2 * cell))
        pen.text((column * cell + SIDE / 2, 3 * cell), name, "black", font, "ma")
    small = sheet.quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(Path(__file__).with_name("pets.png"), optimize=True)


if __name__ == "__main__":
    main()

"""A font for the site's mathematics, beside its pages: brackets and braces that grow need one.

Many phones and computers have none. STIX Two Math comes with the package ziamath (SIL Open Font
License); what the pages may use of it is cut out, 0.2 of 1.5 MB.
"""

from pathlib import Path

import ziamath
from fontTools import subset
from sphinx.application import Sphinx

FONT = Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"
RANGES = (
    (0x20, 0x7F),  # letters, digits, signs
    (0xA0, 0x100),
    (0x2B0, 0x370),  # accents
    (0x370, 0x400),  # Greek
    (0x2010, 0x2070),
    (0x2100, 0x2130),
    (0x2190, 0x2400),  # arrows, operators, brackets
    (0x27E6, 0x27F0),
    (0x2A00, 0x2B00),
    (0x1D400, 0x1D468),  # bold and italic, which browsers use for single letters
    (0x1D6A4, 0x1D71C),
)


def write_font(app: Sphinx, error: Exception | None) -> None:
    """The part of the font that we use, where site.css looks for it."""
    if error is not None or app.builder.format != "html":
        return
    options = subset.Options(
        flavor="woff", hinting=False, layout_features=["*"], notdef_outline=True
    )
    font = subset.load_font(str(FONT), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[c for first, end in RANGES for c in range(first, end)])
    cutter.subset(font)
    subset.save_font(font, str(Path(app.outdir) / "_static" / "math.woff"), options)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

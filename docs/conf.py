"""How the pages of docs/ become a site: ``make docs``.

Nothing on the finished pages is fetched from anywhere: the theme's files are copied, mathematics is
turned into MathML while the site is built (site/mathml.py), and the search runs in the browser.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # the package, wherever the build is started
sys.path.insert(0, str(HERE / "site"))  # the extensions below

from minicnn.version import __version__  # noqa: E402 - found through the lines above

project = "minicnn"
author = "the minicnn authors"
project_copyright = "the minicnn authors"
version = release = __version__
language = "en"

extensions = [
    "myst_parser",
    "sphinx_design",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "mathml",
    "mathfont",
    "docstrings",
    "repository",
    "notebook_links",
    "wide",
]
exclude_patterns = ["README.md", "_build", "pictures", "site"]

# ---- pages -----------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "dollarmath", "substitution"]
myst_heading_anchors = 4  # [text](page.md#a-heading), as on a code host
myst_html_meta = {
    "description": "A convolutional-network library from scratch on NumPy, and a course with it.",
    "property=og:site_name": "minicnn",
    "property=og:description": "Read it like a textbook, run it like a framework.",
}
html_math_renderer = "mathml"
wide_pictures = ["pictures/*.png", "course/12-[em]*.png"]  # whose letters are for a desk
highlight_language = "text"
pygments_style = "friendly"
pygments_dark_style = "github-dark"

# ---- reference -------------------------------------------------------------------------------

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72
autodoc_type_aliases = {
    name: name
    for name in (
        "Array",
        "Augment",
        "CacheChoice",
        "Cache",
        "Initializer",
        "Make",
        "Padding",
        "Pair",
        "Params",
        "Schedule",
        "Shape",
    )
}
autodoc_preserve_defaults = True
toc_object_entries_show_parents = "hide"
nitpicky = True
nitpick_ignore_regex = [("py:(class|obj|data)", r".*")]  # types of other libraries, and aliases

# ---- looks -----------------------------------------------------------------------------------

html_theme = "furo"
html_title = "minicnn"
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "sidebar_hide_name": False,
    "light_css_variables": {
        "color-brand-primary": "#9c4221",
        "color-brand-content": "#9c4221",
        "color-brand-visited": "#7b4a6b",
    },
    "dark_css_variables": {
        "color-brand-primary": "#f6ad80",
        "color-brand-content": "#f6ad80",
        "color-brand-visited": "#d8a8cc",
    },
}

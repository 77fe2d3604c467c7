"""Mathematics without a network: TeX becomes MathML, which browsers draw by themselves.

A formula that cannot be translated is a warning with its page and line, and so fails the build.
"""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

log = logging.getLogger(__name__)

# What the converter does not know, in words that it does.
MENDED = [
    (re.compile(r"\\mathrm\{([A-Za-z0-9 ]+)\}"), r"\\text{\1}"),  # one upright word, not letters
    (re.compile(r"\\(begin|end)\{aligned\}"), r"\\\1{align*}"),
    (re.compile(r"(\\(?:big|Big|bigg|Bigg)[lrm]?)\s*\\langle"), r"\1⟨"),
    (re.compile(r"(\\(?:big|Big|bigg|Bigg)[lrm]?)\s*\\rangle"), r"\1⟩"),
    (re.compile(r"(\\(?:big|Big|bigg|Bigg)[lrm]?)\s*\\[lr]Vert"), r"\1‖"),
]
# The converter sets the name of a function as close to its neighbours as a letter: "logp".
NAME = r"<mi>(?:log|ln|exp|sin|cos|tanh)</mi>"
BEFORE_NAME = re.compile(rf"(</m(?:i|n|sub|sup|frac)>)(?={NAME})")
AFTER_NAME = re.compile(rf"(?<!<msub>)(?<!<msup>)({NAME})(?=<(?:mi|mn|msub|msup|mfrac|mtext)>)")
THIN = r'\1<mspace width="0.167em" />'
# A minus behind one of these is a sign and no operation: it stands close to its number.
OPENS = "|".join(f"&#x0{ord(c):04X};" for c in "=(,≈←→⋅·×+<>≤≥") + r"|\["
SIGN = re.compile(rf"(<mo[^>]*>(?:{OPENS})</mo>)<mo>&#x02212;</mo>")
NOT_UNDERSTOOD = re.compile(r">\\?(\\[A-Za-z]+|&(?:amp;)?)<|(<merror)")


def to_mathml(tex: str, display: str) -> str:
    """One formula as a ``<math>`` element; what the converter lets through is a ValueError."""
    if r"\\" in tex and r"\begin" not in tex and display == "block":
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    for pattern, words in MENDED:
        tex = pattern.sub(words, tex)
    mathml = convert(tex, display=display)
    mathml = AFTER_NAME.sub(THIN, BEFORE_NAME.sub(THIN, mathml))
    mathml = SIGN.sub(r'\1<mo form="prefix">&#x02212;</mo>', mathml)
    unknown = NOT_UNDERSTOOD.search(mathml)
    if unknown:
        raise ValueError(f"no MathML for {unknown[1] or 'a part of it'}; write it otherwise")
    return mathml


def translate(node: nodes.Node, display: str) -> str:
    """The MathML of a node; a warning, and nothing, if it has none."""
    try:
        return to_mathml(node.astext().strip(), display)
    except Exception as error:  # the converter has many ways to fail, and each is this page's
        log.warning("mathematics %r: %s", node.astext(), error, location=node)
        return ""


class Commas(SphinxPostTransform):
    """A comma behind a formula goes along with it: browsers would let it begin the next line."""

    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Take each from the text behind and give it to the formula."""
        for node in list(self.document.findall(nodes.math)):
            behind = node.next_node(descend=False, siblings=True)
            if isinstance(behind, nodes.Text) and behind[:1] in tuple(",.;:?!)"):
                node["comma"] = behind[:1]
                node.parent.replace(behind, nodes.Text(behind[1:]))


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line, with the comma that stands behind it."""
    comma = node.get("comma", "")
    self.body.append(f'<span class="mathml">{translate(node, "inline")}{comma}</span>')
    raise nodes.SkipNode


def block(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula of its own."""
    self.body.append(f'<div class="mathml-block">{translate(node, "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_post_transform(Commas)
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

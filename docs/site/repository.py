"""Links that lead out of docs/ into the repository, as a code host follows them.

CONTRIBUTING.md and the others that are shown here have a page on the site; a file of code is
given to the reader as it is; for a folder there is nothing to open, so its name stays as text.
"""

import os
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "README.md": "index",
    "CONTRIBUTING.md": "contributing",
    "CHANGELOG.md": "changelog",
    "benchmarks/README.md": "benchmarks",
}


class RepositoryLinks(SphinxTransform):
    """Runs as soon as a page is read, so that files that it gives to the reader are copied."""

    default_priority = 500

    def apply(self, **_options: object) -> None:
        """Rewrite what points out of docs/; leave everything else to others."""
        for node in list(self.document.findall(addnodes.pending_xref)):
            path, _, anchor = node["reftarget"].partition("#")
            if node.get("refdomain") == "doc":  # MyST has found a page, maybe outside docs/
                path = f"{path}.md" if Path(path).is_absolute() else ""
            if node.get("reftype") != "myst" or not path:
                continue
            written = Path(node.source or self.env.doc2path(self.env.docname))  # or included from
            target = (written.parent / path).resolve()
            if target.is_relative_to(ROOT):
                self.lead(node, target, anchor)

    def lead(self, node: addnodes.pending_xref, target: Path, anchor: str) -> None:
        """Give the link what Sphinx needs to follow it to ``target``."""
        inside = target.relative_to(ROOT).as_posix()
        if inside in PAGES:
            node.attributes.update({"refdomain": "std", "reftype": "doc", "refexplicit": True})
            node["reftarget"] = "/" + PAGES[inside]
        elif target.is_dir() and target != ROOT:
            node.replace_self(nodes.inline("", "", *node.children))
        elif not target.is_file():
            return
        elif inside.startswith("docs/") and target.suffix == ".md":
            page = inside.removeprefix("docs/").removesuffix(".md")
            node.attributes.update(
                {"refdomain": "doc", "reftype": "myst", "reftargetid": anchor or None}
            )
            node.attributes.update({"reftarget": page, "refexplicit": True})
        else:
            here = Path(self.env.doc2path(self.env.docname)).parent
            given = addnodes.download_reference("", "", *node.children)
            given["reftarget"] = Path(os.path.relpath(target, here)).as_posix()
            node.replace_self(given)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_transform(RepositoryLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

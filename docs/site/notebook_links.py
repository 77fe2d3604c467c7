"""Each lesson's notebook beside its page on the site, and a link to it under the title."""

import json
from pathlib import Path

from docutils import nodes
from notebook import notebook
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


def is_lesson(page: str) -> bool:
    """Lessons are the numbered pages of the course."""
    return page.startswith("course/") and page.removeprefix("course/")[:2].isdigit()


class NotebookLink(SphinxTransform):
    """A line under a lesson's title."""

    default_priority = 500

    def apply(self, **_options: object) -> None:
        """Put the line behind the title."""
        page = self.env.docname
        if not is_lesson(page):
            return
        file = f"{page.rpartition('/')[2]}.ipynb"
        link = nodes.reference("", "a notebook", refuri=file, internal=True)
        line = nodes.paragraph("", "", nodes.Text("This lesson as "), link, classes=["as-notebook"])
        for title in list(self.document.findall(nodes.title))[:1]:
            title.parent.insert(title.parent.index(title) + 1, line)


def write_notebooks(app: Sphinx, error: Exception | None) -> None:
    """The notebooks as their reader gets them: not yet run."""
    for page in filter(is_lesson, app.env.found_docs if error is None else ()):
        made = json.dumps(notebook(Path(app.env.doc2path(page))), indent=1, ensure_ascii=False)
        (Path(app.outdir) / f"{page}.ipynb").write_text(made, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_transform(NotebookLink)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Every lesson as a notebook, run from top to bottom: python run_notebooks.py TO [LESSON ...].

Two at a time, each in a process and an empty folder of its own. A cell that fails is shown, and the
rest goes on; the exit status is 1 if any failed.
"""

import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from notebook import ROOT, notebook

LESSONS = ROOT / "docs" / "course"
MINUTES = 10  # for a cell: none takes one, and a hanging kernel should not hang CI


def run(page: Path, to: Path) -> str | None:
    """Write the notebook of a page, run; what went wrong, or None."""
    began = perf_counter()
    book = nbformat.from_dict(notebook(page))
    nbformat.validate(book)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            book,
            timeout=60 * MINUTES,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute()
        except CellExecutionError as error:
            return f"{page.stem}: {error}"
    nbformat.write(book, to / f"{page.stem}.ipynb")
    cells = sum(cell.cell_type == "code" for cell in book.cells)
    print(f"{page.stem}.ipynb: {cells} cells in {perf_counter() - began:.0f} s", flush=True)
    return None


def main(to: Path, names: list[str]) -> int:
    """Run the lessons of these names, or all."""
    pages = [p for p in sorted(LESSONS.glob("[0-9]*.md")) if not names or p.stem in names]
    if not pages:
        print(f"No lessons in {LESSONS.relative_to(ROOT)}.")
        return int(bool(names))
    to.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MINICNN_THREADS", "1")  # the two of them have a core each
    with ThreadPoolExecutor(2) as both:
        failures = [f for f in both.map(lambda page: run(page, to), pages) if f]
    for failure in failures:
        print(failure, file=sys.stderr)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

"""Every lesson as a notebook, run from top to bottom: python run_notebooks.py TO [LESSON ...].

Two at a time, each in a process and an empty folder of its own. A cell that fails is shown, and the
rest goes on; the exit status is 1 if any failed.
"""

import argparse
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from notebook import ROOT, notebook

LESSONS = ROOT / "docs" / "course"
MINUTES = 10  # for a cell: none takes one, and a hanging kernel should not hang CI


def run(page: Path, to: Path) -> str | None:
    """Write the notebook of a page, run; what went wrong, or None."""
    import nbformat  # only who runs a notebook needs them
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

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


def lessons() -> dict[str, Path]:
    """The pages that become notebooks, by name."""
    return {page.stem: page for page in sorted(LESSONS.glob("[0-9]*.md"))}


def main(arguments: list[str] | None = None) -> int:
    """Run the lessons of these names, or all."""
    parser = argparse.ArgumentParser(description="Make notebooks of the lessons, and run them.")
    parser.add_argument("to", metavar="TO", type=Path, help="the folder for the notebooks")
    parser.add_argument("names", metavar="LESSON", nargs="*", help="such as 04-im2col; none: all")
    args = parser.parse_args(arguments)
    known = lessons()
    if strangers := [name for name in args.names if name not in known]:
        parser.error(f"expected lessons from {', '.join(known)}, got {', '.join(strangers)}")
    pages = [known[name] for name in args.names] if args.names else list(known.values())
    args.to.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MINICNN_THREADS", "1")  # the two of them have a core each
    with ThreadPoolExecutor(2) as both:
        failures = [f for f in both.map(lambda page: run(page, args.to), pages) if f]
    for failure in failures:
        print(failure, file=sys.stderr)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())

"""``python -m minicnn``: the command ``minicnn``, where no script was installed."""

import sys

from minicnn.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""A commit's subject says in at most 72 characters what is different now (a commit-msg hook)."""

import sys
from pathlib import Path

LONGEST = 72  # what `git log --oneline` and code hosts show without cutting it off

subject = Path(sys.argv[1]).read_text(encoding="utf-8").partition("\n")[0]
if len(subject) > LONGEST:
    sys.exit(
        f"commit message: expected a subject of at most {LONGEST} characters, got {len(subject)}; "
        f"say what is different now in fewer words, and why in the body: {subject}"
    )

"""Writes docs/rules, the pages of the rules and their index, of the rules' docstrings.

Run it after an edit of a rule's docstring, or of its fix.

    python tools/write_rule_pages.py            write the pages
    python tools/write_rule_pages.py --check    exit 1 if the pages are not what the rules give
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from protofix.reports.rules.page import index, page
from protofix.rules.registry import RULES

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "rules"


def pages() -> dict[str, str]:
    """What is to be in each file of the folder."""
    return {"README.md": index(RULES), **{f"{rule.code}.md": page(rule) for rule in RULES}}


def stale(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """The files of a folder that are not what they should be, are missing, or are too many."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))


def main(arguments: list[str] | None = None) -> int:
    """Write or check the pages; give 0 for success, 1 where a check finds one stale."""
    parser = argparse.ArgumentParser(description="Write docs/rules of the rules' docstrings.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if stale")
    check: bool = parser.parse_args(arguments).check
    wanted = pages()
    names = stale(FOLDER, wanted)
    if check:
        if names:
            said = f"{', '.join(names)} in docs/rules: run python tools/write_rule_pages.py"
            print(f"stale: {said}", file=sys.stderr)
        return 1 if names else 0
    FOLDER.mkdir(exist_ok=True)
    for name in names:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes what is made of the rules' files: their index, and docs/rules, their pages.

`protofix/rulebook/index.json` has all that the files say of themselves but their docstrings, so
that only those that are used need to be imported. Run it after an edit of a rule.

    python tools/write_rule_pages.py            write the index and the pages
    python tools/write_rule_pages.py --check    exit 1 if they are not what the rules give
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "protofix" / "rules"
RULEBOOK = ROOT / "protofix" / "rulebook"
PAGES = ROOT / "docs" / "rules"

_CONSTANTS = (
    *("CODE", "NAME", "SEVERITY", "MEETS", "ON", "LAST"),
    *("FIXES", "WANTS", "TYPES", "RESTS_ON"),
)


def index() -> dict[str, str]:
    """What is to be in the index: an object for each file of a rule, in the order of the codes."""
    files = (path.stem for path in RULES.glob("*.py") if path.stem != "__init__")
    records = sorted(map(_described, files), key=lambda it: str(it["code"]))
    lines = ",\n".join(map(json.dumps, records))
    return {"index.json": f"[\n{lines}\n]\n"}


def _described(file: str) -> dict[str, Any]:
    """All that a file says of its rule but the manual."""
    it = import_module(f"protofix.rules.{file}")
    found = {name.lower(): getattr(it, name) for name in _CONSTANTS if hasattr(it, name)}
    return {"file": file, **found}


def pages() -> dict[str, str]:
    """What is to be in each file of docs/rules, by the index as it is."""
    from protofix.reports.rules.page import index, page
    from protofix.rulebook.registry import RULES

    return {"README.md": index(RULES), **{f"{rule.code}.md": page(rule) for rule in RULES}}


def stale(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """The files of a folder that are not what they should be, are missing, or are too many."""
    kinds = {f"*{Path(name).suffix}" for name in wanted}
    there = {
        path.name: path.read_text(encoding="utf-8") for kind in kinds for path in folder.glob(kind)
    }
    return sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))


def main(arguments: list[str] | None = None) -> int:
    """Write or check the files; give 0 for success, 1 where a check finds one stale."""
    parser = argparse.ArgumentParser(description="Write what is made of the rules' files.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if stale")
    check: bool = parser.parse_args(arguments).check
    found = []
    # The pages are of the rules that the index names.
    for folder, made in ((RULEBOOK, index), (PAGES, pages)):
        wanted = made()
        found += [path.relative_to(ROOT).as_posix() for path in _brought(folder, wanted, check)]
    if check and found:
        print(f"stale: {', '.join(found)}: run python tools/write_rule_pages.py", file=sys.stderr)
    return 1 if check and found else 0


def _brought(folder: Path, wanted: Mapping[str, str], check: bool) -> list[Path]:
    """Bring a folder up to date unless it is only to be checked; give what was stale."""
    folder.mkdir(exist_ok=True)
    names = stale(folder, wanted)
    for name in () if check else names:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return [folder / name for name in names]


if __name__ == "__main__":
    sys.exit(main())

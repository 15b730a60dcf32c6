"""What upgrading the corpus does, counted: files by step, messages against Caffe's, comments kept.

    python benchmarks/upgrade_corpus.py [SHARED]

SHARED is the folder with `corpus/` and `golden/`, by default ../shared. The columns of the second
table are what protofix made of the files in `golden/upgrade`, and what Caffe's own tools made.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

from google.protobuf import text_format
from rich.console import Console
from rich.table import Table

import protofix
from caffe_proto import base_schema
from protofix.upgrade.facts import CAFFE_STEPS, STEP_TITLES
from protofix.upgrade.text.document import Upgrade

SHARED = Path(__file__).resolve().parents[2] / "shared"

_TOKEN = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|(#[^\n\r]*)")
_MESSAGES = {"net": "NetParameter", "solver": "SolverParameter"}


def comments(text: str) -> Counter[str]:
    """Every comment of a text, with how often it is there."""
    return Counter(match[1].rstrip() for match in _TOKEN.finditer(text) if match[1])


def blank_lines(text: str) -> int:
    """How many lines hold nothing."""
    return sum(not line.strip() for line in text.split("\n"))


def corpus_table(shared: Path) -> tuple[Table, list[str]]:
    """Count over all files of the corpus; say which are refused, and why."""
    refused: list[str] = []
    counts: Counter[str] = Counter()
    for path in sorted(path for path in (shared / "corpus").rglob("*") if path.is_file()):
        counts["files"] += 1
        try:
            upgrade = protofix.upgrade_text(path.read_bytes(), str(path))
        except ValueError as error:
            refused.append(f"refused: {error}")
            continue
        counts["changed"] += upgrade.changed
        for step in upgrade.steps:
            counts[STEP_TITLES[step]] += 1
        before, after = comments(upgrade.before.text), comments(upgrade.after.text)
        if upgrade.changed:
            counts["comments in the files changed"] += before.total()
            counts["comments of them still there"] += (before & after).total()
        counts["with something left in an old format"] += not upgrade.complete
        again = protofix.upgrade_text(upgrade.after.text, path.name)
        counts["changed by a second run"] += again.changed
    counts["refused"] = len(refused)
    table = Table("over the corpus", "count")
    order = (
        "files", "refused", "changed",
        *(STEP_TITLES[step] for step in CAFFE_STEPS), "with something left in an old format",
        "changed by a second run", "comments in the files changed", "comments of them still there",
    )  # fmt: skip
    for name in order:
        table.add_row(name, str(counts[name]))
    return table, refused


def golden_table(shared: Path) -> Table:
    """Count over the files that Caffe's own tools upgraded."""
    records = json.loads((shared / "golden" / "upgrade" / "index.json").read_text("utf-8"))
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for record in records:
        before = (shared / "corpus" / record["file"]).read_text("utf-8")
        caffe = (shared / "golden" / "upgrade" / record["upgraded"]).read_text("utf-8")
        upgrade: Upgrade = protofix.upgrade_text(before, record["file"])
        message = base_schema().message_class(_MESSAGES[record["kind"]])
        same = text_format.Parse(upgrade.after.text, message()) == text_format.Parse(
            caffe, message()
        )
        for counted, text in ((files, before), (ours, upgrade.after.text), (theirs, caffe)):
            counted["files"] += 1
            counted["comments"] += comments(text).total()
            counted["blank lines"] += blank_lines(text)
        ours["the same message as Caffe's"] += same
        lines = Counter(before.split("\n"))
        ours["lines as they were"] += (lines & Counter(upgrade.after.text.split("\n"))).total()
        theirs["lines as they were"] += (lines & Counter(caffe.split("\n"))).total()
        files["lines as they were"] += lines.total()
    table = Table("golden/upgrade", "before", "protofix", "Caffe's tool")
    for name in (
        "files",
        "the same message as Caffe's",
        "comments",
        "blank lines",
        "lines as they were",
    ):
        shown = [str(counted.get(name, "")) for counted in (files, ours, theirs)]
        table.add_row(name, *shown)
    return table


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shared", nargs="?", default=SHARED, type=Path)
    shared = parser.parse_args().shared
    console = Console()
    table, refused = corpus_table(shared)
    console.print(table, *refused, sep="\n", markup=False, highlight=False, soft_wrap=True)
    console.print(golden_table(shared))


if __name__ == "__main__":
    main()

"""What `protofix upgrade` did to a prototxt or to weights: the steps taken, and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protofix.reports.terminal import Line
from protofix.textproto.diffs import unified_diff
from protofix.upgrade.facts import STEP_TITLES, Step

if TYPE_CHECKING:
    from protofix.upgrade.text.document import Upgrade
    from protofix.upgrade.weights.splice import WeightsUpgrade


def diff_of(upgrade: Upgrade) -> str:
    """The unified diff of the text."""
    return unified_diff(upgrade.before.text, upgrade.after.text, upgrade.before.source.path)


def lines(upgrade: Upgrade, dry: bool = False) -> Iterator[Line]:
    """What was done and what was not, a line each.

    Lines are counted in the text as it was; unless `dry`, that is said.
    """
    source = upgrade.before.source
    if upgrade.steps or not upgrade.notes:
        yield _steps_line(source.path, upgrade.steps)
    for note in sorted(upgrade.notes):
        line, column = source.position(note.at)
        place = f"{source.path}:{line}:{column}: "
        if not dry and upgrade.changed:
            place = f"{source.path}: line {line} of the old text: "
        yield [(place, "bold"), (note.message, "yellow" if note.left else "")]


def record(upgrade: Upgrade, written: Path | None) -> dict[str, Any]:
    """Everything as one object of the JSON report.

    Lines and columns count from 1, in the text as it was.
    """
    source = upgrade.before.source
    notes = []
    for note in sorted(upgrade.notes):
        line, column = source.position(note.at)
        notes.append({"line": line, "column": column, "message": note.message, "left": note.left})
    return {
        "file": source.path,
        "changed": upgrade.changed,
        "complete": upgrade.complete,
        "steps": list(upgrade.steps),
        "notes": notes,
        "written": written.as_posix() if written else None,
        "diff": diff_of(upgrade),
    }


def weights_lines(path: str, upgrade: WeightsUpgrade) -> Iterator[Line]:
    """What was done to weights and what was not, a line each."""
    if upgrade.steps or not upgrade.notes:
        yield _steps_line(path, upgrade.steps)
    for note in upgrade.notes:
        yield [(f"{path}: ", "bold"), (note.message, "yellow" if note.left else "")]


def weights_record(path: str, upgrade: WeightsUpgrade, written: Path | None) -> dict[str, Any]:
    """The same of weights; `size` is in bytes, and there is no diff."""
    return {
        "file": path,
        "changed": upgrade.changed,
        "complete": upgrade.complete,
        "steps": list(upgrade.steps),
        "notes": [{"message": note.message, "left": note.left} for note in upgrade.notes],
        "layers": upgrade.layers,
        "size": upgrade.size,
        "written": written.as_posix() if written else None,
        "diff": None,
    }


def _steps_line(path: str, steps: tuple[Step, ...]) -> Line:
    if not steps:
        return [(f"{path}: ", "bold"), ("nothing to upgrade", "")]
    titles = ", ".join(STEP_TITLES[step] for step in steps)
    return [(f"{path}: ", "bold"), ("upgraded ", "bold green"), (titles, "")]

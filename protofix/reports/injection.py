"""What `protofix inject` did: the diff, the notes and the proof in three lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from protofix.injection import Injection
from protofix.reports.proof.as_json import proof_record
from protofix.reports.proof.text import three_lines
from protofix.reports.terminal import Line
from protofix.reports.upgrade import lines as upgrade_lines
from protofix.textproto.diffs import unified_diff


def diff_of(injection: Injection) -> str:
    """The unified diff of the net."""
    return unified_diff(injection.before.text, injection.after.text, injection.before.source.path)


def note_lines(injection: Injection) -> Iterator[Line]:
    """What was done and what was not, a line each."""
    upgrade = injection.upgrade
    if upgrade is not None and (upgrade.steps or upgrade.notes):
        yield from upgrade_lines(upgrade)
    for note in injection.notes:
        yield [(note, "")]
    for doubt in injection.doubts:
        yield [("see to this: ", "bold yellow"), (doubt, "")]
    if not injection.changed:
        yield [("nothing to do", "")]
    else:
        yield from three_lines(injection.proof)


def as_json(injection: Injection, written: list[str]) -> str:
    """Everything as one JSON object."""
    record: dict[str, Any] = {
        "file": injection.before.source.path,
        "changed": injection.changed,
        "complete": injection.complete,
        "upgraded": list(injection.upgrade.steps) if injection.upgrade else [],
        "written": written,
        "losses": [
            {"loss": loss.name, "before": loss.before, "after": loss.after}
            for loss in injection.losses
        ],
        "notes": list(injection.notes),
        "doubts": list(injection.doubts),
        "proof": proof_record(injection.proof),
        "files": [file.path.as_posix() for file in injection.files],
        "diff": diff_of(injection),
    }
    return json.dumps(record, indent=2)

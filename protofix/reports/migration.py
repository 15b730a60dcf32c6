"""What `protofix migrate` did: the diff, the notes and the proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from protofix.infogain.chains import MAP_OBSTACLES
from protofix.migration import Migration
from protofix.net.names import counted
from protofix.reports.proof.as_json import proof_record
from protofix.reports.proof.text import three_lines
from protofix.reports.terminal import Line
from protofix.reports.upgrade import lines as upgrade_lines
from protofix.textproto.diffs import unified_diff

if TYPE_CHECKING:
    from protofix.upgrade.weights.match import WeightsMatch


def diff_of(migration: Migration) -> str:
    """The unified diff of the net."""
    return unified_diff(migration.before.text, migration.after.text, migration.before.source.path)


def note_lines(migration: Migration) -> Iterator[Line]:
    """What was done and what was not, a line each."""
    if migration.upgrade is not None and (migration.upgrade.steps or migration.upgrade.notes):
        yield from upgrade_lines(migration.upgrade)
    for fused in migration.fused:
        yield [("fused ", "bold green"), (f"`{fused.loss}`:", "bold")]
        for note in fused.notes:
            yield _plain(f"  {note}")
    for logged in migration.logged:
        yield [("kept ", "bold green"), (f"the probabilities of `{logged.loss}`:", "bold")]
        for note in logged.notes:
            yield _plain(f"  {note}")
    for chain in migration.refused:
        yield _left(chain.loss.name)
        for obstacle in chain.obstacles:
            hint = "; --maps fuses it all the same" if obstacle.kind in MAP_OBSTACLES else ""
            yield _plain(f"  {obstacle.reason}{hint}")
    for other in migration.others:
        yield _left(other.loss.name)
        yield _plain(f"  it reads {other.reason}")
        hints = {True: "; --log-layer puts it there", False: ""}
        hint = hints.get(bool(other.sums_to_one), "")
        if other.sums_to_one is None:
            hint = f"; --sums-to-one {other.loss.name} puts it there"
        yield _plain(f"  {other.advice}{hint}")
    yield from map(_plain, migration.notes)
    for name in migration.without_matrix:
        yield [
            (f"`{name}` has no matrix H, and Caffe will abort: ", "yellow"),
            ("give --source, --compute-h, --h-data, --h-lmdb or --h-leveldb", ""),
        ]
    if not (migration.fused or migration.logged or migration.refused or migration.others):
        rest = "fuse" if migration.changed else "do"
        yield _plain(f"no Softmax feeds an InfogainLoss: nothing to {rest}")


def _plain(text: str) -> Line:
    return [(text, "")]


def _left(loss: str) -> Line:
    return [("left ", "bold yellow"), (f"`{loss}` as it is:", "bold")]


def proof_lines(migration: Migration) -> Iterator[Line]:
    """The proof in three lines, if anything was changed that has numbers."""
    if migration.proof.losses or migration.proof.problems:
        yield from three_lines(migration.proof)


def weights_lines(path: str, match: WeightsMatch) -> Iterator[Line]:
    """Whether weights match the migrated net, and where they do not."""
    said = f"{counted(len(match.matched), 'layer')} of the net match"
    if match.partly:
        said += f", {counted(len(match.partly), 'layer')} as far as the net tells"
    if not match.loads:
        said = f"Caffe aborts over them; {said}"
    tint = "green" if match.loads and match.useful else "red"
    yield [(f"weights {path}: ", "bold"), (said, tint)]
    for part in match.partly:
        yield _plain(f"  {part.line}")
    for mismatch in match.mismatches:
        yield [(f"  {mismatch.line}", "red" if mismatch.fatal else "")]


def as_json(migration: Migration, written: list[str], match: WeightsMatch | None = None) -> str:
    """Everything as one JSON object."""
    record: dict[str, Any] = {
        "file": migration.before.source.path,
        "changed": migration.changed,
        "complete": migration.complete,
        "upgraded": list(migration.upgrade.steps) if migration.upgrade else [],
        "written": written,
        "fused": [{"loss": f.loss, "notes": list(f.notes)} for f in migration.fused],
        "logged": [{"loss": it.loss, "notes": list(it.notes)} for it in migration.logged],
        "refused": [
            {
                "loss": chain.loss.name,
                "reasons": [{"kind": o.kind, "reason": o.reason} for o in chain.obstacles],
            }
            for chain in migration.refused
        ]
        + [
            {"loss": other.loss.name, "reasons": [{"kind": "no-softmax", "reason": other.reason}]}
            for other in migration.others
        ],
        "notes": list(migration.notes),
        "without_matrix": list(migration.without_matrix),
        "files": [file.path.as_posix() for file in migration.files],
        "proof": proof_record(migration.proof),
        "diff": diff_of(migration),
    }
    if match is not None:
        record["weights"] = {
            "loads": match.loads,
            "useful": match.useful,
            "matched": list(match.matched),
            "partly": [{"layer": one.layer, "message": one.line} for one in match.partly],
            "mismatches": [
                {"kind": one.kind, "layer": one.layer, "message": one.line}
                for one in match.mismatches
            ],
        }
    return json.dumps(record, indent=2)

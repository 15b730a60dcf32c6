"""A baseline: the findings that a project has today and accepts, so that only new ones count.

A finding is known again by its file, its rule and the text of its line, blanks aside, wherever that
line has gone meanwhile. The file is JSON, one object a finding, in an order that makes small diffs.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from protofix.files import read_bytes
from protofix.rulebook.findings import Checked, Finding
from protofix.textproto.edits import Edit
from protofix.textproto.origins import Origins, Span
from protofix.textproto.source import Source

_VERSION = 1

Lines = Counter[tuple[str, str]]
"""How many findings of a rule's code are accepted on lines of one text."""


class BaselineError(ValueError):
    """A baseline cannot be used; the message is one line that begins with its path."""


@dataclass(frozen=True)
class Acceptance:
    """What is accepted of one file: findings on lines, by their texts.

    While a file is mended, what was accepted of it as it was first read stays so. `places` are then
    those of the findings that were accepted, by their codes and in order, in the text `first`;
    `lines` is what that left, and `origins` tells where in it each place lay.
    """

    lines: Lines
    places: Mapping[str, Sequence[int]] = field(default_factory=dict)
    first: Source | None = None
    origins: Origins = field(default_factory=Origins)

    def beyond(
        self, source: Source, findings: Iterable[Finding]
    ) -> tuple[tuple[Finding, ...], Acceptance]:
        """The findings of a file that are not accepted; and what is, besides those that are."""
        if not self.lines and not self.places:
            return tuple(findings), self
        lines = Counter(self.lines)
        places = {code: list(its) for code, its in self.places.items()}
        first = self.first or source
        new = []
        for finding in findings:
            span = self.origins.of(finding.start)
            if not (
                _take_place(places.get(finding.code, []), span)
                or _take_line(lines, finding.code, first, span)
            ):
                new.append(finding)
        return tuple(new), replace(self, lines=lines, places=places)

    def settled(self, source: Source, findings: Sequence[Finding]) -> Acceptance:
        """The same once it is settled which findings it accepts in a text as it was first read."""
        new, left = self.beyond(source, findings)
        places: dict[str, list[int]] = {}
        for finding in sorted(set(findings) - set(new), key=lambda it: it.start):
            places.setdefault(finding.code, []).append(finding.start)
        return Acceptance(left.lines, places, source)

    def after(self, edits: Iterable[Edit]) -> Acceptance:
        """The same of the text that edits make, all at once."""
        return replace(self, origins=self.origins.after(edits))


NOTHING = Acceptance(Counter())
"""What is accepted without a baseline."""


def _take_place(places: list[int], span: Span) -> bool:
    """Use up one of some places, in order, if one of them is within a span."""
    at = bisect_left(places, span.first)
    if at == len(places) or places[at] > span.last:
        return False
    del places[at]
    return True


def _take_line(lines: Lines, code: str, source: Source, span: Span) -> bool:
    """Use up a line on which a rule's finding is accepted, if one of a span is."""
    rows = range(source.position(span.first).line, source.position(span.last).line + 1)
    key = next((it for row in rows if lines[it := (code, _compared(_line(source, row)))] > 0), None)
    if key is None:
        return False
    lines[key] -= 1
    return True


@dataclass(frozen=True)
class Baseline:
    """What is accepted of each file, by its path from the folder in which the baseline lies.

    `records` are the same as they are written down.
    """

    folder: str
    files: Mapping[str, Lines]
    records: Mapping[str, Sequence[Any]]

    def of(self, path: str) -> Acceptance:
        """What is accepted of a file."""
        return Acceptance(self.files.get(path_from(self.folder, path), Counter()))


def line_of(source: Source, finding: Finding) -> str:
    """The text of the line on which a finding begins, without the blanks around it."""
    return _line(source, source.position(finding.start).line)


def _line(source: Source, row: int) -> str:
    return source.lines[row - 1].strip()


def _compared(line: str) -> str:
    """A line without its blanks: whoever sets them right has changed no finding."""
    return "".join(line.split())


def path_from(folder: str, path: str) -> str:
    """The path of a file from a folder, with `/` between names."""
    real = os.path.realpath(path)
    try:
        return os.path.relpath(real, os.path.realpath(folder)).replace(os.sep, "/")
    except ValueError:  # Another drive.
        return real


def read_baseline(path: str) -> Baseline:
    """Read a baseline. Raises FileError if it is not there, BaselineError if it is none."""
    try:
        content = json.loads(read_bytes(Path(path)))
        if content["version"] != _VERSION:
            raise BaselineError(f"{path}: is a baseline of version {content['version']}, not 1")
        files = {str(name): _accepted_lines(records) for name, records in content["files"].items()}
    except BaselineError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BaselineError(
            f"{path}: is no baseline; `protofix check --write-baseline {path}` makes one"
        ) from None
    return Baseline(os.path.dirname(os.path.abspath(path)), files, content["files"])


def _accepted_lines(records: Sequence[Any]) -> Lines:
    lines: Lines = Counter()
    for it in records:
        lines[str(it["code"]), _compared(str(it["line"]))] += int(it["count"])
    return lines


def baseline_text(path: str, checked: Iterable[Checked], old: Baseline | None = None) -> str:
    """The content of a baseline at `path` that accepts all these findings.

    What an `old` one accepts of other files that are there stays accepted.
    """
    folder = os.path.dirname(os.path.abspath(path))
    files: dict[str, Lines] = {}
    for one in checked:
        lines = files.setdefault(path_from(folder, one.source.path), Counter())
        lines.update((it.code, line_of(one.source, it)) for it in one.findings)
    records = {
        name: its
        for name, its in (old.records if old is not None else {}).items()
        if name not in files and os.path.exists(os.path.join(folder, name))
    }
    for name, lines in files.items():
        records[name] = [
            {"code": code, "line": line, "count": count}
            for (code, line), count in sorted(lines.items())
        ]
    content = {
        "version": _VERSION,
        "files": {name: its for name, its in sorted(records.items()) if its},
    }
    # Plain ASCII: bytes of a file that were not UTF-8 could not be written otherwise.
    return json.dumps(content, indent=1) + "\n"

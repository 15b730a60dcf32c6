"""A baseline: the findings that a project has today and accepts, so that only new ones count.

A finding is known again by its file, its rule and the text of its line, wherever that line has gone
meanwhile. The file is JSON, one object a finding, in an order that makes small diffs.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protofix.files import read_bytes
from protofix.rulebook.findings import Checked, Finding
from protofix.textproto.source import Source

_VERSION = 1

Known = Counter[tuple[str, str]]
"""How many findings there are of a rule's code on lines of one text."""


class BaselineError(ValueError):
    """A baseline cannot be used; the message is one line that begins with its path."""


@dataclass(frozen=True)
class Baseline:
    """What is accepted of each file, by its path from the folder in which the baseline lies."""

    folder: str
    files: Mapping[str, Known]

    def of(self, path: str) -> Known:
        """What is accepted of a file."""
        return self.files.get(path_from(self.folder, path), Counter())


def line_of(source: Source, finding: Finding) -> str:
    """The text of the line on which a finding begins, without the blanks around it."""
    return source.lines[source.position(finding.start).line - 1].strip()


def beyond(known: Known, source: Source, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of a file that are not accepted."""
    left = Counter(known)
    new = []
    for finding in findings:
        key = (finding.code, line_of(source, finding))
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(finding)
    return tuple(new)


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
        files = {str(name): _known(records) for name, records in content["files"].items()}
    except BaselineError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BaselineError(
            f"{path}: is no baseline; `protofix check --write-baseline {path}` makes one"
        ) from None
    return Baseline(os.path.dirname(os.path.abspath(path)), files)


def _known(records: Sequence[Any]) -> Known:
    return Counter({(str(it["code"]), str(it["line"])): int(it["count"]) for it in records})


def baseline_text(path: str, checked: Iterable[Checked]) -> str:
    """The content of a baseline at `path` that accepts all these findings."""
    folder = os.path.dirname(os.path.abspath(path))
    files: dict[str, Known] = {}
    for one in checked:
        known = files.setdefault(path_from(folder, one.source.path), Counter())
        known.update((it.code, line_of(one.source, it)) for it in one.findings)
    content = {
        "version": _VERSION,
        "files": {
            name: [
                {"code": code, "line": line, "count": count}
                for (code, line), count in sorted(known.items())
            ]
            for name, known in sorted(files.items())
            if known
        },
    }
    # Plain ASCII: bytes of a file that were not UTF-8 could not be written otherwise.
    return json.dumps(content, indent=1) + "\n"

"""What a finding is known by from one run to the next, also where CI keeps count of findings.

It is what a baseline knows it by: its file, its rule and the text of its line, wherever that line
has gone meanwhile.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from protofix.linting.baseline import line_of, path_from
from protofix.rulebook.findings import Checked, Finding


class Fingerprinted(NamedTuple):
    """A finding, where it was found, and its fingerprint, which no other finding of the run has.

    `path` is as `path_in` gives it.
    """

    checked: Checked
    finding: Finding
    path: str
    fingerprint: str


def path_in(root: str, path: str) -> str:
    """The path of a file from a folder, with `/` between names; of one outside it, all of it."""
    found = path_from(root, path)
    return os.path.realpath(path) if found.startswith("../") else found


def fingerprints(root: str, checked: Iterable[Checked]) -> Iterator[Fingerprinted]:
    """All findings of a run with their fingerprints, in their order."""
    from hashlib import sha256

    times: Counter[tuple[str, str, str]] = Counter()
    for one in checked:
        path = path_in(root, one.source.path)
        for finding in one.findings:
            key = (path, finding.code, line_of(one.source, finding))
            words = "\0".join((*key, str(times[key])))
            times[key] += 1
            digest = sha256(words.encode("utf-8", "surrogateescape")).hexdigest()
            yield Fingerprinted(one, finding, path, digest[:32])

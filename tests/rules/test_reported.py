"""Nets like those that people ask about, what is said of each, and what becomes of it.

A folder of fixtures/reported has the net, `found.txt` with a line a finding (`*` if it has a safe
fix, `**` if an unsafe one), and the net after all fixes.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from shared_data import ROOT

from protofix.linting.checking import check_source
from protofix.linting.fixing import fix_source
from protofix.rulebook.findings import Finding
from protofix.textproto.source import Source

FOLDER = ROOT / "fixtures" / "reported"
CASES = sorted(path for path in FOLDER.iterdir() if path.is_dir())

# What a person has to decide.
LEFT = {
    "quote_over_two_lines": ["PF002"],
    "two_names": ["PF105"],
}


def source_of(path: Path) -> Source:
    return Source(path.read_bytes().decode("utf-8"), "net.prototxt")


def line_of(source: Source, finding: Finding) -> str:
    line, column = source.position(finding.start)
    fix = "" if finding.fix is None else "* " if finding.fix.safe else "** "
    return f"{line}:{column} {finding.code} {fix}{finding.message}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_found(case: Path) -> None:
    source = source_of(case / "before.prototxt")
    found = [line_of(source, it) for it in check_source(source).findings]
    assert found == (case / "found.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_becomes_of_it(case: Path) -> None:
    fixed = fix_source(source_of(case / "before.prototxt"), unsafe=True)
    assert fixed.failures == ()
    assert fixed.after.text == source_of(case / "after.prototxt").text
    assert [it.code for it in fixed.left.findings] == LEFT.get(case.name, [])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_second_run_changes_nothing(case: Path) -> None:
    after = source_of(case / "after.prototxt")
    assert fix_source(after, unsafe=True).after.text == after.text

"""`--statistics`: how often each rule found something, and how much of that is mended."""

from __future__ import annotations

import pytest
from findings_runs import found, holding

from protofix.reports.findings.statistics import lines
from protofix.rulebook.findings import Fix
from protofix.textproto.edits import Edit

NO_FIX = None
SAFE = Fix("write it anew", (Edit(0, 1, "c"),))
UNSAFE = Fix("guess", (Edit(0, 1, "c"),), safe=False)

# The fixes of a rule's findings, in the order of the text, and its line.
MARKS: dict[str, tuple[list[Fix | None], str]] = {
    "none": ([NO_FIX, NO_FIX], "2  PF301      unmade-blob"),
    "all safe": ([SAFE, SAFE], "2  PF301 [*]  unmade-blob"),
    "all unsafe": ([UNSAFE], "1  PF301 [**] unmade-blob"),
    "one of either": ([SAFE, UNSAFE], "2  PF301 1 [*], 1 [**] unmade-blob"),
    "one of either, the other first": ([UNSAFE, SAFE], "2  PF301 1 [*], 1 [**] unmade-blob"),
    "some of several": ([NO_FIX, SAFE, SAFE], "3  PF301 2 [*] unmade-blob"),
    "some of several, none last": ([UNSAFE, NO_FIX], "2  PF301 1 [**] unmade-blob"),
}


@pytest.mark.parametrize("case", MARKS)
def test_the_marks_of_a_rule_are_counted(case: str) -> None:
    fixes, line = MARKS[case]
    checked = holding("abcd", *(found(at, at + 1, fix=fix) for at, fix in enumerate(fixes)))
    assert ["".join(part for part, _ in it) for it in lines([checked])] == [line]

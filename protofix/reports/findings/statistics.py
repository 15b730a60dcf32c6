"""How often each rule found something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from protofix.reports.findings.concise import mark_of
from protofix.reports.terminal import Line
from protofix.rulebook.findings import Checked


def lines(checked: Iterable[Checked]) -> Iterator[Line]:
    """A line a rule, the one that found most first: how often, code, how much is mended, name."""
    findings = [finding for one in checked for finding in one.findings]
    counts = Counter((it.code, it.rule) for it in findings)
    marks = {it.code: mark for it in findings if (mark := mark_of(it))}
    width = max((len(f"{number:,}") for number in counts.values()), default=0)
    for (code, rule), number in sorted(counts.items(), key=lambda it: (-it[1], it[0])):
        mark = f"[{marks[code]}]" if code in marks else ""
        yield [(f"{number:>{width},}  ", "bold"), (f"{code} ", ""), (f"{mark:<5}{rule}", "")]

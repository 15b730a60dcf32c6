"""How often each rule found something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from protofix.reports.findings.concise import mark_of
from protofix.reports.terminal import Line
from protofix.rulebook.findings import Checked

_LEAST_WIDTH = len("[**]")


def lines(checked: Iterable[Checked]) -> Iterator[Line]:
    """A line a rule, the one that found most first: how often, code, how much is mended, name."""
    marks: dict[tuple[str, str], Counter[str]] = {}
    for one in checked:
        for it in one.findings:
            marks.setdefault((it.code, it.rule), Counter())[mark_of(it)] += 1
    ranked = sorted(marks.items(), key=lambda it: (-it[1].total(), it[0]))
    width = max((len(f"{its.total():,}") for its in marks.values()), default=0)
    marked_width = max((len(_marked(its)) for its in marks.values()), default=0)
    for (code, rule), its in ranked:
        marked = f"{_marked(its):<{max(marked_width, _LEAST_WIDTH)}} "
        yield [(f"{its.total():>{width},}  ", "bold"), (f"{code} ", ""), (f"{marked}{rule}", "")]


def _marked(marks: Counter[str]) -> str:
    """The mark that all findings of a rule have, or how many have which."""
    given = [it for it in ("*", "**") if marks[it]]
    if len(marks) == 1:
        return "".join(f"[{it}]" for it in given)
    return ", ".join(f"{marks[it]:,} [{it}]" for it in given)

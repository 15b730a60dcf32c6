"""What a rule says of itself, and when it has work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Finding, FixKind, Hit, Severity

Wants = Literal["anything", "diagnoses", "misfits", "refusals", "solver", "ignores"]
"""What must be there for a rule to find something: mistakes in the text, what does not fit the
schema, what Caffe refuses to build, a solver, comments to protofix."""

RestsOn = Literal["text", "data", "files"]
"""What the findings of a rule rest on beside the text: the shapes and labels that files of data
tell (`DataFiles`), or files that it looks for itself, as modules, solvers' nets and H."""

Meets = Literal["file", "connecting", "layers", "never"]
"""When Caffe meets an error: as it reads the file, then as it connects the layers (the filter of
the states, insert_splits.cpp), then as it sets up one after the other. What it never meets, it
builds, and computes what nobody meant."""


class RuleFile(Protocol):
    """What a rule's file has at least; its docstring is the rule's manual."""

    __doc__: str | None
    CODE: str
    NAME: str
    SEVERITY: Severity
    check: Callable[[Context], Iterator[Hit]]


@dataclass(frozen=True)
class Rule:
    """A rule: its stable code, its name in words, and its file, which is imported when it is used.

    `meets` is when Caffe meets what it finds, if that is an error. A rule of taste is not `on`
    unless it is asked for. One that is `last` looks at what the others found. `fixes` are kinds of
    fixes that the examples of its manual cannot show. It has nothing to do in a document without
    what it `wants`, or without a layer of one of `types` if it names any. Where files are not at
    hand that it `rests_on`, it may find less than elsewhere, or more.
    """

    code: str
    name: str
    severity: Severity
    file: Callable[[], RuleFile]
    meets: Meets
    on: bool = True
    last: bool = False
    fixes: tuple[FixKind, ...] = ()
    wants: Wants = "anything"
    types: tuple[str, ...] = ()
    rests_on: RestsOn = "text"

    @property
    def manual(self) -> str:
        """What the rule says of itself."""
        return self.file().__doc__ or ""

    def has_work(self, context: Context) -> bool:
        """Whether there is anything in a document for the rule to look at."""
        return _HAS[self.wants](context) and (
            not self.types or not context.layer_types.isdisjoint(self.types)
        )

    def may_find_other(self, context: Context) -> bool:
        """Whether it may find something else in a document where other files lie beside it."""
        if self.rests_on == "files":
            return self.has_work(context)
        # What could be read tells the same wherever it is at hand.
        return self.rests_on == "data" and context.files is not None and bool(context.files.notes)

    def findings(self, context: Context) -> Iterator[Finding]:
        """Everything the rule finds."""
        for hit in self.file().check(context):
            place = (hit.start, hit.end, self.code, self.name)
            said = (hit.message, self.severity, hit.fix)
            yield Finding(*place, *said, hit.unheard, hit.within)


_HAS: Mapping[Wants, Callable[[Context], bool]] = {
    "anything": lambda context: True,
    "diagnoses": lambda context: bool(context.document.diagnoses),
    "misfits": lambda context: bool(context.misfits),
    "refusals": lambda context: any(it.refusals for view in context.views for it in view.built),
    "solver": lambda context: context.kind == "SolverParameter",
    "ignores": lambda context: bool(context.ignores),
}

"""Checks that many rules are made of: one for each thing that reading and building tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from protofix.net.binding import Misfit
from protofix.net.layers import Layer
from protofix.net.setup import Refusal, RefusalKind
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rulebook.context import Context, Target
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.tree import Diagnosis


def diagnosed(kind: str) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of mistake against the text format."""

    def check(context: Context) -> Iterator[Hit]:
        return _hits(context.document.diagnoses, kind)

    return check


def of_nets(check: Callable[[NetView], Iterator[Hit]]) -> Callable[[Context], Iterator[Hit]]:
    """A check of every net that a file holds."""

    def check_all(context: Context) -> Iterator[Hit]:
        for view in context.views:
            yield from check(view)

    return check_all


def on_target(
    target: Target, check: Callable[[Context], Iterator[Hit]]
) -> Callable[[Context], Iterator[Hit]]:
    """A check of files that are for one Caffe alone."""

    def check_if_meant(context: Context) -> Iterator[Hit]:
        return check(context) if context.target == target else iter(())

    return check_if_meant


def refused(
    kind: RefusalKind,
    of: Callable[[Layer], bool] | None = None,
    mended: Callable[[NetView, Layer], Fix | None] | None = None,
) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of thing at which Caffe aborts when it builds a net.

    `of` tells which layers it is about; without it all are. `mended` is the fix for one of them.
    What is refused in several states is said once, in the words of the first.
    """

    def check(view: NetView) -> Iterator[Hit]:
        found: dict[tuple[int, int, int, int], tuple[Refusal, list[NetState]]] = {}
        for built in view.built:
            # A layer may be refused twice at one place; the same place in another state is the
            # same mistake, though numbers may differ.
            times: Counter[tuple[int, int, int]] = Counter()
            for refusal in built.refusals:
                if refusal.kind == kind and (of is None or of(refusal.layer)):
                    place = (refusal.layer.index, refusal.start, refusal.end)
                    _, states = found.setdefault((*place, times[place]), (refusal, []))
                    states.append(built.graph.state)
                    times[place] += 1
        for refusal, states in found.values():
            where = view.where(refusal.layer, states).strip()
            message = f"{where}: {refusal.message}" if where else refusal.message
            fix = mended(view, refusal.layer) if mended else None
            yield Hit(refusal.start, refusal.end, message, fix)

    return of_nets(check)


def misfitting(kind: str) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of misfit with the schema."""

    def check(context: Context) -> Iterator[Hit]:
        return _hits(context.misfits, kind)

    return check


def hit_of(found: Diagnosis | Misfit) -> Hit:
    """What was found in a text, with its mending as a fix: safe if it is certain."""
    mending = found.mending
    fix = None if mending is None else Fix(mending.title, mending.edits, mending.certain)
    return Hit(found.start, found.end, found.message, fix)


def _hits(found: Iterable[Diagnosis | Misfit], kind: str) -> Iterator[Hit]:
    for diagnosis in found:
        if diagnosis.kind == kind:
            yield hit_of(diagnosis)

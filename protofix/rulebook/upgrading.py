"""Old formats: what rules say of a net in one, with what `protofix upgrade` makes of it as the fix.

Caffe brings an old net up to date whenever it reads it, so that nothing is wrong with one; whoever
reads it, and the tools around Caffe, have to know the old ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from caffe_proto import V1_TYPES, dialects_with_field, dialects_with_type
from protofix.net.dialects import fit, who_knows
from protofix.net.layers import Layer, Net, bind
from protofix.net.solvers import nets_of_solver
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.diffs import edits_between
from protofix.textproto.tree import Document, Message, Node, Scalar, scalars_named
from protofix.upgrade.facts import Step

LAYERS: tuple[Step, ...] = ("v0", "data", "v1")
"""The steps that make today's layers of all layers."""

LAYERS_TITLE = "write all layers as `layer`, as `protofix upgrade` does"


class Old(NamedTuple):
    """Something old in a net: the first node of it, and what is to be said."""

    at: Node
    said: str


def old_format(
    look: Callable[[Net], Old | None], steps: tuple[Step, ...], title: str
) -> Callable[[Context], Iterator[Hit]]:
    """A check for what some steps of the upgrade change, said once a net where `look` finds it.

    A fork that could not read the result, or to which it means something else, has no other way to
    say it, and neither has a Caffe from before April 2017: nothing is said then. A fork of
    the days of `layers` that nobody knows may not read it either: then there is no fix.
    """

    def check(context: Context) -> Iterator[Hit]:
        if context.target == "legacy":
            return
        for view in context.views:
            found = None if view.net.mixed else look(view.net)
            if found is None or not context.upgrader.left.keys().isdisjoint(steps):
                continue
            after = _upgraded(context, steps)
            if after is not None and not _fits(context, after):
                continue
            if after is None or _of_unknown_fork(context):
                fix = None
            else:
                fix = _fix(context, after, look, title)
            yield Hit(found.at.start, found.at.name_end, found.said, fix)

    return check


def layers_fix(context: Context, unsafe: bool = False) -> Fix | None:
    """Write all layers of a net as `layer`; None if some cannot be.

    One that mixes the formats is rewritten only if `unsafe`: some Caffe lost a part of it.
    """
    after = _upgraded(context, LAYERS, unsafe)
    if after is None or not _fits(context, after):
        return None
    if any(layer.format < 2 for net in _nets(after, context.kind) for layer in net.layers):
        return None
    edits = edits_between(context.document.text, after.text)
    return Fix(LAYERS_TITLE, tuple(edits), safe=not unsafe)


def rarer_format(net: Net) -> list[Layer]:
    """The layers of a net that mixes the formats that are in the rarer one."""
    old = [layer for layer in net.layers if layer.format < 2]
    new = [layer for layer in net.layers if layer.format == 2]
    return min(old, new, key=len)


def newer_types(net: Net) -> Iterator[tuple[Layer, Scalar]]:
    """The V1 layers of types that came later than V1, which can only be written in quotes."""
    for layer in net.layers:
        for scalar in scalars_named(layer.fields, "type") if layer.format == 1 else ():
            known = layer.type not in V1_TYPES.values() and dialects_with_type(layer.type)
            if known and scalar.kind == "string":
                yield layer, scalar


def _upgraded(context: Context, steps: tuple[Step, ...], unsafe: bool = False) -> Document | None:
    """A document after some steps; None if they change nothing, or leave something undone."""
    from protofix.upgrade.text.document import UpgradeError

    try:
        upgrade = context.upgrader.upgrade(steps, unsafe)
    except UpgradeError:
        return None
    return upgrade.after if upgrade.changed and upgrade.complete else None


def _fits(context: Context, after: Document) -> bool:
    """Whether the dialect has all that an upgrade writes."""
    before = len(context.fit.lacks)
    return len(fit(after, context.dialect).lacks) <= before


def _of_unknown_fork(context: Context) -> bool:
    """Whether a net with layers of old has something that no dialect knows, then or today.

    A list where no dialect takes one is no fork's own.
    """
    if all(layer.format == 2 for view in context.views for layer in view.net.layers):
        return False
    return any(
        not who_knows(misfit) and not dialects_with_field("LayerParameter", misfit.lacks.name)
        for misfit in context.misfits
        if misfit.lacks is not None and misfit.kind != "wrong-type"
    )


def _fix(
    context: Context, after: Document, look: Callable[[Net], Old | None], title: str
) -> Fix | None:
    """What makes the new text of the old; None if something old would be left."""
    if any(look(net) is not None for net in _nets(after, context.kind)):
        return None
    return Fix(title, tuple(edits_between(context.document.text, after.text)))


def _nets(document: Document, kind: str | None) -> list[Net]:
    if kind == "NetParameter":
        return [bind(document)]
    nodes = (net.node for net in nets_of_solver(document))
    return [bind(document, node) for node in nodes if isinstance(node, Message)]

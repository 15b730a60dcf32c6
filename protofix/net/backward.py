"""Which layers of a net are learned through: what Caffe computes on the way back.

A layer needs the way back if it has a parameter that learns, or reads what such a layer makes, and
if what it makes goes into a loss (Caffe 1.0, Net::Init). `propagate_down` and `force_backward`
overrule it. What layers of forks hand on, nobody can tell: `surely_asked` follows nothing through
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from caffe_proto import LAYERS
from protofix.net.as_built import AsBuilt, BuiltLayer, as_built
from protofix.net.build import Built
from protofix.net.layer_types.registry import facts_of, is_loss_type
from protofix.net.layers import Layer
from protofix.net.parameters import NO_SPEC, param_specs
from protofix.net.values import bool_of
from protofix.textproto.literals import parse_bool
from protofix.textproto.tree import Node

_LABELS = 1  # the bottom of a loss that has them


@dataclass(frozen=True)
class Backward:
    """For each layer as built: whether it computes a gradient, for which bottoms, under a loss."""

    needed: tuple[bool, ...]
    bottoms: tuple[tuple[bool, ...], ...]
    under_loss: tuple[bool, ...]


class Asked(NamedTuple):
    """A layer as built, and what Caffe surely asks of it on the way back.

    It is `needed` if Caffe goes back through it at all, `through` if it does so whatever the
    layers of forks hand on; `bottoms` are those that a gradient is asked for in any case.
    """

    one: BuiltLayer
    needed: bool
    through: bool
    bottoms: tuple[bool, ...]


def surely_asked(built: Built, fields: tuple[Node, ...]) -> Iterator[Asked]:
    """What Caffe surely asks of the layers of a net; `fields` are the net's own.

    Layers that it refuses are left out: their bottoms may be meant to be others.
    """
    net = as_built(built)
    # Layers whose parameters are not known may have none.
    sure = tuple(it._replace(params=it.params or ()) for it in net.layers)
    needs = backward_of(replace(net, layers=sure), fields).needed
    # And a fork's layer may hold back whatever gradient it was to hand on.
    held_back = tuple(it if _hands_on(it, built) else _learning_nothing(it) for it in sure)
    asks = backward_of(replace(net, layers=held_back), fields)
    refused = {it.layer for it in built.refusals}
    for asked in map(Asked, held_back, needs, asks.needed, asks.bottoms):
        if asked.one.layer is None or asked.one.layer not in refused:
            yield asked


def _hands_on(one: BuiltLayer, built: Built) -> bool:
    """Whether it is known which gradients a layer hands on: it is as Caffe 1.0 has it."""
    return one.layer is None or (one.type in LAYERS and one.layer.index not in built.unexplained)


def _learning_nothing(one: BuiltLayer) -> BuiltLayer:
    """A layer as if nothing were learned in it or before it."""
    return one._replace(bottoms=(), params=())


def may_be_forced(one: BuiltLayer, slot: int) -> bool:
    """Whether force_backward asks a layer for a gradient for one of its bottoms."""
    return one.layer is None or slot != _never_forced(one.layer)


def backward_of(net: AsBuilt, fields: tuple[Node, ...]) -> Backward:
    """Follow the gradients through a net as built; `fields` are the net's own."""
    needed, bottoms = _forward(net)
    under_loss = _back(net, needed, bottoms)
    if bool_of(fields, "force_backward", False):
        for index, one in enumerate(net.layers):
            needed[index] = True
            bottoms[index] = [
                need or may_be_forced(one, slot) for slot, need in enumerate(bottoms[index])
            ]
    return Backward(tuple(needed), tuple(map(tuple, bottoms)), tuple(under_loss))


def _forward(net: AsBuilt) -> tuple[list[bool], list[list[bool]]]:
    """What has something before it that learns."""
    learned: dict[str, bool] = {}
    needed: list[bool] = []
    bottoms: list[list[bool]] = []
    for one in net.layers:
        read = [learned.get(bottom, False) for bottom in one.bottoms]
        marks = one.layer.propagate_down if one.layer else []
        need = any(read) or _learns(one)
        if len(marks) == len(read):
            read = [parse_bool(mark.value) is True for mark in marks]
        needed.append(need)
        bottoms.append(read)
        for slot, top in enumerate(one.tops):
            in_place = slot < len(one.bottoms) and one.bottoms[slot] == top
            learned[top] = need or (in_place and learned.get(top, False))
    return needed, bottoms


def _learns(one: BuiltLayer) -> bool:
    """Whether a layer has a parameter whose rate is not 0."""
    specs = param_specs(one.layer) if one.layer else ()
    if one.params is None:
        # Nothing tells how many there are: it learns if it says so, or says nothing.
        return not specs or any(spec.lr_mult != 0 for spec in specs)
    learned = (specs[it] if it < len(specs) else NO_SPEC for it in range(len(one.params)))
    return any(spec.lr_mult != 0 for spec in learned)


def _back(net: AsBuilt, needed: list[bool], bottoms: list[list[bool]]) -> list[bool]:
    """Take away what no loss asks for; give which layers are under a loss."""
    under: set[str] = set()
    skipped: set[str] = set()
    under_loss = [False] * len(net.layers)
    for index in range(len(net.layers) - 1, -1, -1):
        one = net.layers[index]
        contributes = any(one.loss_weights) or not under.isdisjoint(one.tops)
        skips = all(top in skipped for top in one.tops)
        if (needed[index] and skips) or not contributes:
            needed[index] = False
            bottoms[index] = [False] * len(bottoms[index])
        under_loss[index] = contributes
        if contributes:
            under.update(one.bottoms)
        skipped.update(
            bottom for bottom, need in zip(one.bottoms, bottoms[index], strict=True) if not need
        )
    return under_loss


def _never_forced(layer: Layer) -> int | None:
    """The bottom that force_backward leaves out; of a loss not known here, its labels."""
    facts = facts_of(layer)
    if facts is not None:
        return facts.never_forced
    return _LABELS if is_loss_type(layer) else None

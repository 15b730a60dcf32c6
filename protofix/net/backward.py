"""Which layers of a net are learned through: what Caffe computes on the way back.

A layer needs the way back if it has a parameter that learns, or reads what such a layer makes, and
if what it makes goes into a loss (Caffe 1.0, Net::Init). `propagate_down` and `force_backward`
overrule it.
"""

from __future__ import annotations

from dataclasses import dataclass

from protofix.net.as_built import AsBuilt, BuiltLayer
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


def backward_of(net: AsBuilt, fields: tuple[Node, ...]) -> Backward:
    """Follow the gradients through a net as built; `fields` are the net's own."""
    needed, bottoms = _forward(net)
    under_loss = _back(net, needed, bottoms)
    if bool_of(fields, "force_backward", False):
        for index, one in enumerate(net.layers):
            needed[index] = True
            bottoms[index] = [
                need or _may_be_forced(one, slot) for slot, need in enumerate(bottoms[index])
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


def _may_be_forced(one: BuiltLayer, slot: int) -> bool:
    return one.layer is None or slot != _never_forced(one.layer)


def _never_forced(layer: Layer) -> int | None:
    """The bottom that force_backward leaves out; of a loss not known here, its labels."""
    facts = facts_of(layer)
    if facts is not None:
        return facts.never_forced
    return _LABELS if is_loss_type(layer) else None

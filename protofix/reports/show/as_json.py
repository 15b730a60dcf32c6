"""Nets as JSON.

A net in a state is an object; several are a list of them. Numbers are raw: bytes, values,
multiply-adds. A dimension that is not known is null, and so is a shape of unknown rank.

    file, name            the file; the net's own name
    phase, level, stages  the state
    refused               why Caffe would not build it, in one line that begins with the place; else
                          null
    layers                in the order of the file, those that the state keeps:
      name, type, bottoms
      line                where it stands in the file; null for the Input of `input` fields
      tops                name, shape, in_place, loss_weight of each
      params              name, shape, lr_mult, decay_mult of each, and shared_with, the layer that
                          has it already (else null); null if not even their number is known
      memory              bytes of its tops
      multiply_adds       of one forward pass
      backward            whether Caffe computes gradients in it
      under_loss          whether what it makes goes into a loss
    parameters            learnable, frozen, shared: how many values, each parameter counted once
    memory                bytes of all tops as Caffe's log counts them, Splits and what is made in
                          place included
    multiply_adds         of one forward pass
    losses                blob, layer, weight of each
    outputs               the names of the blobs that nobody reads
    wanted                blob and shape (as far as it is known) of what --given could tell

Of the sums `unknown` gives how many parts are not known, and `known` the sum of the others.

With `as_built` it is what Caffe builds, in the form of a record of such a net: file, phase, level,
stages, given, and either layers (name, type, bottom, top, params), blobs (a shape for each name)
and outputs, or refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from protofix.net.layers import Layer
from protofix.net.shapes import Shape
from protofix.reports.show.facts import LayerFacts, NetFacts, Sum


def as_json(nets: Sequence[NetFacts], one: bool = False, as_built: bool = False) -> str:
    """The nets of a file: a list, or just the object if there is `one` to be and there is one."""
    record = built_record if as_built else shown_record
    records = [record(facts) for facts in nets]
    # Plain ASCII: bytes of a file that were not UTF-8 could not be printed otherwise.
    return json.dumps(_finite(records[0] if one and len(records) == 1 else records), indent=2)


def _finite(value: object) -> object:
    """The same with "inf" and "nan", for which JSON has no numbers, as texts."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def shown_record(facts: NetFacts) -> dict[str, Any]:
    """All that the table tells of a net in a state."""
    return {
        **_state(facts),
        "refused": _refused(facts),
        "layers": [_layer(layer, facts) for layer in facts.layers],
        "parameters": {
            "learnable": _sum(facts.learnable),
            "frozen": _sum(facts.frozen),
            "shared": _sum(facts.shared),
        },
        "memory": _sum(facts.memory),
        "multiply_adds": _sum(facts.multiply_adds),
        "losses": [
            {"blob": blob, "layer": layer, "weight": weight} for blob, layer, weight in facts.losses
        ],
        "outputs": list(facts.as_built.outputs),
        "wanted": [{"blob": blob, "shape": _shape(shape)} for blob, shape in facts.wanted()],
    }


def built_record(facts: NetFacts) -> dict[str, Any]:
    """A net in a state as Caffe builds it, or why it does not."""
    state = _state(facts)
    del state["name"]
    record = {**state, "given": {blob: _shape(shape) for blob, shape in facts.given.items()}}
    if facts.refused:
        return {**record, "refused": _refused(facts)}
    net = facts.as_built
    return {
        **record,
        "layers": [
            {
                "name": one.name,
                "type": one.type,
                "bottom": list(one.bottoms),
                "top": list(one.tops),
                "params": None if one.params is None else [_shape(it) for it in one.params],
            }
            for one in net.layers
        ],
        "blobs": {name: _shape(shape) for name, shape in net.blobs.items()},
        "outputs": list(net.outputs),
    }


def _state(facts: NetFacts) -> dict[str, Any]:
    state = facts.state
    return {
        "file": facts.file,
        "name": facts.name,
        "phase": state.phase,
        "level": state.level,
        "stages": sorted(state.stages),
    }


def _refused(facts: NetFacts) -> str | None:
    return str(facts.refused[0]) if facts.refused else None


def _layer(facts: LayerFacts, net: NetFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "type": facts.type,
        "line": None if facts.layer is None else _line(facts.layer, net),
        "bottoms": list(facts.bottoms),
        "tops": [
            {
                "name": top.name,
                "shape": _shape(top.shape),
                "in_place": top.in_place,
                "loss_weight": top.loss_weight,
            }
            for top in facts.tops
        ],
        "params": None
        if facts.params is None
        else [
            {
                "name": param.name,
                "shape": _shape(param.shape),
                "lr_mult": param.lr_mult,
                "decay_mult": param.decay_mult,
                "shared_with": param.owner,
            }
            for param in facts.params
        ],
        "memory": facts.memory,
        "multiply_adds": facts.multiply_adds,
        "backward": facts.backward,
        "under_loss": facts.under_loss,
    }


def _line(layer: Layer, net: NetFacts) -> int:
    return net.built.graph.net.document.source.position(layer.node.start).line


def _shape(shape: Shape) -> list[int | None] | None:
    return None if shape is None else list(shape)


def _sum(total: Sum) -> dict[str, int]:
    return {"known": total.known, "unknown": total.unknown}

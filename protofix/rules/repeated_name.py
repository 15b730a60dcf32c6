"""Layers of one name in one state, of which one has weights.

Caffe finds the weights of a layer by its name, and takes the first layer that has it. When a
snapshot is read, or a test net takes over the weights that are being trained, those of all layers
of a name go to the first; the others keep what they were filled with, or Caffe aborts where the
shapes differ. Snapshots in HDF5 cannot be written at all.

Layers of one name in different states, such as the data layers of TRAIN and TEST, are as they
should be. So are layers of one name without weights, and such as share all their weights by name.

Wrong:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 8 kernel_size: 3 } }
    layer { name: "conv" type: "Convolution" bottom: "conv1" top: "conv2"
            convolution_param { num_output: 8 kernel_size: 3 } }

Right:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 8 kernel_size: 3 } }
    layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
            convolution_param { num_output: 8 kernel_size: 3 } }
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.net.build import Built
from protofix.net.layers import Layer
from protofix.net.parameters import parameter_names
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string
from protofix.textproto.tree import Scalar, scalars_named

CODE = "PF329"
NAME = "repeated-name"
SEVERITY = "warning"
RESTS_ON = "data"


def _check(view: NetView) -> Iterator[Hit]:
    """Say it of each layer but the first of a name, with the states that keep both."""
    found: dict[Layer, tuple[Layer, list[NetState]]] = {}
    for built in view.built:
        named: dict[str, list[Layer]] = {}
        for layer in built.graph.layers:
            named.setdefault(layer.name, []).append(layer)
        for first, *others in named.values():
            for other in others:
                if _are_mixed_up(built, first, other):
                    found.setdefault(other, (first, []))[1].append(built.graph.state)
    for layer, (first, states) in sorted(found.items(), key=lambda item: item[0].index):
        where = view.where(layer, states)
        yield _hit(view, layer, first, where)


def _are_mixed_up(built: Built, first: Layer, other: Layer) -> bool:
    """Whether weights of one of the two layers are lost, or go to the other."""
    counts = [len(built.params.get(layer.index) or ()) for layer in (first, other)]
    if not any(counts):
        return False
    names = parameter_names(first)
    shared = all(names) and len(names) == counts[0] and names == parameter_names(other)
    return not shared or counts[0] != counts[1]


def _hit(view: NetView, layer: Layer, first: Layer, where: str) -> Hit:
    at = scalars_named(layer.fields, "name")
    line, _ = view.net.document.source.position(first.node.start)
    has = (
        f"`{layer.name}` has the name of" if layer.name else f"this {layer.type} has no name, like"
    )
    message = (
        f"{has} the {first.type} of line {line}{where}, so that weights which are read for one go "
        "to the other: give each a name of its own"
    )
    if at:
        return Hit(at[-1].start, at[-1].end, message, _fix(view, layer, at[-1]))
    return Hit(layer.node.start, layer.node.name_end, message)


def _fix(view: NetView, layer: Layer, at: Scalar) -> Fix | None:
    """Call a layer after its top; None if another has that name. Weights then come by that name."""
    name = layer.tops[0].name if layer.tops else ""
    if not name or at.kind != "string" or any(it.name == name for it in view.net.layers):
        return None
    edit = replace_string(view.net.document, at, name)
    return Fix(f"call the layer `{name}`", (edit,), safe=False)


check = of_nets(_check)

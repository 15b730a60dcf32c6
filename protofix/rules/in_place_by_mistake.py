"""A layer whose top is its own bottom, though its type cannot work in place.

Caffe refuses that of AbsVal, Flatten, Reshape and Split alone. A Pooling, a Convolution, an
InnerProduct and so on write over what they still read, and give the blob another shape under its
readers' feet: what comes out is wrong, without a word.

In place work ReLU, PReLU, ELU, Sigmoid, TanH, Exp, Swish, Threshold, Dropout, BatchNorm, Scale,
Bias and Softmax. BNLL, Clip, Log, MVN, Filter, an LRN within channels, a Power with another power
than 1 and an Eltwise that multiplies make the right values, but the way back needs what they read
and finds what they made: they cannot work in place where something before them learns.

Wrong:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "pool" type: "Pooling" bottom: "data" top: "data"
            pooling_param { kernel_size: 2 stride: 2 } }

Right:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
            pooling_param { kernel_size: 2 stride: 2 } }
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.net.as_built import as_built
from protofix.net.backward import backward_of
from protofix.net.build import Built
from protofix.net.in_place import Harm, harm_in_place
from protofix.net.layers import BlobName, Layer
from protofix.net.misnamed import unnamed
from protofix.net.setup import subject_of
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit
from protofix.rulebook.renaming import call_after_layer

CODE = "PF328"
NAME = "in-place-by-mistake"
SEVERITY = "warning"
RESTS_ON = "data"


def _check(view: NetView) -> Iterator[Hit]:
    # Where their names are read below, their tops are missed there: PF301 says so.
    missed = unnamed(view)
    places = {
        layer: (top, harm)
        for layer in view.net.layers
        if layer not in missed
        for top in _in_place(layer)
        if (harm := harm_in_place(layer)) is not None
    }
    found: dict[Layer, list[NetState]] = {}
    for built in view.built if places else ():
        learned = _learned_through(built)
        # What Caffe refuses is an error already.
        refused = {it.layer for it in built.graph.shared_in_place}
        refused |= {
            it.layer
            for it in built.refusals
            if it.layer in places and it.start == places[it.layer][0].start
        }
        for layer in built.graph.layers:
            if layer in refused or layer not in places or layer.index in built.unexplained:
                continue
            if places[layer][1] == "values" or layer.index in learned:
                found.setdefault(layer, []).append(built.graph.state)
    for layer, states in found.items():
        top, harm = places[layer]
        # Which way a net is run, values are wrong in every state.
        where = "" if harm == "values" else view.where(layer, states)
        fix = call_after_layer(view, layer, top)
        yield Hit(top.start, top.end, _message(layer, top, harm, where), fix)


def _in_place(layer: Layer) -> list[BlobName]:
    """The first top that has the name of the bottom at its place."""
    pairs = zip(layer.bottoms, layer.tops, strict=False)
    return [top for bottom, top in pairs if bottom.name == top.name][:1]


def _learned_through(built: Built) -> set[int]:
    """The layers through which gradients flow to what learns before them, while training."""
    if built.graph.state.phase != "TRAIN":
        return set()
    net = as_built(built)
    bottoms = backward_of(net, built.graph.net.fields).bottoms
    return {
        one.layer.index
        for one, needed in zip(net.layers, bottoms, strict=True)
        if one.layer is not None and any(needed)
    }


def _message(layer: Layer, top: BlobName, harm: Harm, where: str) -> str:
    what = (
        "writes over what it still reads"
        if harm == "values"
        else f"writes over what its gradient is made from{where}"
    )
    return (
        f"{subject_of(layer)} {what}: {layer.type} cannot work in place, so give its top another "
        f"name than `{top.name}`"
    )


check = of_nets(_check)

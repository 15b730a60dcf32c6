"""A BatchNorm that normalises by its batch in TEST.

In TEST, Caffe takes the mean and variance that it gathered while training, unless
`use_global_stats: false` is written: then what comes out for an image depends on the images beside
it, and of a batch of one image little is left. Leave the field out: false in TRAIN and true in TEST
is what Caffe takes by itself. (SegNet's BN is told by `bn_mode: LEARN` instead, whose counterpart
for TEST is INFERENCE.)

A net whose file does not tell TEST from TRAIN, and that has a loss, may be there to train alone, so
that nothing is said of it.

Wrong:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn"
            batch_norm_param { use_global_stats: false } }

Right:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" }
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.net.graph import Graph
from protofix.net.layers import Layer
from protofix.net.purpose import is_deployed, is_loss
from protofix.net.setup import subject_of
from protofix.net.states import NetState
from protofix.net.values import bool_of, enum_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.unread import taken_away
from protofix.textproto.edits import Edit
from protofix.textproto.tree import Field, fields_named

CODE = "PF327"
NAME = "batch-statistics-in-test"
SEVERITY = "warning"
TYPES = ("BatchNorm", "BN")

_BN_MODES = ("LEARN", "INFERENCE")


def _check(view: NetView) -> Iterator[Hit]:
    trained: set[int] = set()
    for graph in view.graphs:
        if graph.state.phase == "TRAIN":
            trained |= graph.kept
    tested = [graph for graph in view.graphs if _is_for_test(graph, trained)]
    for layer in view.net.layers:
        at = _batch_statistics(layer)
        states = [graph.state for graph in tested if layer.index in graph.kept]
        if at is not None and states:
            fix = _fix(view, layer, at)
            yield Hit(at.start, at.end, _message(layer, at, states), fix)


def _is_for_test(graph: Graph, trained: set[int]) -> bool:
    """Whether a net is in TEST because a person wants it there."""
    if graph.state.phase != "TEST":
        return False
    return is_deployed(graph) or not graph.kept <= trained or not any(map(is_loss, graph.layers))


def _batch_statistics(layer: Layer) -> Field | None:
    """Where a layer asks for the statistics of its batch."""
    if layer.type == "BatchNorm":
        param, name = layer.param("batch_norm_param"), "use_global_stats"
        asks = param is not None and not bool_of(param.fields, name, True)
    elif layer.type == "BN":
        param, name = layer.param("bn_param"), "bn_mode"
        asks = param is not None and enum_of(param.fields, name, _BN_MODES) == "LEARN"
    else:
        return None
    return fields_named(param.fields, name)[-1] if asks and param is not None else None


def _fix(view: NetView, layer: Layer, at: Field) -> Fix:
    """Let the phase decide; what is counted while training is another number then."""
    if at.name == "bn_mode":
        edit = Edit(at.value_start, at.end, "INFERENCE")
        return Fix("write `INFERENCE`", (edit,), safe=False)
    param = layer.param("batch_norm_param")
    assert param is not None  # It has the field.
    fields = fields_named(param.fields, at.name)
    return taken_away(f"leave `{at.name}` out", view, layer, param, fields, safe=False)


def _message(layer: Layer, at: Field, states: list[NetState]) -> str:
    right = "write INFERENCE for it" if at.name == "bn_mode" else f"leave {at.name} out"
    where = " and in ".join(map(str, states))
    return f"{subject_of(layer)} normalises by the batch's own statistics in {where}: {right}"


check = of_nets(_check)

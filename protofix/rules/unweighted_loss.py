"""A net that trains by a loss of weight 0.

A loss_weight of 0 takes a loss out of what is learned from; Caffe still shows it, so that all looks
well. Where it is the only loss, or all have 0, every gradient is 0 and nothing is ever learned. A
loss that is only to be watched wants another beside it.

Wrong:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss"
            loss_weight: 0 }

Right:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""

from collections.abc import Iterator

from protofix.net.graph import Graph
from protofix.net.layer_types.registry import facts_of
from protofix.net.layers import Layer
from protofix.net.purpose import is_called_after, is_deployed, is_loss
from protofix.net.setup import subject_of
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit

CODE = "PF325"
NAME = "unweighted-loss"
SEVERITY = "warning"


def _check(view: NetView) -> Iterator[Hit]:
    """Say it of the first loss of a state, once for all states."""
    if is_called_after(view.net, "TEST"):
        return
    found: dict[tuple[Layer, bool], list[NetState]] = {}
    for graph in view.graphs:
        losses = _unweighted(graph)
        if losses and graph.state.phase == "TRAIN" and not is_deployed(graph):
            found.setdefault((losses[0], len(losses) > 1), []).append(graph.state)
    for (loss, more), states in found.items():
        at = loss.loss_weight_fields[0]
        trained = [graph for graph, _ in view.keeping(loss) if graph.state.phase == "TRAIN"]
        where = f" in {' and in '.join(map(str, states))}" if len(states) < len(trained) else ""
        others = ", as has every other loss" if more else " and is the only loss"
        message = (
            f"{subject_of(loss)} has loss_weight 0{others}{where}, so that nothing is learned: "
            "give it a weight, or leave loss_weight out"
        )
        yield Hit(at.start, at.end, message)


def _unweighted(graph: Graph) -> list[Layer]:
    """All losses of a state if each is written to have no weight; none if one counts, or may."""
    losses = []
    for layer in graph.layers:
        if facts_of(layer) is None and not layer.loss_weights:
            return []  # A type that is not known may be a loss by itself.
        if any(layer.loss_weights):
            return []
        if is_loss(layer):
            if not layer.loss_weights:
                return []
            losses.append(layer)
    return losses


check = of_nets(_check)

"""A loss that is to hand a gradient to its labels, or to its H.

Labels and H are given, and no loss has a gradient for them. Caffe builds the net, and aborts as
soon as it goes back through the loss: where `propagate_down` is true for them, where what makes
them has parameters that learn (those of a Parameter layer do, if no `lr_mult: 0` says otherwise),
and where `force_backward` is on and H is a bottom. What layers of forks hand on, nobody can tell:
of what comes through one of these it says nothing.

Wrong:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc8" type: "InnerProduct" bottom: "data" top: "fc8"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss"
            propagate_down: true propagate_down: true }

Right:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc8" type: "InnerProduct" bottom: "data" top: "fc8"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss"
            propagate_down: true propagate_down: false }

Wrong:

    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 8 dim: 5 } } }
    layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 8 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc"
            inner_product_param { num_output: 2 } }
    layer { name: "H" type: "Parameter" top: "H" parameter_param { shape { dim: 2 dim: 2 } } }
    layer { name: "loss" type: "InfogainLoss" bottom: "fc" bottom: "y" bottom: "H" top: "loss" }

Right:

    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 8 dim: 5 } } }
    layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 8 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc"
            inner_product_param { num_output: 2 } }
    layer { name: "H" type: "Parameter" top: "H" param { lr_mult: 0 }
            parameter_param { shape { dim: 2 dim: 2 } } }
    layer { name: "loss" type: "InfogainLoss" bottom: "fc" bottom: "y" bottom: "H" top: "loss" }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from protofix.net.backward import surely_asked
from protofix.net.build import Built
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.net.values import bool_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.gradients import none_handed_to
from protofix.textproto.tree import Node

CODE = "PF418"
NAME = "gradient-into-labels"
SEVERITY = "error"
MEETS = "never"
TYPES = (
    "HingeLoss",
    "InfogainLoss",
    "MultinomialLogisticLoss",
    "SigmoidCrossEntropyLoss",
    "SoftmaxWithLoss",
)
RESTS_ON = "data"

_LABELS, _MATRIX = 1, 2
_GIVEN: Mapping[int, str] = {_LABELS: "labels", _MATRIX: "H"}


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the bottom, once for all states."""
    trained = (it for it in view.built if it.graph.state.phase == "TRAIN")
    fields = view.net.fields
    for layer, slot in dict.fromkeys(one for built in trained for one in _asked(built, fields)):
        at, (advice, fix) = layer.bottoms[slot], _advice(layer, slot, fields)
        said = (
            f"{subject_of(layer)} is to hand a gradient to its {_GIVEN[slot]}, `{at.name}`, which "
            f"no loss has, and Caffe aborts in the first iteration: {advice}"
        )
        yield Hit(at.start, at.end, said, fix)


def _asked(built: Built, fields: tuple[Node, ...]) -> Iterator[tuple[Layer, int]]:
    """The losses that Caffe goes back through, and the bottoms that they have no gradient for."""
    for asked in surely_asked(built, fields):
        layer = asked.one.layer
        if asked.needed and layer is not None and layer.type in TYPES:
            for slot in _GIVEN:
                if slot < len(asked.bottoms) and asked.bottoms[slot]:
                    yield layer, slot


def _advice(layer: Layer, slot: int, fields: tuple[Node, ...]) -> tuple[str, Fix | None]:
    advice, fix = none_handed_to(layer, slot)
    if fix is None and slot == _MATRIX and bool_of(fields, "force_backward", False):
        return "take force_backward away, or give H by a file", None
    return advice, fix


check = of_nets(_check)

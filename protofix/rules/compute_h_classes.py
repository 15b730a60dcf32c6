"""A ComputeH layer for another number of classes than its loss has.

ComputeH makes an H of L × L for the classes that its `param_str` gives. The loss aborts if the
scores have others.

Wrong:

    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 2 } } }
    layer { name: "H" type: "Python" bottom: "y" top: "H"
            python_param { module: "compute_h" layer: "ComputeH" param_str: '{"classes": 7}' } }
    layer { name: "loss" type: "InfogainLoss" bottom: "x" bottom: "y" bottom: "H" top: "loss" }

Right:

    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 2 } } }
    layer { name: "H" type: "Python" bottom: "y" top: "H"
            python_param { module: "compute_h" layer: "ComputeH" param_str: '{"classes": 3}' } }
    layer { name: "loss" type: "InfogainLoss" bottom: "x" bottom: "y" bottom: "H" top: "loss" }
"""

from collections.abc import Iterator

from protofix.infogain.given_by import compute_h_of
from protofix.infogain.losses import infogain_losses, scored_classes
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.context import Context, Target
from protofix.rulebook.findings import Hit

CODE = "PF504"
NAME = "compute-h-classes"
SEVERITY = "error"
TYPES = ("InfogainLoss",)
RESTS_ON = "data"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the `param_str`."""
    for view in context.views:
        yield from _check(view, context.target)


def _check(view: NetView, target: Target) -> Iterator[Hit]:
    for loss in view.kept(infogain_losses(view.net)):
        for maker in compute_h_of(view, loss):
            whole = target == "legacy"
            for scores, classes in scored_classes(view, loss, whole=whole).items():
                if classes != maker.params.classes:
                    said = _said(loss, maker.layer, scores, classes)
                    yield Hit(maker.written.start, maker.written.end, said)


def _said(loss: Layer, maker: Layer, scores: str, classes: int) -> str:
    return (
        f"`{scores}` of {subject_of(loss)} has {classes} classes, and {subject_of(maker)} makes "
        f"its H for another number: it must be {classes}"
    )

"""An InfogainLoss that reads scores, on a Caffe from before April 2017.

This rule looks where `target = "legacy"` says which Caffe is meant. The InfogainLoss of that time
takes the logarithm of what it reads, and has no softmax of its own. Of scores, every one below
1e-20 counts as 1e-20, and larger ones make the loss negative: the net learns to make all scores
large. A Softmax layer belongs in front of the loss.

Wrong:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc8" type: "InnerProduct" bottom: "data" top: "fc8"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" }

Right:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc8" type: "InnerProduct" bottom: "data" top: "fc8"
            inner_product_param { num_output: 10 } }
    layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" bottom: "H"
            top: "loss" }
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from protofix.infogain.losses import infogain_losses
from protofix.infogain.scores import reads_scores
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets, on_target
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.rewriting import rewritten
from protofix.textproto.tree import Document

CODE = "PF413"
NAME = "scores-into-old-infogain"
SEVERITY = "error"
FIXES = ("unsafe",)
MEETS = "never"
TYPES = ("InfogainLoss",)


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the bottom that holds the scores."""
    every = infogain_losses(view.net)
    for number, loss in enumerate(every):
        if not reads_scores(view, loss):
            continue
        bottom = loss.bottoms[0]
        message = (
            f"{subject_of(loss)} takes the logarithm of what it reads, as Caffe before April 2017 "
            f"has it, yet `{bottom.name}` holds scores: put a Softmax in between"
        )
        fix = _fix(view, loss, number)
        if isinstance(fix, str):
            yield Hit(bottom.start, bottom.end, f"{message}; {fix}")
        else:
            yield Hit(bottom.start, bottom.end, message, fix)


def _fix(view: NetView, loss: Layer, number: int) -> Fix | str | None:
    """The Softmax, and what that layer lacks taken away; or why the numbers would be others."""
    # What turns losses into others is much, and this looks only where it is asked to.
    from protofix.infogain.legacy import to_legacy
    from protofix.infogain.softmax_loss import ConversionError
    from protofix.infogain.sources.ways import SourceError

    doubts: list[str] = []

    def with_softmax(document: Document) -> Document:
        # H stays as it is: what is wrong with it is said of it.
        done = to_legacy(document, [number], Path(), given=True)
        doubts.extend(done.doubts)
        return done.document

    try:
        fix = rewritten(view, f"put a Softmax in front of `{loss.name}`", with_softmax, safe=True)
    except (ConversionError, SourceError) as error:
        return str(error)
    return Fix(fix.title, fix.edits, safe=False) if fix is not None and doubts else fix


check = on_target("legacy", of_nets(_check))

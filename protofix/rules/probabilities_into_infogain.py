"""An InfogainLoss that reads probabilities which are not one plain softmax.

Today's InfogainLoss applies a softmax to whatever it reads. An average of softmaxes, or anything
else that sums to 1, can be kept exactly with a Log layer in between, since softmax(log p) = p.
Outputs of a Sigmoid do not sum to 1, and nothing keeps them: the loss has to be another. (A Caffe
from before April 2017 takes any probabilities; with `target = "legacy"` this is fine.)

Wrong:

    layer { name: "fc_a" type: "Input" top: "fc_a" input_param { shape { dim: 8 dim: 3 } } }
    layer { name: "fc_b" type: "Input" top: "fc_b" input_param { shape { dim: 8 dim: 3 } } }
    layer { name: "a" type: "Softmax" bottom: "fc_a" top: "a" }
    layer { name: "b" type: "Softmax" bottom: "fc_b" top: "b" }
    layer { name: "mean" type: "Eltwise" bottom: "a" bottom: "b" top: "mean"
            eltwise_param { coeff: 0.5 coeff: 0.5 } }
    layer { name: "loss" type: "InfogainLoss" bottom: "mean" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }

Right:

    layer { name: "fc_a" type: "Input" top: "fc_a" input_param { shape { dim: 8 dim: 3 } } }
    layer { name: "fc_b" type: "Input" top: "fc_b" input_param { shape { dim: 8 dim: 3 } } }
    layer { name: "a" type: "Softmax" bottom: "fc_a" top: "a" }
    layer { name: "b" type: "Softmax" bottom: "fc_b" top: "b" }
    layer { name: "mean" type: "Eltwise" bottom: "a" bottom: "b" top: "mean"
            eltwise_param { coeff: 0.5 coeff: 0.5 } }
    layer { name: "log" type: "Log" bottom: "mean" top: "log" log_param { shift: 1e-20 } }
    layer { name: "loss" type: "InfogainLoss" bottom: "log" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }

Wrong:

    layer { name: "prob" type: "Sigmoid" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from protofix.infogain.losses import infogain_losses, loss_axis
from protofix.infogain.mixtures import find_other_probabilities
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets, on_target
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.rewriting import rewritten
from protofix.rulebook.unread import goes_too
from protofix.textproto.tree import Document

CODE = "PF402"
NAME = "probabilities-into-infogain"
SEVERITY = "warning"
FIXES = ("unsafe",)
TYPES = ("InfogainLoss",)


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the bottom that holds the probabilities."""
    others = find_other_probabilities(view)
    keeping = _kept(view) if any(found.sums_to_one for found in others) else None
    for found in others:
        bottom = found.loss.bottoms[0]
        message = (
            f"`{found.loss.name}` applies softmax itself on today's Caffe, yet reads "
            f"{found.reason}; {found.advice}"
        )
        fixed = keeping is not None and found.loss.name in keeping.losses
        yield Hit(bottom.start, bottom.end, message, keeping.fix if keeping and fixed else None)


class _Kept(NamedTuple):
    """The fix that puts Log layers in front of losses, and their names."""

    losses: frozenset[str]
    fix: Fix


def _kept(view: NetView) -> _Kept | None:
    """Keep the numbers of the older layer, of all probabilities of a net that sum to 1."""
    # Few nets need it, and it is much to import.
    from protofix.infogain.fuse import LossParam
    from protofix.infogain.log_layer import keep_probabilities

    losses: list[str] = []

    def with_logs(document: Document) -> Document:
        logged = keep_probabilities(document, LossParam.AS_WRITTEN_FOR)
        losses.extend(done.loss for done in logged.losses)
        return logged.document

    fix = rewritten(view, "put a Log layer in between", with_logs, safe=True)
    names = frozenset(losses)
    if fix is None or not names:
        return None
    written = [loss for loss in infogain_losses(view.net) if loss.name in names]
    legacy = [loss for loss in written if loss_axis(loss) is None and len(loss.tops) < 2]
    title = f"{fix.title}{goes_too(legacy)}"
    return _Kept(names, replace(fix, title=title, safe=len(legacy) == len(written)))


check = on_target("fused", of_nets(_check))

"""A ComputeH layer that counts the label which its loss ignores.

The weights come from how often each label is there, so that a label which the loss leaves out is to
be left out there as well: one beyond the classes makes ComputeH fail, and one among them is counted
as a class.

Wrong:

    layer { name: "H" type: "Python" bottom: "label" top: "H"
            python_param { module: "compute_h" layer: "ComputeH" param_str: '{"classes": 3}' } }
    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H" top: "loss"
            loss_param { ignore_label: 255 } }

Right:

    layer { name: "H" type: "Python" bottom: "label" top: "H"
            python_param { module: "compute_h" layer: "ComputeH"
                           param_str: '{"classes": 3, "ignore_label": 255}' } }
    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H" top: "loss"
            loss_param { ignore_label: 255 } }
"""

from collections.abc import Iterator

from protofix.infogain.given_by import compute_h_of
from protofix.infogain.losses import infogain_losses
from protofix.net.layers import Layer
from protofix.net.param_strs import with_entry
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets, on_target
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.edits import Edit
from protofix.textproto.literals import encode_string
from protofix.textproto.tree import Scalar

CODE = "PF505"
NAME = "compute-h-ignore-label"
SEVERITY = "warning"
TYPES = ("InfogainLoss",)


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the `param_str`; the loss of before April 2017 ignores no label."""
    losses = list(view.kept(infogain_losses(view.net)))
    told = [(loss, maker) for loss in losses for maker in compute_h_of(view, loss)]
    for loss, maker in told:
        ignored = _ignored(loss)
        if ignored is not None and maker.params.ignore_label != ignored:
            said = (
                f"{subject_of(maker.layer)} counts the label {ignored}, which "
                f"{subject_of(loss)} ignores: write it into the param_str as ignore_label"
            )
            at = maker.written
            every = {_ignored(it) for it, other in told if other.layer is maker.layer} - {None}
            # It can leave out one label alone.
            yield Hit(at.start, at.end, said, _fix(at, ignored) if every == {ignored} else None)


def _ignored(loss: Layer) -> int | None:
    return loss.values("loss_param").integer("ignore_label")


def _fix(at: Scalar, ignored: int) -> Fix:
    params = with_entry(at.value, "ignore_label", ignored)
    edit = Edit(at.start, at.end, encode_string(params, '"' if "'" in params else "'"))
    return Fix(f"ignore the label {ignored} there as well", (edit,), safe=False)


check = on_target("fused", of_nets(_check))

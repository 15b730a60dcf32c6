"""An H that is most likely not what was meant.

Caffe takes any L × L numbers. A row of zeros teaches nothing of its label; a negative number makes
the loss fall as a class's probability goes to 0; a row with less on the diagonal than beside it
teaches other classes more than its own; an H whose columns look like rows was written with the
labels as columns (the row is the label); and Caffe computes with float32, in which numbers of
float64 may become 0 or the same. `protofix matrix check` says the same of any file, `protofix
matrix show` draws it.

H is read where its file is: the one that the loss names, or that of the HDF5Data or Data layer that
makes its third bottom.

For instance, a `source` that holds an H whose row 2 is all 0.
"""

from collections.abc import Iterator

from protofix.infogain.given_by import GivenBy, given_by
from protofix.infogain.losses import infogain_losses
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import Scalar

CODE = "PF502"
NAME = "doubtful-infogain-matrix"
SEVERITY = "warning"
TYPES = ("InfogainLoss",)
RESTS_ON = "files"


def _check(view: NetView) -> Iterator[Hit]:
    """Say each concern at the path of H."""
    for loss in view.kept(infogain_losses(view.net)):
        for given in dict.fromkeys(given_by(loss, graph) for graph, _ in view.keeping(loss)):
            at = given.written("source") if given is not None and given.name else None
            if given is not None and at is not None:
                yield from _of_matrix(view, loss, given, at)


def _of_matrix(view: NetView, loss: Layer, given: GivenBy, at: Scalar) -> Iterator[Hit]:
    from protofix.infogain.matrix.checks import concerns
    from protofix.infogain.matrix.given import GivenFiles

    try:
        values = GivenFiles(view.net.document.source.path).read(given)
    except (OSError, ValueError):  # PF406, PF501 and PF503 say so.
        return
    for concern in concerns(values):
        if concern.severity == "warning":
            yield Hit(at.start, at.end, f"H of {subject_of(loss)}: {concern.message}")


check = of_nets(_check)

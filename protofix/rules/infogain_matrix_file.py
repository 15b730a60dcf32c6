"""The file of H that an InfogainLoss names: it is missing, cannot be read, or is of another size.

Caffe reads `source` when it sets the loss up, and aborts. It looks from the folder in which it is
started, which no file tells: the path is looked for from the working folder, from the net's own
folder and from those above. H is L × L for L classes.

Wrong:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" top: "loss"
            infogain_loss_param { source: "there/is/no/such/H.binaryproto" } }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" }
"""

from collections.abc import Iterator

from protofix.infogain.losses import infogain_losses, loss_axis, scored_classes, source_of
from protofix.net.paths import find_file
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.context import Context, Target
from protofix.rulebook.findings import Hit

CODE = "PF406"
NAME = "infogain-matrix-file"
SEVERITY = "error"
TYPES = ("InfogainLoss",)
RESTS_ON = "files"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the path."""
    for view in context.views:
        yield from _check(view, context.target)


def _check(view: NetView, target: Target) -> Iterator[Hit]:
    for loss in view.kept(infogain_losses(view.net)):
        source = source_of(loss)
        if not source or len(loss.bottoms) > 2:  # With a third bottom it is not read.
            continue
        at = loss.values("infogain_loss_param").scalars("source")[-1]
        path = find_file(source, view.net.document.source.path)
        if path is None:
            message = (
                f"{subject_of(loss)} names H by `{source}`, which is neither here nor in the "
                "net's folder or one above: write it there, or name it as Caffe will find it"
            )
            yield Hit(at.start, at.end, message)
            continue
        from protofix.infogain.matrix.reading import read_source
        from protofix.infogain.matrix.values import MatrixError

        try:
            matrix = read_source(path)
        except MatrixError as error:
            yield Hit(at.start, at.end, f"{subject_of(loss)} cannot have H: {error}")
            continue
        legacy = target == "legacy"
        if loss_axis(loss) == 0 and not legacy:  # Along the batch there are no classes: see PF306.
            continue
        for name, classes in scored_classes(view, loss, whole=legacy).items():
            if classes != matrix.classes:
                size = f"{matrix.classes} × {matrix.classes}"
                message = (
                    f"`{name}` has {classes} classes, H of {subject_of(loss)} is {size}: "
                    f"it must be {classes} × {classes}"
                )
                yield Hit(at.start, at.end, message)

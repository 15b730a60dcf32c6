"""What the InfogainLoss of a Caffe from before April 2017 does not take.

This rule looks where `target = "legacy"` says which Caffe is meant. That layer makes the loss and
nothing else, and knows no `axis`: Caffe refuses a file that has one. It takes one label an image,
N × 1 × 1 × 1, and H must be exactly 1 × 1 × L × L, where L counts all that it reads of an image:
of a map, classes times height times width. `protofix inject --target legacy` turns a net into one
for that layer, where that can be.

Wrong:

    layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" bottom: "H"
            top: "loss" infogain_loss_param { axis: 1 } }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" bottom: "H"
            top: "loss" }
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.infogain.losses import infogain_losses, source_of
from protofix.net.build import Built
from protofix.net.layers import Layer
from protofix.net.paths import find_file
from protofix.net.setup import place_of, subject_of
from protofix.net.shapes import Dim, Shape, count, differ, shape_text
from protofix.net.view import NetView
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.unread import taken_away
from protofix.textproto.tree import fields_named

CODE = "PF414"
NAME = "beyond-old-infogain"
SEVERITY = "error"
TYPES = ("InfogainLoss",)
RESTS_ON = "files"

_AXES = 4  # number, channels, height and width


def check(context: Context) -> Iterator[Hit]:
    """Say each thing once, in whatever states it is so."""
    if context.target == "legacy":
        for view in context.views:
            for loss in view.kept(infogain_losses(view.net)):
                yield from _of_fields(view, loss)
                shapes = (_of_shapes(it, loss) for it in view.built if loss in it.graph.layers)
                yield from dict.fromkeys(hit for hits in shapes for hit in hits)
                yield from _of_file(view, loss)


def _of_fields(view: NetView, loss: Layer) -> Iterator[Hit]:
    param = loss.param("infogain_loss_param")
    axes = fields_named(param.fields, "axis") if param else []
    if param is not None and axes:
        said = (
            f"{subject_of(loss)} has an `axis`, which InfogainLoss has since April 2017: Caffe "
            "before that refuses the file"
        )
        fix = taken_away("take `axis` away", view, loss, param, axes)
        along_classes = loss.values("infogain_loss_param").integer("axis") == 1
        yield Hit(*place_of(axes[-1]), said, fix if along_classes else None)
    if len(loss.tops) > 1:
        top = loss.tops[1]
        said = (
            f"{subject_of(loss)} makes `{top.name}` beside its loss, as InfogainLoss does since "
            "April 2017: before that it makes 1 top"
        )
        yield Hit(top.start, top.end, said)


def _of_shapes(built: Built, loss: Layer) -> Iterator[Hit]:
    read, labels, matrix = (*built.bottoms_of(loss)[:3], None, None, None)[:3]
    if labels is not None and read and labels and differ(read[0], labels[0]):
        at = loss.bottoms[1]
        said = (
            f"{subject_of(loss)} reads `{loss.bottoms[0].name}`, {shape_text(read)}, and "
            f"`{at.name}`, {shape_text(labels)}: the first axis of both is the batch and must be "
            "the same"
        )
        yield Hit(at.start, at.end, said)
    if labels is not None and (len(labels) > _AXES or any(differ(dim, 1) for dim in labels[1:])):
        at = loss.bottoms[1]
        said = (
            f"{subject_of(loss)} reads `{at.name}`, {shape_text(labels)}, but before April 2017 "
            f"InfogainLoss takes one label an image: it must be {shape_text((labels[0], 1, 1, 1))}"
        )
        yield Hit(at.start, at.end, said)
    classes = count(read, 1)
    if matrix is not None and not _is_old_matrix(matrix, classes):
        at = loss.bottoms[2]
        said = f"{subject_of(loss)} reads H from {_of_size(at.name, matrix, classes)}"
        yield Hit(at.start, at.end, said)


def _of_file(view: NetView, loss: Layer) -> Iterator[Hit]:
    """H of a file that is there; what cannot be read at all is said by another rule."""
    source = source_of(loss)
    path = find_file(source, view.net.document.source.path) if source else None
    if not source or path is None or len(loss.bottoms) > 2:
        return
    from protofix.infogain.matrix.reading import read_source
    from protofix.infogain.matrix.values import MatrixError

    try:
        shape = read_source(path).shape
    except MatrixError:
        return
    if not _is_old_matrix(shape, None):
        at = loss.values("infogain_loss_param").scalars("source")[-1]
        said = f"{subject_of(loss)} takes H from {_of_size(source, shape, None)}"
        yield Hit(at.start, at.end, said)


def _is_old_matrix(shape: tuple[Dim, ...], classes: Dim) -> bool:
    """Whether a blob may be 1 × 1 × L × L; axes that it has not are 1 to Caffe."""
    if len(shape) > _AXES:
        return False
    dims = (*shape, *(1,) * (_AXES - len(shape)))
    sides = (*dims[2:], classes)
    known = {side for side in sides if side is not None}
    return not differ(dims[0], 1) and not differ(dims[1], 1) and len(known) < 2


def _of_size(name: str, shape: Shape, classes: Dim) -> str:
    side = "L" if classes is None else str(classes)
    return (
        f"`{name}`, {shape_text(shape)}, but before April 2017 it must be 1 × 1 × {side} × {side}"
    )

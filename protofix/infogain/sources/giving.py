"""Giving H to losses, whichever way was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from protofix.files import NewFile
from protofix.infogain.fuse import apply_to, put_field
from protofix.infogain.losses import class_axis, infogain_losses
from protofix.infogain.matrix.reading import read_matrix
from protofix.infogain.matrix.values import MatrixError, check_matrix
from protofix.infogain.matrix.writing import binaryproto_bytes
from protofix.infogain.sources.layers import layer_of
from protofix.infogain.sources.placing import give_layer
from protofix.infogain.sources.taking import without_matrix_bottom
from protofix.infogain.sources.ways import FromFile, Given, GivenMatrix, SourceError, Way
from protofix.net.layers import Layer, bind
from protofix.net.shapes import class_count
from protofix.net.view import NetView, view_of
from protofix.textproto.edits import Edit
from protofix.textproto.layout import Block, style_of
from protofix.textproto.literals import encode_string
from protofix.textproto.tree import Document, fields_named


def classes_of(view: NetView, loss: Layer) -> int | None:
    """Number of classes that a loss tells apart, where the file says it.

    Raises `SourceError` if its states do not agree.
    """
    axis = class_axis(loss)
    counts = set()
    for graph, shapes in view.keeping(loss):
        source = graph.source_of(loss, 0)
        if source is not None:
            counts.add(class_count(shapes.get(source.number), axis))
    counts.discard(None)
    if len(counts) > 1:
        numbers = " and ".join(str(count) for count in sorted(c for c in counts if c))
        raise SourceError(f"`{loss.name}` has {numbers} classes in different states")
    return counts.pop() if counts else None


def give_matrix(
    document: Document, losses: Sequence[int], way: Way, folder: Path, legacy: bool = False
) -> Given:
    """Give H to losses, numbered among the file's InfogainLosses from 0.

    New files are to lie in `folder`; nothing is written here. With `legacy` H will be exactly
    1 x 1 x L x L, as the old layer wants it.

    Raises `SourceError` or `MatrixError` if it cannot be done, or not rightly.
    """
    if isinstance(way, FromFile):
        return _give_file(document, losses, way, folder, legacy)
    view = view_of(document)
    every = infogain_losses(view.net)
    classes = [classes_of(view, every[number]) for number in losses]
    return give_layer(document, losses, classes, layer_of(way, folder))


def put_source(document: Document, loss: Layer, path: str) -> Document:
    """Write the path of H into a loss, in the place of the one it has."""
    param = loss.param("infogain_loss_param")
    fields = fields_named(param.fields, "source") if param else []
    if not fields:
        literal = encode_string(path, style_of(document).quote)
        return put_field(document, loss, "infogain_loss_param", Block("source", literal))
    old = fields[-1]
    quoted = encode_string(path, document.text[old.value_start])
    return apply_to(document, [Edit(old.value_start, old.end, quoted)])


def legacy_file(path: Path, folder: Path) -> Path:
    """Where an H is to lie that is written anew in the shape that the old layer wants."""
    return folder / f"{path.stem}_legacy.binaryproto"


def _give_file(
    document: Document, losses: Sequence[int], way: FromFile, folder: Path, legacy: bool
) -> Given:
    matrix = read_matrix(way.path)
    view = view_of(document)
    every = infogain_losses(view.net)
    for loss in (every[number] for number in losses):
        check_matrix(matrix.values, classes_of(view, loss), f"{way.path}, for `{loss.name}`")
    source, files, notes = way.path, [], []
    wanted = (1, 1, matrix.classes, matrix.classes)
    if matrix.format != "binaryproto":
        source = folder / f"{way.path.stem}.binaryproto"
        notes.append(f"`{way.path}` becomes {source}, the form that Caffe reads")
    elif legacy and matrix.shape != wanted:
        source = legacy_file(way.path, folder)
        notes.append(f"`{way.path}` becomes {source}, 1 x 1 x L x L as the old layer wants it")
    if source != way.path:
        try:
            files.append(NewFile(source, binaryproto_bytes(matrix.values)))
        except MatrixError as error:
            raise MatrixError(f"{way.path}: {error}") from None
    written = source.as_posix()
    for number in losses:
        document = without_matrix_bottom(document, number, notes)
        loss = infogain_losses(bind(document))[number]
        document = put_source(document, loss, written)
        notes.append(f"`{loss.name}` takes H from {written} (Caffe looks from where it is started)")
    given = GivenMatrix(matrix.values, str(way.path))
    return Given(document, tuple(files), tuple(notes), matrix=given)

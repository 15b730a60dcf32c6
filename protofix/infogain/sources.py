"""Giving a loss its matrix H: from a file, from a ComputeH layer, or from an HDF5Data layer.

Each way is edits on the text and, beside the net, the files that the new text names.
"""

from __future__ import annotations

import json
import keyword
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from protofix.infogain.compute_h import compute_h_source
from protofix.infogain.fuse import apply_to, put_field
from protofix.infogain.losses import infogain_losses, loss_axis
from protofix.infogain.matrix import (
    MatrixError,
    binaryproto_bytes,
    check_matrix,
    read_h5_matrix,
    read_matrix,
)
from protofix.net.layers import Layer, bind
from protofix.net.shapes import class_count
from protofix.net.values import bool_of, integer_of
from protofix.net.view import NetView, view_of
from protofix.textproto.edits import Edit, merge_removals
from protofix.textproto.layout import (
    Block,
    add_value,
    block_of,
    indent_at,
    insert_above,
    remove,
    remove_value,
    render,
    starts_its_line,
    style_of,
    take_fields_out,
    take_out,
)
from protofix.textproto.literals import encode_string
from protofix.textproto.tree import Document, Field, Message, fields_named, messages_named


class SourceError(ValueError):
    """H cannot be given this way; the message is one line that says what would be right."""


@dataclass(frozen=True)
class FromFile:
    """H from a file: a binaryproto, or an .npy or .csv that is made into one."""

    path: Path


@dataclass(frozen=True)
class FromLabels:
    """H computed from each batch's labels by a Python layer of the module named."""

    module: str = "compute_h"
    classes: int | None = None


@dataclass(frozen=True)
class FromHdf5:
    """H from a 1 x 1 x L x L dataset of an HDF5 file, through an HDF5Data layer."""

    path: Path


Way = FromFile | FromLabels | FromHdf5


@dataclass(frozen=True)
class NewFile:
    """A file that the new net needs beside it."""

    path: Path
    content: bytes


@dataclass(frozen=True)
class GivenMatrix:
    """An H at hand, L x L, and the name of the file it came from."""

    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    path: str


@dataclass(frozen=True)
class Given:
    """The document with H in place, the files to be written with it, and what to tell.

    `matrix` is the H given, None where a layer computes it.
    """

    document: Document
    files: tuple[NewFile, ...] = ()
    notes: tuple[str, ...] = ()
    matrix: GivenMatrix | None = None


def classes_of(view: NetView, loss: Layer) -> int | None:
    """Number of classes that a loss tells apart, where the file says it.

    Raises `SourceError` if its states do not agree.
    """
    axis = loss_axis(loss)
    counts = set()
    for graph, shapes in view.keeping(loss):
        source = graph.source_of(loss, 0)
        if source is not None:
            counts.add(class_count(shapes.get(source.number), 1 if axis is None else axis))
    counts.discard(None)
    if len(counts) > 1:
        numbers = " and ".join(str(count) for count in sorted(c for c in counts if c))
        raise SourceError(f"`{loss.name}` has {numbers} classes in different states")
    return counts.pop() if counts else None


def give_matrix(document: Document, losses: Sequence[int], way: Way, folder: Path) -> Given:
    """Give H to losses, numbered among the file's InfogainLosses from 0.

    New files are to lie in `folder`; nothing is written here.

    Raises `SourceError` or `MatrixError` if it cannot be done, or not rightly.
    """
    if isinstance(way, FromFile):
        return _give_file(document, losses, way, folder)
    if isinstance(way, FromLabels):
        return _give_layer(document, losses, _ComputeLayer(way, folder))
    return _give_layer(document, losses, _Hdf5Layer(way, folder))


def _loss(document: Document, number: int) -> Layer:
    """A loss by its number, since a loss for TRAIN and one for TEST may share their name."""
    return infogain_losses(bind(document))[number]


def _give_file(document: Document, losses: Sequence[int], way: FromFile, folder: Path) -> Given:
    matrix = read_matrix(way.path)
    view = view_of(document)
    for number in losses:
        loss = _loss(document, number)
        classes = classes_of(view, loss)
        check_matrix(matrix.values, classes, f"{way.path}, for `{loss.name}`")
    source, files, notes = way.path, [], []
    if matrix.format != "binaryproto":
        source = folder / f"{way.path.stem}.binaryproto"
        try:
            files.append(NewFile(source, binaryproto_bytes(matrix.values)))
        except MatrixError as error:
            raise MatrixError(f"{way.path}: {error}") from None
        notes.append(f"`{way.path}` becomes {source}, the form that Caffe reads")
    written = source.as_posix()
    for number in losses:
        document = _without_matrix_bottom(document, number, notes)
        loss = _loss(document, number)
        param = loss.param("infogain_loss_param")
        fields = fields_named(param.fields, "source") if param else []
        literal = encode_string(written, style_of(document).quote)
        if fields:
            old = fields[-1]
            quoted = encode_string(written, document.text[old.value_start])
            document = apply_to(document, [Edit(old.value_start, old.end, quoted)])
        else:
            block = Block("source", literal)
            document = put_field(document, loss, "infogain_loss_param", block)
        notes.append(f"`{loss.name}` takes H from {written} (Caffe looks from where it is started)")
    given = GivenMatrix(matrix.values, str(way.path))
    return Given(document, tuple(files), tuple(notes), given)


def _without_matrix_bottom(document: Document, number: int, notes: list[str]) -> Document:
    """Take a third bottom away, and the layer that made it if nobody else reads it."""
    view = view_of(document)
    loss = infogain_losses(view.net)[number]
    if len(loss.bottoms) < 3:
        return document
    third = loss.bottoms[2]
    removals = [remove_value(document, third.field, third.start)]
    down = _propagate_down(loss)
    if len(down) == len(loss.bottoms):
        removals.append(remove_value(document, *down[2]))
    for maker in _makers_of_bottom(view, loss):
        results = [version for _, version in view.results(maker)]
        # A top that nobody reads is an output of the net, and stays one.
        if all(v.readers and {use.layer for use in v.readers} == {loss.index} for v in results):
            removals.append(remove(document, maker.node, with_comment_above=True))
            notes.append(f"{maker.type} `{maker.name}` goes: it made the H that is replaced")
    notes.append(f"`{loss.name}` no longer reads `{third.name}`")
    edits = take_out(document, removals, loss.node, style_of(document))
    return apply_to(document, merge_removals(edits))


def _propagate_down(loss: Layer) -> list[tuple[Field, int]]:
    """The values of `propagate_down`, one a bottom where there are any: field and offset."""
    fields = fields_named(loss.node.fields, "propagate_down")
    return [(field, scalar.start) for field in fields for scalar in field.scalars]


class _ComputeLayer:
    """The Python layer that computes H from the labels."""

    title = "Python layer"

    def __init__(self, way: FromLabels, folder: Path) -> None:
        name = way.module
        if (
            not (name.isascii() and name.isidentifier())
            or keyword.iskeyword(name)
            or name in ("print", "exec")  # keywords of Python 2.7
        ):
            raise SourceError(f"--h-module {name!r} is no module name: use letters and _")
        if name in sys.stdlib_module_names or name in ("caffe", "numpy", "google", "protofix"):
            raise SourceError(f"--h-module {name} would hide the module of that name: take another")
        self.way = way
        path = folder / f"{way.module}.py"
        self.files = (NewFile(path, compute_h_source().encode("ascii")),)
        self.top = "infogain_H"
        self.matrix: GivenMatrix | None = None
        self.note = f"its module is {path}: its folder must be on PYTHONPATH when Caffe runs"

    def classes(self, known: int | None, loss: Layer) -> int:
        if len(loss.bottoms) < 2:
            raise SourceError(f"`{loss.name}` has no label as second bottom to compute H from")
        asked = self.way.classes
        if asked is not None and known is not None and asked != known:
            raise SourceError(f"--classes {asked}, but `{loss.name}` has {known} classes")
        count = asked or known
        if count is None:
            raise SourceError(
                f"the number of classes of `{loss.name}` cannot be told from the net: "
                "give --classes"
            )
        return count

    def key(self, loss: Layer, classes: int) -> tuple[object, ...]:
        return (loss.bottoms[1].name, classes, _ignore_label(loss))

    def blocks(self, loss: Layer, classes: int, quote: str) -> tuple[str, tuple[Block, ...]]:
        params: dict[str, int] = {"classes": classes}
        ignored = _ignore_label(loss)
        if ignored is not None:
            params["ignore_label"] = ignored
        if loss.format < 2:
            raise SourceError(
                "the net is in the V1 format, which has no Python layers: give H from a file, "
                "or upgrade the net first"
            )
        fields = (
            Block("module", encode_string(self.way.module, quote)),
            Block("layer", encode_string("ComputeH", quote)),
            # JSON needs double quotes, so these are single whatever the file's are.
            Block("param_str", encode_string(json.dumps(params), "'")),
        )
        return "Python", (Block("python_param", fields),)

    def bottoms(self, loss: Layer) -> list[str]:
        return [loss.bottoms[1].name]


class _Hdf5Layer:
    """The HDF5Data layer that reads H anew at each iteration."""

    title = "HDF5Data layer"

    def __init__(self, way: FromHdf5, folder: Path) -> None:
        self.top, values = read_h5_matrix(way.path)
        self.matrix: GivenMatrix | None = GivenMatrix(values, str(way.path))
        self.values = values
        self.way = way
        self.list = folder / f"{way.path.stem}_list.txt"
        self.files = (NewFile(self.list, f"{way.path.as_posix()}\n".encode()),)
        self.note = f"{self.list} names {way.path} (Caffe looks for both from where it is started)"

    def classes(self, known: int | None, loss: Layer) -> int:
        check_matrix(self.values, known, f"{self.way.path}, for `{loss.name}`")
        return int(self.values.shape[0])

    def key(self, loss: Layer, classes: int) -> tuple[object, ...]:
        return ()

    def blocks(self, loss: Layer, classes: int, quote: str) -> tuple[str, tuple[Block, ...]]:
        fields = (
            Block("source", encode_string(self.list.as_posix(), quote)),
            Block("batch_size", "1"),
        )
        return "HDF5Data", (Block("hdf5_data_param", fields),)

    def bottoms(self, loss: Layer) -> list[str]:
        return []


def _ignore_label(loss: Layer) -> int | None:
    param = loss.param("loss_param")
    return integer_of(param.fields, "ignore_label") if param else None


def _give_layer(
    document: Document, losses: Sequence[int], new: _ComputeLayer | _Hdf5Layer
) -> Given:
    """Put one layer for all losses that can share it, above the first of them."""
    if bool_of(document.fields, "force_backward", False):
        raise SourceError(
            "force_backward is set: Caffe would want a gradient for H as a bottom, and abort; "
            "give H from a file with --source"
        )
    notes: list[str] = []
    made: dict[tuple[object, ...], str] = {}
    view = view_of(document)
    for loss in infogain_losses(view.net):
        if loss.node.shape.listed:
            raise SourceError(
                f"`{loss.name}` stands in a list, `{loss.node.name}: [...]`, where no layer can be "
                "put above it: write it as a layer of its own, or give H with --source"
            )
        if not loss.bottoms:
            raise SourceError(f"`{loss.name}` reads nothing: give it its scores and labels first")
    counts = [classes_of(view, loss) for loss in infogain_losses(view.net)]
    for number in losses:
        loss = _loss(document, number)
        classes = new.classes(counts[number], loss)
        rules = tuple(
            document.text[m.start : m.end]
            for kind in ("include", "exclude")
            for m in messages_named(loss.node.fields, kind)
        )
        key = (*new.key(loss, classes), rules)
        top = made.get(key)
        if top is None and (top := _given_already(document, loss, new, classes)) is not None:
            made[key] = top
            notes.append(f"`{loss.name}` reads such an H already, from `{top}`")
            continue
        if top is None:
            top = _name_for(document, number, new, set(made.values()))
            document = _insert_layer(document, loss, new, classes, top)
            made[key] = top
            notes.append(f"{new.title} `{top}` makes H, {classes} x {classes}; {new.note}")
            loss = _loss(document, number)
        if len(loss.bottoms) > 2 and loss.bottoms[2].name == top:
            notes.append(f"`{loss.name}` reads such an H already, from `{top}`")
            continue
        document = _without_matrix_bottom(document, number, notes)
        document = _without_source(document, _loss(document, number), notes)
        loss = _loss(document, number)
        document = _add_bottom(document, loss, top)
        notes.append(f"`{loss.name}` reads H from `{top}` as its third bottom")
    return Given(document, new.files, tuple(notes), new.matrix)


def _given_already(
    document: Document, loss: Layer, new: _ComputeLayer | _Hdf5Layer, classes: int
) -> str | None:
    """The blob that a loss reads as H, if a layer just like the new one makes it."""
    makers = _makers_of_bottom(view_of(document), loss)
    if len(makers) != 1:
        return None
    blob = loss.bottoms[2].name
    wanted = _layer_block(document, loss, new, classes, blob)
    return blob if block_of(document, makers[0].node) == wanted else None


def _makers_of_bottom(view: NetView, loss: Layer) -> list[Layer]:
    """The layers that make the third bottom of a loss in one state or another."""
    found = {
        maker.index: maker
        for graph, _ in view.keeping(loss)
        if (source := graph.source_of(loss, 2)) and (maker := graph.maker_of(source))
    }
    return [found[index] for index in sorted(found)]


def _name_for(
    document: Document, number: int, new: _ComputeLayer | _Hdf5Layer, own: set[str]
) -> str:
    """A name for the new layer and its blob, `new.top` if it may be had."""
    wanted = new.top
    net = bind(document)
    taken = {blob.name for layer in net.layers for blob in (*layer.tops, *layer.bottoms)}
    taken |= {layer.name for layer in net.layers} | {blob.name for blob in net.inputs}
    if wanted not in taken:
        return wanted
    if isinstance(new, _Hdf5Layer):
        # The blob must have the dataset's name, so two layers make it, each in its own states.
        if wanted in own and _alone_with(document, number, wanted):
            return wanted
        raise SourceError(
            f"the dataset `{wanted}` would be a blob of that name, which the net has already: "
            "rename the dataset, or give the losses the same include and exclude rules"
        )
    count = 2
    while f"{wanted}_{count}" in taken:
        count += 1
    return f"{wanted}_{count}"


def _alone_with(document: Document, number: int, blob: str) -> bool:
    """Whether no state keeps both a loss and a layer that makes a blob of that name."""
    view = view_of(document)
    loss = infogain_losses(view.net)[number]
    return not any(
        top.name == blob
        for graph, _ in view.keeping(loss)
        for layer in graph.layers
        for top in layer.tops
    )


def _layer_block(
    document: Document, loss: Layer, new: _ComputeLayer | _Hdf5Layer, classes: int, top: str
) -> Block:
    style = style_of(document)
    kind, params = new.blocks(loss, classes, style.quote)
    v1 = loss.format < 2
    fields = (
        Block("name", encode_string(top, style.quote)),
        Block("type", "HDF5_DATA" if v1 else encode_string(kind, style.quote)),
        *(Block("bottom", encode_string(bottom, style.quote)) for bottom in new.bottoms(loss)),
        Block("top", encode_string(top, style.quote)),
        *params,
        # It lives where the loss lives.
        *(
            block_of(document, rule)
            for name in ("include", "exclude")
            for rule in messages_named(loss.node.fields, name)
        ),
    )
    return Block("layers" if v1 else "layer", fields)


def _insert_layer(
    document: Document, loss: Layer, new: _ComputeLayer | _Hdf5Layer, classes: int, top: str
) -> Document:
    style = style_of(document)
    block = _layer_block(document, loss, new, classes, top)
    indent = indent_at(document.text, loss.node.start)
    one_line = not starts_its_line(document, loss.node)
    rendered = indent + render(block, style, indent, one_line)
    return apply_to(document, [insert_above(document, loss.node, rendered, style)])


def _without_source(document: Document, loss: Layer, notes: list[str]) -> Document:
    param: Message | None = loss.param("infogain_loss_param")
    fields = fields_named(param.fields, "source") if param else []
    if param is None or not fields:
        return document
    notes.append(f"the source of `{loss.name}` goes: Caffe does not read it beside a third bottom")
    edits = take_fields_out(document, param, fields, loss.node, style_of(document))
    return apply_to(document, merge_removals(edits))


def _add_bottom(document: Document, loss: Layer, blob: str) -> Document:
    style = style_of(document)
    last = loss.bottoms[-1]
    quoted = encode_string(blob, document.text[last.start])
    edits = [add_value(document, last.field, "bottom", quoted, style)]
    down = _propagate_down(loss)
    if len(down) == len(loss.bottoms):
        # Caffe wants none of them or one a bottom; no gradient goes to H.
        edits.append(add_value(document, down[-1][0], "propagate_down", "false", style))
    return apply_to(document, edits)

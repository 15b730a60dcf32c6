"""The way back: Softmax → InfogainLoss, for a Caffe before April 2017, out of a fused loss.

Only where the two layers give the same numbers, which is where `chains` finds no obstacle to fuse
what is written here, and where nothing counts that the old layer does not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from protofix.files import NewFile
from protofix.infogain.chains import engine_of, find_chains
from protofix.infogain.fuse import apply_to, on_one_line
from protofix.infogain.losses import infogain_losses, loss_axis, source_of
from protofix.infogain.matrix.reading import read_source
from protofix.infogain.matrix.values import check_matrix
from protofix.infogain.matrix.writing import binaryproto_bytes
from protofix.infogain.mixtures import find_other_probabilities
from protofix.infogain.softmax_loss import (
    ConversionError,
    softmax_block,
    without_top,
)
from protofix.infogain.sources.giving import classes_of, legacy_file, put_source
from protofix.infogain.sources.placing import (
    insert_layer_above,
    refuse_list,
    rules_of,
    taken_names,
)
from protofix.infogain.sources.taking import without_fields
from protofix.net.enums import NORMALIZATIONS
from protofix.net.layers import Layer, bind
from protofix.net.paths import find_file
from protofix.net.shapes import canonical_axis, is_known, shape_text
from protofix.net.values import enum_of, integer_of
from protofix.net.view import NetView, view_of
from protofix.textproto.edits import Edit
from protofix.textproto.literals import encode_string
from protofix.textproto.tree import Document


@dataclass
class Legacy:
    """What became of a net so far: its text, files to write, what to tell, and what is unsure."""

    document: Document
    files: list[NewFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def to_legacy(
    document: Document, losses: Sequence[int], folder: Path, given: bool = False
) -> Legacy:
    """Give losses that read scores a Softmax of their own, and take away what the old layer lacks.

    The losses are numbered among the file's InfogainLosses. One that reads probabilities already
    stays as it is. An H of another shape than 1 x 1 x L x L is written anew, to lie in `folder`,
    unless H was `given` just now, and rightly.

    Raises `ConversionError` where the old layer cannot give the same numbers, `MatrixError` for
    an H that cannot be read.
    """
    done = Legacy(document)
    view = view_of(document)
    chained = {chain.loss.index for chain in find_chains(view)}
    mixed = {other.loss.index: other.reason for other in find_other_probabilities(view)}
    every = infogain_losses(view.net)
    shared = {number: _scores_key(document, view, every[number]) for number in losses}
    tops: dict[tuple[object, ...], str] = {}
    for number in losses:
        loss = every[number]
        if not given:
            _matrix_to_legacy(done, number, folder)
        if loss.index in chained:
            done.notes.append(f"`{loss.name}` reads a Softmax already")
            continue
        if loss.index in mixed:
            done.notes.append(f"`{loss.name}` reads probabilities already: {mixed[loss.index]}")
            continue
        _refuse_what_it_lacks(view, loss, done.doubts)
        top = None if len(loss.tops) > 1 else tops.get(shared[number])
        if top is None:
            top = _put_softmax(done, number)
            tops.setdefault(shared[number], top)
        _finish_loss(done, number, top)
    turned = [n for n in losses if every[n].index not in chained and every[n].index not in mixed]
    _refuse_obstacles(done, turned)
    return done


def _scores_key(document: Document, view: NetView, loss: Layer) -> tuple[object, ...]:
    """What is alike in losses of which one Softmax can serve all."""
    read = tuple(
        version.number if (version := graph.source_of(loss, 0)) else None
        for graph, _ in view.keeping(loss)
    )
    engine = engine_of(loss)
    axis = loss_axis(loss)
    return (
        read,
        1 if axis is None else axis,
        engine.value if engine else None,
        rules_of(document, loss),
    )


def _refuse_what_it_lacks(view: NetView, loss: Layer, doubts: list[str]) -> None:
    """Refuse what the old layer would not read, and what it would read otherwise."""
    refuse_list(loss, "")
    if len(loss.bottoms) < 2:
        raise ConversionError(f"`{loss.name}` reads no scores and labels: give it both first")
    if any(loss.loss_weights[1:]):
        raise ConversionError(
            f"`{loss.name}` has a loss weight for its second top: write 0 for it first"
        )
    param = loss.param("loss_param")
    fields = param.fields if param else ()
    if enum_of(fields, "normalization", NORMALIZATIONS) == "NONE":
        raise ConversionError(
            f"`{loss.name}` has normalization NONE, and the old layer divides by the batch: "
            "take it out, and the batch size into loss_weight"
        )
    classes = classes_of(view, loss)
    ignored = integer_of(fields, "ignore_label")
    if ignored is not None:
        if ignored >= 0 and (classes is None or ignored < classes):
            raise ConversionError(
                f"`{loss.name}` ignores label {ignored}, and the old layer ignores none: take "
                "ignore_label out, and give H a row of zeros, if the batch may count those labels"
            )
        doubts.append(
            f"`{loss.name}` ignored label {ignored}: no label may be that for the old layer, "
            "which would read beyond H"
        )
    _refuse_shapes(view, loss)


def _refuse_shapes(view: NetView, loss: Layer) -> None:
    written = loss_axis(loss)
    for graph, shapes in view.keeping(loss):
        scores, matrix = graph.source_of(loss, 0), graph.source_of(loss, 2)
        shape = shapes.get(scores.number) if scores else None
        axis = 1 if written is None else written
        if (canonical_axis(axis, len(shape)) if shape is not None else axis) != 1:
            raise ConversionError(
                f"`{loss.name}` has its classes along axis {axis}, the old layer along axis 1"
            )
        given = shapes.get(matrix.number) if matrix else None
        if given is None or not is_known(given):
            continue
        if len(given) != 4 or given[:2] != (1, 1) or given[2] != given[3]:
            raise ConversionError(
                f"H of `{loss.name}` is {shape_text(given)}, and the old layer wants it 1 x 1 x L "
                "x L: give it anew, with --source say"
            )


def _put_softmax(done: Legacy, number: int) -> str:
    """Put a Softmax above a loss, its top being the loss's second where it has one."""
    document = done.document
    loss = infogain_losses(bind(document))[number]
    scores = loss.bottoms[0].name
    taken = taken_names(document)
    name = f"{scores}_prob"
    if len(loss.tops) > 1:
        top = name = loss.tops[1].name
        while name in taken - {top}:
            name += "_"
        document = without_top(document, loss.index, 1)
        done.notes.append(f"Softmax `{name}` makes `{top}`, the second top of `{loss.name}`")
    else:
        while name in taken:
            name += "_"
        top = name
        done.notes.append(f"Softmax `{name}` makes the probabilities of `{scores}`")
    axis, engine = loss_axis(loss), engine_of(loss)
    block = softmax_block(
        document, loss, name, top, 1 if axis is None else axis, engine.value if engine else None
    )
    loss = infogain_losses(bind(document))[number]
    done.document = insert_layer_above(document, loss, block)
    return top


def _finish_loss(done: Legacy, number: int, probabilities: str) -> None:
    """Let a loss read the probabilities, and take out what the old layer does not know."""
    document = done.document
    loss = infogain_losses(bind(document))[number]
    bottom = loss.bottoms[0]
    quoted = encode_string(probabilities, document.text[bottom.start])
    document = apply_to(document, [Edit(bottom.start, bottom.end, quoted)])
    done.notes.append(
        f"`{loss.name}` reads the probabilities `{probabilities}` instead of `{bottom.name}`"
    )
    document = without_fields(document, loss.index, "infogain_loss_param", "axis")
    for name, why in (
        ("softmax_param", "it is the Softmax's"),
        ("loss_param", "the old layer reads none"),
    ):
        param = infogain_losses(bind(document))[number].param(name)
        if param is not None:
            written = on_one_line(document, param)
            done.notes.append(f"{name} {{ {written} }} of `{loss.name}` goes: {why}")
            document = without_fields(document, loss.index, name)
    done.document = document


def _matrix_to_legacy(done: Legacy, number: int, folder: Path) -> None:
    """See to it that the H that a loss takes from a file is 1 x 1 x L x L."""
    loss = infogain_losses(bind(done.document))[number]
    source = source_of(loss)
    if not source or len(loss.bottoms) > 2:
        return
    path = find_file(source, done.document.source.path)
    if path is None:
        done.doubts.append(
            f"{source}, H of `{loss.name}`, is not here: it must be exactly 1 x 1 x L x L"
        )
        return
    matrix = read_source(path)
    classes = classes_of(view_of(done.document), loss)
    check_matrix(matrix.values, classes, f"{path}, for `{loss.name}`")
    if matrix.shape == (1, 1, matrix.classes, matrix.classes):
        return
    new = legacy_file(path, folder)
    done.document = put_source(done.document, loss, new.as_posix())
    done.notes.append(f"`{loss.name}` takes H from {new}: the old layer wants it 1 x 1 x L x L")
    if new not in [file.path for file in done.files]:
        done.files.append(NewFile(new, binaryproto_bytes(matrix.values)))


def _refuse_obstacles(done: Legacy, numbers: Sequence[int]) -> None:
    """Refuse a chain that could not be fused again: then it is not the same as the fused loss."""
    view = view_of(done.document)
    every = infogain_losses(view.net)
    chains = {chain.loss.index: chain for chain in find_chains(view)}
    for loss in (every[number] for number in numbers):
        chain = chains.get(loss.index)
        if chain is None:
            raise ConversionError(f"`{loss.name}` reads nothing that any state of the net makes")
        if chain.obstacles:
            raise ConversionError(
                f"`{loss.name}` has no like in old Caffe: {chain.obstacles[0].reason}"
            )
        done.notes += chain.doubts

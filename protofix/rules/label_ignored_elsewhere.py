"""A label that one loss leaves out, and another loss or an Accuracy of the same labels does not.

Pixels that nobody labelled are marked 255, say, and the loss has `ignore_label: 255`. An Accuracy
beside it does not know: it has an `ignore_label` of its own, in `accuracy_param`. Without that it
takes 255 for a class, of which it has but 21, and counts the pixel as wrong, or by memory that
belongs to something else; a second loss even writes there. What is ignored because no class has
that number must be ignored by all that read the labels.

Wrong:

    layer { name: "data" type: "Input" top: "fc8" top: "label"
            input_param { shape { dim: 1 dim: 21 dim: 9 dim: 9 } shape { dim: 1 dim: 9 dim: 9 } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss"
            loss_param { ignore_label: 255 } }
    layer { name: "acc" type: "Accuracy" bottom: "fc8" bottom: "label" top: "acc" }

Right:

    layer { name: "data" type: "Input" top: "fc8" top: "label"
            input_param { shape { dim: 1 dim: 21 dim: 9 dim: 9 } shape { dim: 1 dim: 9 dim: 9 } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss"
            loss_param { ignore_label: 255 } }
    layer { name: "acc" type: "Accuracy" bottom: "fc8" bottom: "label" top: "acc"
            accuracy_param { ignore_label: 255 } }
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from protofix.net.build import Built
from protofix.net.classes import (
    classes_of,
    ignored_label,
    ignoring_param,
    labels_origin,
    largest_label,
    takes_labels,
)
from protofix.net.data_files import DataFiles
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.net.values import Values
from protofix.net.view import NetView
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import Block, put_within, style_of
from protofix.textproto.tree import Document, Message

CODE = "PF412"
NAME = "label-ignored-elsewhere"
SEVERITY = "warning"
RESTS_ON = "data"


class _Found(NamedTuple):
    reader: Layer
    classes: int
    ignorer: Layer
    label: int


def check(context: Context) -> Iterator[Hit]:
    """Say it at the labels of the layer that does not ignore, once for all states."""
    # The InfogainLoss of before April 2017 could not ignore a label.
    left_out = ("InfogainLoss",) if context.target == "legacy" else ()
    for view in context.views:
        yield from _check(view, context.files, left_out)


def _check(view: NetView, files: DataFiles | None, left_out: tuple[str, ...]) -> Iterator[Hit]:
    found = {one: None for built in view.built for one in _of_state(built, files, left_out)}
    said: set[Layer] = set()
    for one in found:
        if one.reader not in said:
            said.add(one.reader)
            labels = one.reader.bottoms[1]
            fix = _fix(view.net.document, one)
            yield Hit(labels.start, labels.end, _message(one), fix)


def _of_state(built: Built, files: DataFiles | None, left_out: tuple[str, ...]) -> Iterator[_Found]:
    graph = built.graph
    readers = [it for it in graph.layers if takes_labels(it) and it.type not in left_out]
    for ignorer in readers:
        label, labels = ignored_label(ignorer), labels_origin(graph, ignorer)
        if label is None or labels is None or largest_label(graph, labels, files) is not None:
            continue  # Where the labels are known, they are judged by themselves.
        if not _is_beyond(label, classes_of(built, ignorer)):
            continue
        for reader in readers:
            classes = classes_of(built, reader)
            same = labels_origin(graph, reader) == labels
            if same and classes and _is_beyond(label, classes) and not _names(reader, label):
                yield _Found(reader, classes, ignorer, label)


def _is_beyond(label: int, classes: int | None) -> bool:
    return classes is not None and not 0 <= label < classes


def _names(layer: Layer, label: int) -> bool:
    """Whether a layer is told to ignore a label; in whatever message: forks have their own."""
    messages = (node for node in layer.fields if isinstance(node, Message))
    return any(Values(node.fields).integer("ignore_label") == label for node in messages)


def _message(one: _Found) -> str:
    reader, label = one.reader, one.label
    param = ignoring_param(reader)
    harm = (
        "counts such labels as wrong, or by memory beyond its scores"
        if reader.type == "Accuracy"
        else "reads and writes memory beyond its scores for such labels"
    )
    advice = (
        f"take a loss that can, such as SoftmaxWithLoss, for its type, {reader.type}, cannot"
        if param is None
        else f"write {param} {{ ignore_label: {label} }}"
    )
    return (
        f"{subject_of(one.ignorer)} ignores label {label} of `{reader.bottoms[1].name}`, "
        f"{subject_of(reader)} does not: of {one.classes:,} classes, it {harm}: {advice}"
    )


def _fix(document: Document, one: _Found) -> Fix | None:
    """Ignore the label there too; what is measured or learned changes by that."""
    name = ignoring_param(one.reader)
    if name is None or ignored_label(one.reader) is not None:
        return None
    field, style = Block("ignore_label", str(one.label)), style_of(document)
    edit = put_within(document, one.reader.node, name, one.reader.param(name), field, style)
    return Fix(f"ignore {one.label} in {subject_of(one.reader)} too", (edit,), safe=False)

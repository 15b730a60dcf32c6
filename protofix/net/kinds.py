"""What kind of file a document is: a net, a solver or a label map, in whatever dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import NamedTuple

from caffe_proto import MessageType, Schema, fields_anywhere
from protofix.textproto.tree import Document, Message, Node

KIND_NAMES: Mapping[str, str] = MappingProxyType(
    {"NetParameter": "net", "SolverParameter": "solver", "LabelMap": "label map"}
)
"""What people call a file by the message it holds."""

NETS_OF_SOLVERS = ("net_param", "train_net_param", "test_net_param")
"""The fields of a solver that hold a whole net."""

_LAYER_MESSAGES = {"layer": "LayerParameter", "layers": "V1LayerParameter"}

# Comments may stand before it, and so may what a byte order mark became.
_FIRST_WORD = re.compile(r"(?:[\s\ufeff]|#[^\n]*(?:\n|$))*([A-Za-z_]\w*)")


def kind_of_file(document: Document, schema: Schema) -> str | None:
    """Name of the message a file holds: "NetParameter", "SolverParameter" or "LabelMap".

    Told by what stands at its top, held against the schema and all dialects together. None is a
    file of another program: most of its fields are in none of those messages, or it has none.
    """
    if not any(node.name for node in document.fields):
        return _kind_by_first_word(document, schema)
    for kind in ("NetParameter", "SolverParameter"):
        if _is_plainly(document, schema.messages.get(kind)):
            return kind
    return _likeliest_kind(document, schema)


def _kind_by_first_word(document: Document, schema: Schema) -> str | None:
    """The kind of a file without any field that could be read."""
    if not document.fields and not document.diagnoses:
        return "NetParameter"  # Comments alone: to Caffe that is a net without layers.
    first = _FIRST_WORD.match(document.text)
    word = first[1] if first else ""
    return next((kind for kind in KIND_NAMES if _kinds_of_field(schema, kind, word)), None)


def _is_plainly(document: Document, message: MessageType | None) -> bool:
    """Whether nothing at the top of a file is strange to a message: so it is with most files."""
    fields = message.fields if message else {}
    return all(
        node.shape.name in fields and may_hold(node, {fields[node.shape.name].kind})
        for node in document.fields
    )


def _likeliest_kind(document: Document, schema: Schema) -> str | None:
    """The kind whose message has most of the fields; None if more of them are strange to it."""
    counts = {
        "NetParameter": _known_at_top(document, schema, "NetParameter"),
        "SolverParameter": _known_at_top(document, schema, "SolverParameter"),
        "LabelMap": _label_map(document),
    }
    kind = max(counts, key=counts.__getitem__)
    best = counts[kind]
    if kind == "NetParameter" and any(_reads_as_layer(node, schema) for node in document.fields):
        return kind
    strangers = sum(bool(node.name) for node in document.fields) - best.named
    return kind if best.named and strangers <= best.fit else None


class _Count(NamedTuple):
    """How many fields hold what a message takes by that name, and how many it has by name."""

    fit: int
    named: int


def _known_at_top(document: Document, schema: Schema, kind: str) -> _Count:
    fit = named = 0
    for node in document.fields:
        kinds = _kinds_of_field(schema, kind, node.shape.name)
        if kinds:
            named += 1
            fit += may_hold(node, kinds)
    return _Count(fit, named)


def _kinds_of_field(schema: Schema, message: str, name: str) -> AbstractSet[str]:
    """What a field of a message holds, in the schema or else in any dialect; empty if none has it.

    Dialects may differ, so it may be of several kinds.
    """
    own = schema.messages.get(message)
    if own is not None and name in own.fields:
        return {own.fields[name].kind}
    return fields_anywhere(message).get(name, frozenset())


def may_hold(node: Node, kinds: AbstractSet[str]) -> bool:
    """Whether a field of one of these kinds may hold what a node does, told by its first look."""
    if isinstance(node, Message):
        return "message" in kinds
    found = {scalar.kind for scalar in node.shape.scalars}
    if found == {"string"}:
        return not kinds.isdisjoint(("string", "bytes"))
    return "string" not in found and bool(kinds - {"message", "string", "bytes"})


def _label_map(document: Document) -> _Count:
    """Count the `item`s with a `label`, or with nothing that SSD's have not.

    TensorFlow's label maps have items too, with an `id`.
    """
    items = [n for n in document.fields if isinstance(n, Message) and n.name == "item"]
    count = 0
    for item in items:
        names = {node.name for node in item.fields}
        count += "label" in names or names <= fields_anywhere("LabelMapItem").keys()
    return _Count(count, count)


def _reads_as_layer(node: Node, schema: Schema) -> bool:
    """Whether a node is a layer most of whose fields a layer can have: proof enough of a net."""
    message = _LAYER_MESSAGES.get(node.name)
    if message is None or not isinstance(node, Message):
        return False
    known = sum(bool(_kinds_of_field(schema, message, inner.name)) for inner in node.fields)
    return 2 * known > len(node.fields)

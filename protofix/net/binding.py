"""Whether a document fits the schema, found by walking the tree: no protobuf message is built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import NamedTuple

from caffe_proto import FieldType, MessageType, Schema, fields_anywhere
from protofix.textproto.literals import clip, is_octal_or_hex, parse_float, parse_integer
from protofix.textproto.tree import Diagnosis, Document, Field, Message, Node, Scalar

_TRUE = {"true", "True", "t"}
_FALSE = {"false", "False", "f"}
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}


class Misfit(NamedTuple):
    """Something that does not fit the schema: where, which kind, and what would be right.

    `owner` is the message that lacks a field, or the enum that lacks a value, and `name` what it
    lacks; `node` is the field and `within` the message in which it stands. All four are of an
    unknown field or value only.
    """

    start: int
    end: int
    kind: str
    message: str
    owner: str = ""
    name: str = ""
    node: Node | None = None
    within: Message | None = None


def kind_of_file(document: Document, schema: Schema) -> str | None:
    """Name of the message a file holds: "NetParameter", "SolverParameter" or "LabelMap".

    Told by what stands at its top, held against the schema and all dialects together. None is a
    file of another program: most of its fields are in none of those messages, or it has none.
    """
    if not document.fields and not document.diagnoses:
        return "NetParameter"  # Comments alone: to Caffe that is a net without layers.
    for kind in ("NetParameter", "SolverParameter"):
        if _is_plainly(document, schema.messages.get(kind)):
            return kind
    counts = {
        "NetParameter": _known_at_top(document, schema, "NetParameter"),
        "SolverParameter": _known_at_top(document, schema, "SolverParameter"),
        "LabelMap": _label_map(document),
    }
    if not any(node.name for node in document.fields):
        first = _FIRST_WORD.match(document.text)
        word = first[1] if first else ""
        return next((kind for kind in KIND_NAMES if _kinds(schema, kind, word)), None)
    kind, best = max(counts.items(), key=lambda counted: (counted[1].fit, counted[1].named))
    if kind == "NetParameter" and any(_reads_as_layer(node, schema) for node in document.fields):
        return kind
    named = [node for node in document.fields if node.name]
    strangers = len(named) - best.named
    return None if strangers > best.fit or not best.named else kind


# Comments may stand before it, and so may what a byte order mark became.
_FIRST_WORD = re.compile(r"(?:[\s\ufeff]|#[^\n]*(?:\n|$))*([A-Za-z_]\w*)")

KIND_NAMES: Mapping[str, str] = MappingProxyType(
    {"NetParameter": "net", "SolverParameter": "solver", "LabelMap": "label map"}
)
"""What people call a file by the message it holds."""


class _Count(NamedTuple):
    """How many fields a message has by name, and how many of those hold what it takes."""

    named: int
    fit: int


def _is_plainly(document: Document, message: MessageType | None) -> bool:
    """Whether nothing at the top of a file is strange to a message: so it is with most files."""
    fields = message.fields if message else {}
    return bool(document.fields) and all(
        node.shape.name in fields and _fits(node, {fields[node.shape.name].kind})
        for node in document.fields
    )


def _known_at_top(document: Document, schema: Schema, kind: str) -> _Count:
    named = fit = 0
    for node in document.fields:
        kinds = _kinds(schema, kind, node.shape.name)
        if kinds:
            named += 1
            fit += _fits(node, kinds)
    return _Count(named, fit)


def _kinds(schema: Schema, message: str, name: str) -> AbstractSet[str]:
    """What a field of a message holds, in the schema or else in any dialect; {} if none has it."""
    own = schema.messages.get(message)
    if own is not None and name in own.fields:
        return {own.fields[name].kind}
    return fields_anywhere(message).get(name, frozenset())


def _fits(node: Node, kinds: AbstractSet[str]) -> bool:
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
    owners = {"layer": "LayerParameter", "layers": "V1LayerParameter"}
    if node.name not in owners or not isinstance(node, Message):
        return False
    known = sum(bool(_kinds(schema, owners[node.name], inner.name)) for inner in node.fields)
    return 2 * known > len(node.fields)


def misfits(document: Document, schema: Schema, kind: str) -> list[Diagnosis]:
    """Everything in a document that does not fit the message named, in the order of the text."""
    return [Diagnosis(*misfit[:4]) for misfit in find_misfits(document, schema, kind)]


def find_misfits(document: Document, schema: Schema, kind: str) -> list[Misfit]:
    """The same, each with what is lacking where."""
    found = list(_Walker(schema).walk(schema.messages[kind], document.fields, None))
    found.sort(key=lambda misfit: misfit.start)
    return found


class _Walker:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.net = schema.messages["NetParameter"]
        # Lines that read the same share their shape: what fitted once in a kind of message fits
        # again. The document keeps the shapes alive, so their ids are theirs alone.
        self.fitting: set[tuple[str, int]] = set()

    def walk(
        self, message: MessageType, fields: tuple[Node, ...], opened: Message | None
    ) -> Iterator[Misfit]:
        seen: set[str] = set()
        for node in fields:
            name = node.shape.name
            field = message.fields.get(name)
            if field is None and isinstance(node, Message) and self.is_layer(name, message):
                # All that follows a missing bracket is in here: one finding, and read on.
                if name not in seen:
                    yield _layer_within_layer(node)
                seen.add(name)
                inner = self.net.fields[name].type_name
                yield from self.walk(self.schema.messages[inner or ""], node.fields, node)
                continue
            if field is None:
                if name:  # An unnamed one comes from a mistake that was said already.
                    yield _unknown(node, message, opened)
                continue
            if not field.repeated:
                if name in seen:
                    where = f"{message.name}.{name}"
                    text = f"`{name}` is given twice, and {where} takes one value: keep one"
                    yield Misfit(node.start, node.name_end, "repeated-field", text)
                seen.add(name)
            if isinstance(node, Message):
                if field.type_name is None or field.kind != "message":
                    yield _wrong(node.open_end - 1, node.open_end, field, "a message")
                else:
                    yield from self.walk(self.schema.messages[field.type_name], node.fields, node)
                if node.shape.listed and not field.repeated:
                    yield _no_list(node.start, field)
            elif (message.name, id(node.shape)) not in self.fitting:
                problems = list(self.field(node, field))
                if not problems:
                    self.fitting.add((message.name, id(node.shape)))
                yield from problems
        missing = [name for name in message.required if name not in seen]
        if missing and opened is not None:
            names = " and ".join(f"`{name}`" for name in missing)
            text = f"`{opened.name}` needs {names}"
            yield Misfit(opened.start, opened.name_end, "missing-field", text)

    def is_layer(self, name: str, message: MessageType) -> bool:
        if name not in ("layer", "layers") or not message.name.endswith("LayerParameter"):
            return False
        field = self.net.fields.get(name)
        return field is not None and field.kind == "message"

    def field(self, node: Field, field: FieldType) -> Iterator[Misfit]:
        shape = node.shape
        if not shape.colon and (field.kind != "message" or shape.scalars):
            start = node.value_start
            text = f"expected `:` between `{field.name}` and its list"
            yield Misfit(start, start + 1, "missing-colon", text)
            return
        if shape.listed and not field.repeated:
            yield _no_list(node.value_start, field)
            return
        for scalar in node.scalars:
            problem = self.scalar(scalar, field)
            if problem:
                yield problem

    def scalar(self, scalar: Scalar, field: FieldType) -> Misfit | None:
        kind, value = scalar.kind, scalar.value
        if field.kind == "enum":
            return self.enum(scalar, field)
        if field.kind in ("string", "bytes"):
            fits = kind == "string"
        elif field.kind == "bool":
            if kind == "integer":
                return None if parse_integer(value) in (0, 1) and value[0] != "-" else _bool(scalar)
            if kind == "name":
                return None if value in _TRUE or value in _FALSE else _bool(scalar)
            fits = False
        elif field.kind in _RANGES:
            fits = kind == "integer"
            if fits:
                return _range(scalar, field)
        elif field.kind in ("float", "double"):
            fits = (
                kind == "float"
                or (kind == "integer" and not is_octal_or_hex(value))
                or (kind == "name" and parse_float(value) is not None)
            )
        else:
            fits = False
        return None if fits else _wrong(scalar.start, scalar.end, field, _written(scalar))

    def enum(self, scalar: Scalar, field: FieldType) -> Misfit | None:
        assert field.type_name is not None
        enum = self.schema.enums[field.type_name]
        if scalar.kind == "name" and scalar.value in enum.values:
            return None
        if scalar.kind == "integer" and parse_integer(scalar.value) in enum.numbers:
            return None
        if scalar.kind not in ("name", "integer"):
            return _wrong(scalar.start, scalar.end, field, _written(scalar))
        value = scalar.value
        if scalar.kind == "integer" and -(2**31) <= parse_integer(value) < 2**31:
            value = str(parse_integer(value))  # octal and hex as people count
        text = f"{enum.name} has no value `{clip(value)}`"
        kind = "unknown-enum-value"
        return Misfit(scalar.start, scalar.end, kind, text, enum.name, value)


def _unknown(node: Node, message: MessageType, opened: Message | None) -> Misfit:
    text = f"{message.name} has no field `{clip(node.name)}`"
    end = node.start + len(node.name) if node.name.startswith("[") else node.name_end
    return Misfit(node.start, end, "unknown-field", text, message.name, node.name, node, opened)


def _layer_within_layer(node: Message) -> Misfit:
    text = f"a `{node.name}` within a layer: is a `}}` missing before it?"
    return Misfit(node.start, node.name_end, "unknown-field", text)


def _no_list(start: int, field: FieldType) -> Misfit:
    text = f"`{field.name}` takes one value, not a list"
    return Misfit(start, start + 1, "wrong-type", text)


def _wrong(start: int, end: int, field: FieldType, found: str) -> Misfit:
    wanted = {
        "string": "a string in quotes",
        "bytes": "a string in quotes",
        "bool": "true or false",
        "float": "a decimal number",
        "double": "a decimal number",
        "enum": f"a name of {field.type_name} without quotes",
        "message": f"a message in {{ }} ({field.type_name})",
    }.get(field.kind, "a whole number")
    text = f"`{field.name}` takes {wanted}, not {found}"
    return Misfit(start, end, "wrong-type", text)


def _bool(scalar: Scalar) -> Misfit:
    text = f"`{clip(scalar.value)}` is neither true nor false"
    return Misfit(scalar.start, scalar.end, "wrong-type", text)


def _range(scalar: Scalar, field: FieldType) -> Misfit | None:
    low, high = _RANGES[field.kind]
    value = parse_integer(scalar.value)
    if low <= value <= high and (low or scalar.value[0] != "-"):
        return None
    text = f"`{field.name}` takes a whole number from {low} to {high}, not {clip(scalar.value)}"
    return Misfit(scalar.start, scalar.end, "out-of-range", text)


def _written(scalar: Scalar) -> str:
    if scalar.kind == "string":
        return f'the string "{clip(scalar.value)}"'
    return f"`{clip(scalar.value)}`"

"""Whether a document fits the schema, found by walking the tree: no protobuf message is built."""

from __future__ import annotations

from collections.abc import Iterator

from caffe_proto import FieldType, MessageType, Schema
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


def kind_of_file(document: Document, schema: Schema) -> str | None:
    """Name of the message a file holds, "NetParameter" or "SolverParameter".

    Told by its top-level fields; None if it has fields and neither message knows any of them.
    """
    names = [node.name for node in document.fields]
    known = {
        kind: sum(name in schema.messages[kind].fields for name in names)
        for kind in ("NetParameter", "SolverParameter")
    }
    if names and not any(known.values()):
        return None
    return "SolverParameter" if known["SolverParameter"] > known["NetParameter"] else "NetParameter"


def misfits(document: Document, schema: Schema, kind: str) -> list[Diagnosis]:
    """Everything in a document that does not fit the message named, in the order of the text."""
    found = list(_Walker(schema).walk(schema.messages[kind], document.fields, None))
    found.sort(key=lambda diagnosis: diagnosis.start)
    return found


class _Walker:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        # Lines that read the same share their shape: what fitted once in a kind of message fits
        # again. The document keeps the shapes alive, so their ids are theirs alone.
        self.fitting: set[tuple[str, int]] = set()

    def walk(
        self, message: MessageType, fields: tuple[Node, ...], opened: Message | None
    ) -> Iterator[Diagnosis]:
        seen: set[str] = set()
        for node in fields:
            name = node.shape.name
            field = message.fields.get(name)
            if field is None and isinstance(node, Message) and _is_layer(name, message):
                # All that follows a missing bracket is in here: one finding, and read on.
                if name not in seen:
                    yield _layer_within_layer(node)
                seen.add(name)
                inner = self.schema.messages["NetParameter"].fields[name].type_name
                yield from self.walk(self.schema.messages[inner or ""], node.fields, node)
                continue
            if field is None:
                if name:  # An unnamed one comes from a mistake that was said already.
                    yield _unknown(node, message)
                continue
            if not field.repeated:
                if name in seen:
                    where = f"{message.name}.{name}"
                    text = f"`{name}` is given twice, and {where} takes one value: keep one"
                    yield Diagnosis(node.start, node.name_end, "repeated-field", text)
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
            yield Diagnosis(opened.start, opened.name_end, "missing-field", text)

    def field(self, node: Field, field: FieldType) -> Iterator[Diagnosis]:
        shape = node.shape
        if not shape.colon and (field.kind != "message" or shape.scalars):
            start = node.value_start
            text = f"expected `:` between `{field.name}` and its list"
            yield Diagnosis(start, start + 1, "missing-colon", text)
            return
        if shape.listed and not field.repeated:
            yield _no_list(node.value_start, field)
            return
        for scalar in node.scalars:
            problem = self.scalar(scalar, field)
            if problem:
                yield problem

    def scalar(self, scalar: Scalar, field: FieldType) -> Diagnosis | None:
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

    def enum(self, scalar: Scalar, field: FieldType) -> Diagnosis | None:
        assert field.type_name is not None
        enum = self.schema.enums[field.type_name]
        if scalar.kind == "name" and scalar.value in enum.values:
            return None
        if scalar.kind == "integer" and parse_integer(scalar.value) in enum.numbers:
            return None
        if scalar.kind not in ("name", "integer"):
            return _wrong(scalar.start, scalar.end, field, _written(scalar))
        names = list(enum.values)
        same = [n for n in names if n.lower() == scalar.value.replace("_", "").lower()]
        right = f"write {same[0]}" if same else f"it has {_some(names)}"
        text = f"{enum.name} has no value `{scalar.value}`: {right}"
        return Diagnosis(scalar.start, scalar.end, "unknown-enum-value", text)


def _unknown(node: Node, message: MessageType) -> Diagnosis:
    text = f"{message.name} has no field `{node.name}`"
    end = node.start + len(node.name) if node.name.startswith("[") else node.name_end
    return Diagnosis(node.start, end, "unknown-field", text)


def _is_layer(name: str, message: MessageType) -> bool:
    return name in ("layer", "layers") and message.name.endswith("LayerParameter")


def _layer_within_layer(node: Message) -> Diagnosis:
    text = f"a `{node.name}` within a layer: is a `}}` missing before it?"
    return Diagnosis(node.start, node.name_end, "unknown-field", text)


def _no_list(start: int, field: FieldType) -> Diagnosis:
    text = f"`{field.name}` takes one value, not a list"
    return Diagnosis(start, start + 1, "wrong-type", text)


def _wrong(start: int, end: int, field: FieldType, found: str) -> Diagnosis:
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
    return Diagnosis(start, end, "wrong-type", text)


def _bool(scalar: Scalar) -> Diagnosis:
    text = f"`{clip(scalar.value)}` is neither true nor false"
    return Diagnosis(scalar.start, scalar.end, "wrong-type", text)


def _range(scalar: Scalar, field: FieldType) -> Diagnosis | None:
    low, high = _RANGES[field.kind]
    value = parse_integer(scalar.value)
    if low <= value <= high and (low or scalar.value[0] != "-"):
        return None
    text = f"`{field.name}` takes a whole number from {low} to {high}, not {clip(scalar.value)}"
    return Diagnosis(scalar.start, scalar.end, "out-of-range", text)


def _written(scalar: Scalar) -> str:
    if scalar.kind == "string":
        return f'the string "{clip(scalar.value)}"'
    return f"`{clip(scalar.value)}`"


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 8 else ", ".join(names[:6]) + ", ..."

"""Whether a document fits the schema, found by walking the tree: no protobuf message is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from caffe_proto import FieldType, MessageType, Schema
from protofix.net.lost_brackets import Around, Displaced, closed_before, closing_before, left_open
from protofix.net.meant import in_its_kind, without_list, written
from protofix.textproto.edits import Edit, Mending
from protofix.textproto.literals import (
    clip,
    is_octal_or_hex,
    parse_bool,
    parse_float,
    parse_integer,
)
from protofix.textproto.tree import Document, Field, Message, Node, Scalar

_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}


@dataclass(frozen=True)
class Lack:
    """What a dialect lacks: a field of a message, a value of an enum, or a layer type.

    `name` is what is lacking as it is written; a value may be a number, then in decimal. `owner` is
    the message or the enum that lacks it, by its dotted name; layer types have none, "". A field
    has `node`, itself with all that it holds, and `within`, the message of the text in which it
    stands, None at the top; a value and a layer type have neither. A field that the dialect has,
    but for one value where several are given, has `node` alone.
    """

    name: str
    owner: str = ""
    node: Node | None = None
    within: Message | None = None


class Misfit(NamedTuple):
    """Something that does not fit: where (offsets into the text), which kind, and a message.

    The kinds are "unknown-field", "unknown-enum-value", "unknown-layer-type", "repeated-field",
    "missing-field", "missing-colon", "wrong-type" and "out-of-range". What is unknown has `lacks`,
    and its message goes no further than that it is; only a layer within a layer and a field that is
    displaced have none, since a bracket was lost there and no dialect is wanted. A list of several
    values for a field that takes one, which is of the kind "wrong-type", has `lacks` too: another
    dialect may take them all. `mending` makes it right, if that can be told.
    """

    start: int
    end: int
    kind: str
    message: str
    lacks: Lack | None = None
    mending: Mending | None = None


def find_misfits(document: Document, schema: Schema, kind: str) -> list[Misfit]:
    """Find all that does not fit the message `kind` of a schema, in the order of the text.

    Layer types are strings to a schema: which of them there are, it does not know.
    """
    found = list(_Walker(schema, document).walk(schema.messages[kind], document.fields, ()))
    found.sort(key=lambda misfit: misfit.start)
    return found


class _Walker:
    def __init__(self, schema: Schema, document: Document) -> None:
        self.schema = schema
        self.source = document.source
        self.broken = bool(document.diagnoses)
        # The last place at which a bracket is missing or too many.
        brackets = (it.start for it in document.diagnoses if it.kind == "bracket")
        self.last_bracket = max(brackets, default=-1)
        self.net = schema.messages["NetParameter"]
        # Lines that read the same share their shape: what fitted once in a kind of message fits
        # again. The document keeps the shapes alive, so their ids are theirs alone.
        self.fitting: set[tuple[str, int]] = set()

    def walk(
        self, message: MessageType, fields: tuple[Node, ...], around: tuple[Around, ...]
    ) -> Iterator[Misfit]:
        """What does not fit a message; `around` are those of the text that it is in, and itself."""
        seen: set[str] = set()
        home: MessageType | None = None
        for node in fields:
            name = node.shape.name
            field = message.fields.get(name)
            if field is None and isinstance(node, Message) and self.is_layer(name, message):
                # All that follows a missing bracket is in here: one finding, and read on.
                if name not in seen:
                    yield self.layer_within_layer(node)
                seen.add(name)
                inner = self.schema.messages[self.net.fields[name].type_name or ""]
                yield from self.walk(inner, node.fields, (*around, Around(inner, node)))
                continue
            if field is None:
                # An unnamed one comes from a mistake that was said already, and so do all those
                # behind the first one that is displaced.
                if name and (home is None or name not in home.fields):
                    displaced = self.displaced(node, fields, message, around)
                    if displaced is None:
                        yield _unknown(node, message, around[-1].node if around else None)
                    else:
                        home = displaced.home
                        yield _displaced(node, displaced)
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
                    inner = self.schema.messages[field.type_name]
                    yield from self.walk(inner, node.fields, (*around, Around(inner, node)))
                if node.shape.listed and not field.repeated:
                    yield _no_list(node.start, field)
            elif (message.name, id(node.shape)) not in self.fitting:
                problems = list(self.field(node, field, message.name))
                if not problems:
                    self.fitting.add((message.name, id(node.shape)))
                yield from problems
        missing = [name for name in message.required if name not in seen]
        if missing and around:
            opened = around[-1].node
            names = " and ".join(f"`{name}`" for name in missing)
            text = f"`{opened.name}` needs {names}"
            yield Misfit(opened.start, opened.name_end, "missing-field", text)

    def displaced(
        self,
        node: Node,
        fields: Sequence[Node],
        message: MessageType,
        around: Sequence[Around],
    ) -> Displaced | None:
        """Whether a field that its message lacks is there for a bracket that is wrong."""
        if node.start > self.last_bracket:
            return None
        at = next(number for number, it in enumerate(fields) if it is node)
        before = fields[at - 1] if at else None
        return left_open(node, around, self.source) or closed_before(
            node, before, message, self.schema, self.source
        )

    def layer_within_layer(self, node: Message) -> Misfit:
        """Ask for the bracket; in a text that is not broken one more would be one too many."""
        text = f"a `{node.name}` within a layer: is a `}}` missing before it?"
        title = "close the layer before it"
        mending = closing_before(node, 1, title, self.source) if self.broken else None
        return Misfit(node.start, node.name_end, "unknown-field", text, mending=mending)

    def is_layer(self, name: str, message: MessageType) -> bool:
        if name not in ("layer", "layers") or not message.name.endswith("LayerParameter"):
            return False
        field = self.net.fields.get(name)
        return field is not None and field.kind == "message"

    def field(self, node: Field, field: FieldType, owner: str) -> Iterator[Misfit]:
        shape = node.shape
        if not shape.colon and (field.kind != "message" or shape.scalars):
            start = node.value_start
            text = f"expected `:` between `{field.name}` and its list"
            edit = Edit(node.name_end, node.name_end, ":")
            colon = Mending("write `:` behind the name", (edit,), True)
            yield Misfit(start, start + 1, "missing-colon", text, mending=colon)
            return
        if shape.listed and not field.repeated:
            lack = Lack(node.name, owner, node) if len(node.scalars) > 1 else None
            yield _no_list(node.value_start, field, lack, without_list(node))
            return
        for scalar in node.scalars:
            problem = self.scalar(scalar, field)
            if problem and problem.kind == "wrong-type":
                enum = self.schema.enums.get(field.type_name or "")
                right = in_its_kind(scalar, field, owner, enum)
                mending = None if right is None else written(scalar, right)
                problem = problem._replace(mending=mending)
            if problem:
                yield problem

    def scalar(self, scalar: Scalar, field: FieldType) -> Misfit | None:
        kind, value = scalar.kind, scalar.value
        if field.kind == "enum":
            return self.enum(scalar, field)
        if field.kind in ("string", "bytes"):
            fits = kind == "string"
        elif field.kind == "bool":
            if kind in ("integer", "name"):
                return _bool(scalar) if parse_bool(value) is None else None
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
        lack = Lack(value, enum.name)
        return Misfit(scalar.start, scalar.end, "unknown-enum-value", text, lack)


def _unknown(node: Node, message: MessageType, opened: Message | None) -> Misfit:
    text = f"{message.name} has no field `{clip(node.name)}`"
    end = node.start + len(node.name) if node.name.startswith("[") else node.name_end
    lack = Lack(node.name, message.name, node, opened)
    return Misfit(node.start, end, "unknown-field", text, lack)


def _displaced(node: Node, found: Displaced) -> Misfit:
    return Misfit(node.start, node.name_end, "unknown-field", found.said, mending=found.mending)


def _no_list(
    start: int, field: FieldType, lack: Lack | None = None, mending: Mending | None = None
) -> Misfit:
    text = f"`{field.name}` takes one value, not a list"
    return Misfit(start, start + 1, "wrong-type", text, lack, mending)


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

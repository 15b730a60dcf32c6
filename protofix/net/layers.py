"""The typed view of a net: its layers in order, whatever format they are written in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from caffe_proto import V0_TYPES, V1_TYPES
from protofix.net.names import type_of_v1_name, v1_type_name
from protofix.net.values import Values, enum_of, integer_of, integers_of
from protofix.textproto.literals import parse_float, parse_integer
from protofix.textproto.tree import (
    Document,
    Field,
    Message,
    Node,
    Scalar,
    fields_named,
    messages_named,
    scalars_named,
)

# The type string of each V0 type (nested `layer { type: "conv" }`).
_V0_TYPES = {name: V1_TYPES[v1] for name, v1 in V0_TYPES.items()}


PADDING = "padding"
"""The type of V0's layers that pad, which Caffe folds into the convolution or pooling behind."""


class BlobName(NamedTuple):
    """A bottom or a top: the blob's name, and the field and characters that say it."""

    name: str
    field: Field
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class StateRule:
    """One `include` or `exclude` (NetStateRule); None where nothing is asked."""

    phase: str | None
    min_level: int | None
    max_level: int | None
    stages: tuple[str, ...]
    not_stages: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer as its file has it; layers compare by identity.

    `type` is today's type string, empty if none is given;
    `format` is 0, 1 or 2 for the V0, V1 and today's formats; `index` counts the file's layers.
    """

    index: int
    node: Message
    format: int
    name: str
    type: str
    bottoms: tuple[BlobName, ...]
    tops: tuple[BlobName, ...]

    @property
    def fields(self) -> tuple[Node, ...]:
        """The fields that hold the layer's parameters."""
        if self.format == 0:
            return messages_named(self.node.fields, "layer")[0].fields
        return self.node.fields

    def param(self, name: str) -> Message | None:
        """The message of that name, such as `softmax_param`; the last if there are several."""
        found = messages_named(self.fields, name)
        return found[-1] if found else None

    def values(self, message: str) -> Values:
        """The values of a message of the layer; of a V0 layer, which has none, its own."""
        param = self.param(message)
        if param is not None:
            return Values(param.fields)
        return Values(self.fields if self.format == 0 else ())

    @cached_property
    def include(self) -> tuple[StateRule, ...]:
        """Rules of which one must be met for the layer to be kept."""
        return self._rules("include")

    @cached_property
    def exclude(self) -> tuple[StateRule, ...]:
        """Rules of which none may be met."""
        return self._rules("exclude")

    def _rules(self, name: str) -> tuple[StateRule, ...]:
        # What stands beside a V0 layer Caffe drops, but for its bottoms and tops.
        if self.format == 0:
            return ()
        return tuple(map(_rule, messages_named(self.node.fields, name)))

    def works_in_place(self, slot: int = 0) -> bool:
        """Whether a top is the very blob of the bottom in its place (Caffe 1.0, Net::AppendTop)."""
        bottoms, tops = self.bottoms, self.tops
        return slot < len(bottoms) and slot < len(tops) and bottoms[slot].name == tops[slot].name

    @property
    def propagate_down(self) -> list[Scalar]:
        """The marks of which bottoms are learned through, one a bottom; empty if all are."""
        return scalars_named(self.node.fields, "propagate_down") if self.format == 2 else []

    @property
    def loss_weight_fields(self) -> list[Scalar]:
        """Where the loss weights are written."""
        return scalars_named(self.node.fields, "loss_weight") if self.format else []

    @cached_property
    def loss_weights(self) -> tuple[float, ...]:
        """The loss weights written, one a top; empty if the type's own apply."""
        values = (parse_float(scalar.value) for scalar in self.loss_weight_fields)
        return tuple(0.0 if value is None else value for value in values)


@dataclass(frozen=True)
class Net:
    """A net: its document, its fields there, its layers and its inputs in the order of the file.

    The fields are the document's own, or those of a message within: solvers can hold nets.
    `unshaped_inputs` are further `input` fields, without a shape, which no layer lacks otherwise:
    Caffe makes nothing of them.
    """

    document: Document
    fields: tuple[Node, ...]
    layers: tuple[Layer, ...]
    inputs: tuple[BlobName, ...]
    unshaped_inputs: tuple[BlobName, ...]

    @cached_property
    def is_v0(self) -> bool:
        """Whether it is in the V0 format, as a whole to Caffe if one layer is."""
        return any(layer.format == 0 for layer in self.layers)

    @property
    def blobs(self) -> dict[str, None]:
        """The names of all blobs that the net has in any state, in the order of the file."""
        tops = (top.name for layer in self.layers for top in layer.tops)
        return dict.fromkeys((*(blob.name for blob in self.inputs), *tops))

    @property
    def has_input_shapes(self) -> bool:
        """Whether the inputs' shapes are written as `input_shape`, not as `input_dim`."""
        return bool(messages_named(self.fields, "input_shape"))

    @property
    def input_shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the inputs that the file gives, in their order."""
        fields = self.fields
        shapes = [integers_of(it.fields, "dim") for it in messages_named(fields, "input_shape")]
        if shapes:
            return shapes
        dims = integers_of(fields, "input_dim")
        return [dims[i : i + 4] for i in range(0, len(dims), 4)]

    @property
    def mixed(self) -> bool:
        """Whether the file has both `layer` and `layers`, which Caffe refuses."""
        names = {node.name for node in self.fields if isinstance(node, Message)}
        return {"layer", "layers"} <= names


def bind(document: Document, within: Message | None = None) -> Net:
    """Read a document, or a message within, as a net.

    What does not fit is left out, for the schema check to say.
    """
    fields = document.fields if within is None else within.fields
    layers: list[Layer] = []
    for node in fields:
        if isinstance(node, Message) and node.name in ("layer", "layers"):
            layers.append(_layer(len(layers), node))
    inputs = _blob_names(fields, "input")
    unshaped = _unshaped(fields, inputs, layers)
    shaped = tuple(it for it in inputs if it not in unshaped)
    return Net(document, fields, tuple(layers), shaped, unshaped)


def _unshaped(
    fields: tuple[Node, ...], inputs: tuple[BlobName, ...], layers: list[Layer]
) -> tuple[BlobName, ...]:
    if not inputs or messages_named(fields, "input_shape") or scalars_named(fields, "input_dim"):
        return ()
    names = (
        ((it.name for it in layer.bottoms), (it.name for it in layer.tops)) for layer in layers
    )
    needed = read_before_made((it.name for it in inputs), names)
    return tuple(it for it in inputs if it.name not in needed)


def read_before_made(
    blobs: Iterable[str], layers: Iterable[tuple[Iterable[str], Iterable[str]]]
) -> set[str]:
    """Those of some blobs that a layer reads before any makes them.

    `layers` are the names of their bottoms and of their tops.
    """
    left, found = set(blobs), set[str]()
    for bottoms, tops in layers:
        found |= left.intersection(bottoms)
        left.difference_update(bottoms, tops)
    return found


def _layer(index: int, node: Message) -> Layer:
    form, inner = 2, node.fields
    if node.name == "layers":
        nested = messages_named(node.fields, "layer")
        form, inner = (0, nested[0].fields) if nested else (1, node.fields)
    types = scalars_named(inner, "type")
    return Layer(
        index=index,
        node=node,
        format=form,
        name=_string(inner, "name"),
        type=_type(form, types[-1]) if types else "",
        bottoms=_blob_names(node.fields, "bottom"),
        tops=_blob_names(node.fields, "top"),
    )


def _type(form: int, written: Scalar) -> str:
    """Today's type string for a type as a layer of a format has it; as written if there is none."""
    value = written.value
    if form == 2:
        return value
    if form == 0:
        return _V0_TYPES.get(value, value)
    if written.kind == "string":  # That is none of the V1 format, but people write it so.
        return V1_TYPES.get(value, value)
    name = v1_type_name(parse_integer(value)) or "" if written.kind == "integer" else value
    return type_of_v1_name(name) or name


def _blob_names(fields: tuple[Node, ...], name: str) -> tuple[BlobName, ...]:
    return tuple(
        BlobName(scalar.value, field, scalar.start, scalar.end)
        for field in fields_named(fields, name)
        for scalar in field.scalars
        if scalar.kind == "string"
    )


def _string(fields: tuple[Node, ...], name: str) -> str:
    found = scalars_named(fields, name)
    return found[-1].value if found else ""


PHASES = ("TRAIN", "TEST")


def _rule(node: Message) -> StateRule:
    return StateRule(
        phase=enum_of(node.fields, "phase", PHASES),
        min_level=integer_of(node.fields, "min_level"),
        max_level=integer_of(node.fields, "max_level"),
        stages=tuple(s.value for s in scalars_named(node.fields, "stage")),
        not_stages=tuple(s.value for s in scalars_named(node.fields, "not_stage")),
    )

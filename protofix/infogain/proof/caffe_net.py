"""A head as a net of its own that an installed Caffe can run: its text, and where numbers go.

The scores are the weights of an InnerProduct layer that reads a single 1, so that Caffe works out
their gradients as those of any weights. Caffes since early 2015 can do that, and unlike with
`force_backward`, `propagate_down` keeps its meaning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from protofix.infogain.proof.heads import Head
from protofix.infogain.proof.operations import CannotRun
from protofix.net.graph import Version
from protofix.net.layers import Layer, bind
from protofix.textproto.literals import encode_string
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document, Message, Node, messages_named
from protofix.upgrade.text.document import upgrade_document

# Said anew for the net that a head becomes; a state's rules have been applied already.
_SAID_ANEW = ("name", "bottom", "top", "propagate_down", "include", "exclude")
_H_BOTTOM = 2


@dataclass(frozen=True)
class CaffeNet:
    """The net of a head: `text` is today's prototxt.

    Attributes:
        text: the prototxt.
        phase: "TRAIN" or "TEST".
        one: the blob that must hold a 1.
        label: the blob of the labels.
        scores: the layers whose weights are the head's scores, in the head's order.
        loss: the blob of the loss.

    """

    text: str
    phase: str
    one: str
    label: str
    scores: tuple[str, ...]
    loss: str


def caffe_net(
    head: Head, shapes: Sequence[tuple[int, ...]], labels: tuple[int, ...], source: str
) -> CaffeNet:
    """Write the net of a head.

    Args:
        head: of a net in any format.
        shapes: of its scores, in their order.
        labels: the shape of the labels.
        source: the file that an InfogainLoss is to read H from, in place of what the net says.

    Raises:
        CannotRun: its layers are in an old format and cannot be upgraded.

    """
    document, layers = _today(head)
    names = _Names(head)
    one, label = names.new("one"), names.label
    scores = tuple(f"{names.of(version)}_given" for version in head.scores)
    parts = [_input(one, (1, 1)), _input(label, labels)]
    for version, layer, shape in zip(head.scores, scores, shapes, strict=True):
        parts.append(_given(layer, names.of(version), one, shape))
    for old, new in zip(head.layers, layers, strict=True):
        text = _Written(document, new, source if old is head.loss else None)
        parts.append(text.layer(names.bottoms(old), names.tops(old)))
    return CaffeNet(
        text="\n".join(parts) + "\n",
        phase=head.graph.state.phase,
        one=one,
        label=label,
        scores=scores,
        loss=names.tops(head.loss)[0],
    )


def _today(head: Head) -> tuple[Document, Sequence[Layer]]:
    """The layers of a head alone, in today's format."""
    document = head.graph.net.document
    texts = [_text(document, layer.node) for layer in head.layers]
    alone = read(Source("\n".join(texts), document.source.path))
    if any(layer.format != 2 for layer in head.layers):
        try:
            alone = upgrade_document(alone, ("v0", "v1")).after
        except ValueError as error:
            raise CannotRun(f"cannot be brought to today's format: {error}") from None
    layers = bind(alone).layers
    if len(layers) != len(head.layers):
        raise CannotRun("cannot be brought to today's format")
    return alone, layers


class _Names:
    """The blobs of a head by name: each content its own, but for a layer that works in place."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._by_number: dict[int, str] = {}
        self._taken: set[str] = set()
        for version in head.scores:
            self._by_number[version.number] = self.new(version.blob)
        read = head.loss.bottoms
        self.label = self.new(read[1].name if len(read) > 1 else "label")
        self._tops = {layer: self._named_tops(layer) for layer in head.layers}

    def new(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def of(self, version: Version) -> str:
        return self._by_number[version.number]

    def tops(self, layer: Layer) -> list[str]:
        return self._tops[layer]

    def bottoms(self, layer: Layer) -> list[str]:
        names = []
        for slot, bottom in enumerate(layer.bottoms):
            source = self._head.graph.source_of(layer, slot)
            if layer is self._head.loss and slot == 1:
                names.append(self.label)
            elif source is not None and source.number in self._by_number:
                names.append(self.of(source))
            else:
                names.append(bottom.name)
        return names

    def _named_tops(self, layer: Layer) -> list[str]:
        names = []
        for slot, top in enumerate(layer.tops):
            result = self._head.graph.result_of(layer, slot)
            source = self._head.graph.source_of(layer, slot)
            in_place = slot < len(layer.bottoms) and layer.bottoms[slot].name == top.name
            if in_place and source is not None and source.number in self._by_number:
                name = self.of(source)
            else:
                name = self.new(top.name)
            if result is not None:
                self._by_number[result.number] = name
            names.append(name)
        if layer is self._head.loss and not names:
            names.append(self.new("loss"))  # Caffe makes one all the same, of no known name.
        return names


class _Written:
    """A layer to be said anew; `source` is the file of H if it is the loss."""

    def __init__(self, document: Document, layer: Layer, source: str | None) -> None:
        self.document = document
        self.given = layer
        self.source = source if layer.type == "InfogainLoss" else None

    def layer(self, bottoms: list[str], tops: list[str]) -> str:
        marks = [mark.value for mark in self.given.propagate_down]
        if self.source is not None:
            if len(marks) == len(bottoms):
                del marks[_H_BOTTOM : _H_BOTTOM + 1]
            bottoms = [*bottoms[:_H_BOTTOM], *bottoms[_H_BOTTOM + 1 :]]
        lines = [f"name: {encode_string(self.given.name)}"]
        lines += [f"bottom: {encode_string(name)}" for name in bottoms]
        lines += [f"top: {encode_string(name)}" for name in tops]
        lines += [f"propagate_down: {mark}" for mark in marks]
        lines += self._rest()
        return _message("layer", lines)

    def _rest(self) -> Iterator[str]:
        fields = self.given.node.fields
        for node in fields:
            if node.name in _SAID_ANEW or (self.source and node.name == "infogain_loss_param"):
                continue
            yield _text(self.document, node)
        if self.source:
            inner = [
                _text(self.document, node)
                for message in messages_named(fields, "infogain_loss_param")
                for node in message.fields
                if node.name != "source"
            ]
            yield _message("infogain_loss_param", [f"source: {encode_string(self.source)}", *inner])


def _text(document: Document, node: Node) -> str:
    """A field as the file has it; an element of a list as a field of its own."""
    text = document.text[node.start : node.end]
    if isinstance(node, Message) and node.start == node.name_end - 1 and text[0] in "{<":
        return f"{node.name} {text}"
    return text


def _given(layer: str, blob: str, one: str, shape: tuple[int, ...]) -> str:
    """Layers that make a blob of a shape out of as many weights."""
    flat = f"{layer}_flat"
    product = _message(
        "inner_product_param", [f"num_output: {math.prod(shape)}", "bias_term: false"]
    )
    makes = [
        f"name: {encode_string(layer)}",
        'type: "InnerProduct"',
        f"bottom: {encode_string(one)}",
        f"top: {encode_string(flat)}",
        product,
    ]
    reshapes = [
        f"name: {encode_string(flat)}",
        'type: "Reshape"',
        f"bottom: {encode_string(flat)}",
        f"top: {encode_string(blob)}",
        _message("reshape_param", [_shape("shape", shape)]),
    ]
    return "\n".join((_message("layer", makes), _message("layer", reshapes)))


def _input(blob: str, shape: tuple[int, ...]) -> str:
    return f"input: {encode_string(blob)}\n{_shape('input_shape', shape)}"


def _shape(name: str, shape: tuple[int, ...]) -> str:
    return _message(name, [f"dim: {dim}" for dim in shape])


def _message(name: str, lines: Sequence[str]) -> str:
    inner = "\n".join(lines)
    return f"{name} {{\n{inner}\n}}"

"""Fusing Softmax → InfogainLoss, as edits on the text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from protofix.infogain.chains import Chain, find_chains
from protofix.infogain.losses import loss_axis
from protofix.net.layers import Layer, bind
from protofix.net.view import view_of
from protofix.textproto.edits import Edit, apply_edits
from protofix.textproto.layout import (
    Block,
    append_field,
    insert_comments,
    remove,
    style_of,
)
from protofix.textproto.literals import encode_string
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document, Message, fields_named, scalars_named


class LossParam(Enum):
    """What becomes of a `loss_param` that the old layer never read."""

    AS_WRITTEN_FOR = "auto"
    KEEP = "keep"
    DROP = "drop"


@dataclass(frozen=True)
class FuseOptions:
    """The choices a person has.

    `maps` fuses chains whose scores are, or may be, maps: the loss is then one a position.
    """

    loss_param: LossParam = LossParam.AS_WRITTEN_FOR
    maps: bool = False


@dataclass(frozen=True)
class Fused:
    """What was done to one chain: the loss's name and what to tell about it, a sentence each."""

    loss: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FuseResult:
    """The document after fusing, what was done, and the chains that must stay as they are."""

    document: Document
    fused: tuple[Fused, ...]
    refused: tuple[Chain, ...]


class UnsettledError(RuntimeError):
    """A rewrite found work in its own result: a mistake in protofix."""


_MAP_OBSTACLES = {"map", "maybe-map"}


def fusable(chain: Chain, options: FuseOptions) -> bool:
    """Whether a chain may be fused under the options given."""
    return all(options.maps and obstacle.kind in _MAP_OBSTACLES for obstacle in chain.obstacles)


def fuse(document: Document, options: FuseOptions = FuseOptions()) -> FuseResult:
    """Fuse every chain that may be fused, one after the other, each on the text as it then is."""
    fused: list[Fused] = []
    for _ in range(len(document.fields) + 1):
        chains = find_chains(view_of(document))
        ready = [chain for chain in chains if fusable(chain, options)]
        if not ready:
            return FuseResult(document, tuple(fused), tuple(chains))
        chain = ready[0]
        notes = [*chain.doubts]
        document = _rewire(document, chain, options, notes)
        # The layers that went stood before the loss, as all that it reads does.
        index = chain.loss.index - len(chain.goes)
        document = _carry_over(document, index, chain, notes)
        fused.append(Fused(chain.loss.name, tuple(notes)))
    raise UnsettledError(f"{document.source.path}: fusing does not settle; please report this net")


def apply_to(document: Document, edits: list[Edit]) -> Document:
    """Apply edits to a document and read the result."""
    return read(Source(apply_edits(document.text, edits), document.source.path))


def _rewire(document: Document, chain: Chain, options: FuseOptions, notes: list[str]) -> Document:
    """Let the loss read the scores, and take out what nobody needs any more."""
    text, style = document.text, style_of(document)
    edits: list[Edit] = []
    comments: list[str] = []
    old = chain.loss.bottoms[0]
    if old.name != chain.scores:
        edits.append(_renamed(text, old.start, old.end, chain.scores))
    notes.append(f"reads the scores `{chain.scores}` instead of the probabilities `{old.name}`")
    for layer in sorted(chain.goes, key=lambda layer: layer.index):
        removal = remove(document, layer.node, with_comment_above=True)
        edits.append(removal.edit)
        comments += removal.comments
        notes.append(f"{layer.type} `{layer.name}` goes: nothing else reads it")
    if comments:
        edits.append(insert_comments(document, chain.loss.node, comments, style))
    for use in chain.loose_tops:
        split = bind(document).layers[use.layer]
        edits.append(_without_top(document, split, use.slot))
        notes.append(f"Split `{split.name}` no longer makes `{split.tops[use.slot].name}`")
    if chain.rename is not None:
        top = chain.rename.softmax.tops[0]
        edits.append(_renamed(text, top.start, top.end, chain.rename.name))
        net = bind(document)
        for use in chain.rename.readers:
            bottom = net.layers[use.layer].bottoms[use.slot]
            edits.append(_renamed(text, bottom.start, bottom.end, chain.rename.name))
        notes.append(
            f"Softmax `{chain.rename.softmax.name}` worked in place and is read by others: "
            f"its probabilities are now `{chain.rename.name}`"
        )
    edits += _loss_param_edits(document, chain, options, notes)
    return apply_to(document, edits)


def _renamed(text: str, start: int, end: int, name: str) -> Edit:
    return Edit(start, end, encode_string(name, text[start]))


def _without_top(document: Document, layer: Layer, slot: int) -> Edit:
    top = layer.tops[slot]
    if not top.field.shape.listed:
        return remove(document, top.field).edit
    kept = [s for s in top.field.scalars if s.start != top.start]
    written = ", ".join(document.text[s.start : s.end] for s in kept)
    return Edit(top.field.value_start, top.field.end, f"[{written}]")


def _loss_param_edits(
    document: Document, chain: Chain, options: FuseOptions, notes: list[str]
) -> list[Edit]:
    """Judge the `loss_param`, which the old layer never read and the new one obeys."""
    param = chain.loss.param("loss_param")
    if param is None:
        return []
    legacy = chain.written_for == "legacy"
    drop = options.loss_param is LossParam.DROP or (
        options.loss_param is LossParam.AS_WRITTEN_FOR and legacy
    )
    normalize = fields_named(param.fields, "normalize")
    written = on_one_line(document, param)
    if drop:
        why = "the old layer never read it" if legacy else "as asked"
        notes.append(f"loss_param {{ {written} }} goes: {why}, the new one would")
        return _removal(document, chain.loss, param)
    if normalize and len(param.fields) == len(normalize):
        notes.append(f"loss_param {{ {written} }} goes: Caffe aborts on `normalize`")
        return _removal(document, chain.loss, param)
    why = "as asked" if legacy else "the net was written for the layer that reads it"
    notes.append(f"loss_param {{ {written} }} stays: {why}")
    edits: list[Edit] = []
    for field in normalize:
        notes.append("its `normalize` goes: Caffe aborts on it")
        edits.append(remove(document, field).edit)
    return edits


def on_one_line(document: Document, message: Message) -> str:
    """What a message holds, without comments and line breaks, to be told to a person."""
    parts = []
    for node in message.fields:
        if isinstance(node, Message):
            parts.append(f"{node.name} {{ {on_one_line(document, node)} }}")
        else:
            values = [document.text[s.start : s.end] for s in node.scalars]
            value = f"[{', '.join(values)}]" if node.shape.listed else values[0]
            parts.append(f"{node.name}: {value}")
    return " ".join(parts)


def _removal(document: Document, loss: Layer, param: Message) -> list[Edit]:
    removal = remove(document, param)
    edits = [removal.edit]
    if removal.comments:
        style = style_of(document)
        edits.append(insert_comments(document, loss.node, list(removal.comments), style))
    return edits


def _carry_over(document: Document, index: int, chain: Chain, notes: list[str]) -> Document:
    """Write on the loss what the Softmax had and the softmax within the loss needs."""
    loss = bind(document).layers[index]
    if chain.axis != 1 and loss_axis(loss) is None:
        axis = Block("axis", str(chain.axis))
        document = put_field(document, loss, "infogain_loss_param", axis)
        notes.append(f"axis {chain.axis} of the Softmax is now the loss's")
    engine = _engine_written(chain.softmax)
    if engine is not None:
        loss = bind(document).layers[index]
        param = loss.param("softmax_param")
        if param is None or not scalars_named(param.fields, "engine"):
            document = put_field(document, loss, "softmax_param", Block("engine", engine))
            notes.append(f"engine {engine} of the Softmax is now the loss's")
    return document


def put_field(document: Document, layer: Layer, message: str, field: Block) -> Document:
    """Add a field to a layer's message of that name, which is made if it is not there."""
    param = layer.param(message)
    style = style_of(document)
    if param is None:
        edit = append_field(document, layer.node, Block(message, (field,)), style)
    else:
        edit = append_field(document, param, field, style)
    return apply_to(document, [edit])


def _engine_written(softmax: Layer) -> str | None:
    param = softmax.param("softmax_param")
    found = scalars_named(param.fields, "engine") if param else []
    return found[-1].value if found else None
